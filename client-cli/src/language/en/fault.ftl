# What can go wrong, as people read it (engine/fault.rs says the same in English for scripts).
fault-not-set-up = There is no profile here yet.
fault-no-room = The disk is full. Nothing was changed.
fault-locked = The profile is locked, and no passphrase was given.
fault-unreachable = The center's computer can't be reached.
fault-other-relay = What answers is not the center's computer that Cairn knows. Nothing was told to it.
fault-keys-changed = The keys of this conversation are new, and the words are not checked yet. Nothing was sent.
fault-no-contact = There is no contact of that name.
fault-invitation-used = This invitation was used already. It works once.
fault-invitation-gone = This invitation is no longer there: it ended, or it was withdrawn.
fault-invitation-altered = This invitation can't be used: what came with it does not fit.
fault-pass-needed = This center's computer asks for a pass, and there is none, or it is used up.
fault-full = Their mailbox is full. Not sent yet.
fault-closed = The other side does not take messages any more. Not sent.
fault-busy = The center's computer is busy. Try again in a moment.
fault-in-use = Another Cairn is open on this profile ({ $who }).
fault-wrong-passphrase = This passphrase does not open the profile.
fault-damaged = The profile can't be read as it is: { $what }
fault-newer-profile = This profile was made or changed by a newer Cairn. Nothing was changed.
fault-older-copy = This is an older copy of the profile: another copy was used after it. Nothing was sent.
fault-history-differs = Your copy of this conversation and theirs don't fit together any more: an older copy of a profile was
    used. Not sent.
fault-session-damaged = This conversation needs a new start: its keys can't be read here any more. What you both wrote is still here.
fault-wait-over = Nothing came in that time.
fault-interrupted = Stopped.
fault-blocked = You have blocked this person. Nothing was sent.
fault-no-invitation = This is not an invitation. One begins with CAIRN: and is one long line.
fault-letter = A letter is missing or different in this invitation.
fault-newer-invitation = This invitation was made by a newer version of Cairn.
fault-own-invitation = This invitation is your own. Give it to somebody else.
fault-other-way = This invitation was used here before, in another way. Ask for a new one.
fault-words-typed = { $number ->
    [one] One word was typed
   *[other] { $number } words were typed
}, and four are needed. No try was used.
fault-word-unknown = Word { $number } is not one of the check words. No try was used.
