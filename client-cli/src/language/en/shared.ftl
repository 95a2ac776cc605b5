# A computer that other people use too (update/shared.rs, shared/).
shared-offer = Shared computer? Type ?
shared-memory = Nothing of this visit stays on this computer. When you leave, the conversation ends for good and cannot be opened
    again, here or anywhere. The other person keeps their copy.
shared-swept = What an earlier visit had left here was removed.
shared-carried = Your profile lies in { $folder }. Nothing stays on this computer. Take it with you when you leave.
shared-to-carry = To go on another day, leave now, and carry it on a USB stick: cairn --shared-computer --home FOLDER
shared-ask = Is nothing to stay here?
shared-choice = Others use this computer: leave nothing here
shared-choice-now = Leave nothing here
shared-step-three = Step 3 of 3: a passphrase, for this visit only. After Hide it opens the conversation again. Four words or more
    are good. It stays hidden while you type.
shared-step-three-carried = Step 3 of 3: a passphrase. It locks your messages, wherever you carry them. Four words or more are
    good. Nobody can find it for you if it is lost. It stays hidden while you type.
shared-kept = Kept here until you leave.
shared-try-again = Press Enter to try again. Your answers are kept until you leave.
shared-ask-for-new = Ask for a new invitation and paste it here, or press Enter to go on without one.
shared-unsent = { $number ->
    [one] One message is not sent yet. It would be lost.
   *[other] { $number } messages are not sent yet. They would be lost.
}
shared-leave = If you leave, the conversation with { $name } ends for good, and all of it is removed here. No word is sent for
    you: { $name } only sees that the next message is not taken. You can go back and say goodbye first.
shared-leave-all = If you leave, all of it ends for good, and is removed here. No word is sent for you: the others only see that
    their next message is not taken.
shared-choice-leave = Leave, and remove everything here
shared-choice-leave-so = Leave without it
shared-not-closed = The center's computer did not answer, so it does not know that you leave. What they write to you would look
    sent, and nobody would read it. Try again?
shared-own-disk = That folder is on a disk of this computer: what lies there stays here.
shared-own-disk-next = the same command with a folder on a USB stick, or without --home
shared-for-conversation = --shared-computer is for the conversation, not for commands.
shared-no-memory = This computer has no folder that is kept in memory only. Nothing was begun.
shared-no-memory-next = carry the profile on a USB stick: cairn --shared-computer --home FOLDER
shared-not-removed = { $folder } could not be removed ({ $why }). What lies there is locked with your passphrase.
shared-own-fault = Cairn had to end: something in the program itself is wrong ({ $place }). What was sent stays sent. Nothing of this visit stays on this computer.
