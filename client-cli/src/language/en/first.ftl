# Before there is a profile (update/first.rs).
first-one = What is this? (1 of 2) A private conversation with one person. Only the two of you can read it.
first-no-emergency = It is not an emergency service. In danger, call your local emergency number. Help now: !
first-two = (2 of 2) Your words are closed here, and the other person opens them. The center's computer passes them on, and
    can't read them. It sees when Cairn is open, when something passes, and the network address.
first-hours = An answer can take hours or days.
first-welcome-back = Welcome back. You can go on where you were.
first-step-one = Step 1 of 3: your invitation. Paste or type it, then press Enter. Enter alone: read on. Choices: ?
first-step-two = Step 2 of 3: a name. The other person will see it. Any name you like:
first-step-three = Step 3 of 3: a passphrase. It locks your messages on this computer. Four words or more are good. Nobody can
    find it for you if it is lost. It stays hidden while you type.
first-read-on = Would you like to read on?
