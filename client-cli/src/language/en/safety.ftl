# Help now, hide and the lock (update/safety.rs).
safety-go-on = Press Enter to go on.
safety-number-or-help = Type a number from 1 to { $most }, or !.
safety-paste = Paste or type the invitation. Enter alone goes back.
safety-use-again = Press Enter to use your invitation again.
safety-for-whom = Whom is the invitation for? Enter alone: no name.
safety-idle = No key was pressed for a while.
safety-kept = What you were writing is kept.
safety-locked = Locked. Type ! and press Enter for Help now.
safety-hidden = Hidden. No passphrase is asked: Enter goes on. ! and Enter: Help now.
safety-nothing-sent = Nothing was sent. Press Enter to go on.
safety-draft = Here is what you were writing. Go on, or erase it:
