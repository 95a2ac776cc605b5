# A new start with somebody (update/rejoin.rs).
rejoin-waits = A new start waits for the check words. Until then nothing is sent.
rejoin-waits-short = A new start waits for the check words.
rejoin-how = To check the words: type ? and press Enter, then choose About.
rejoin-way-on = To go on, talk to { $name } and start again: type ? and press Enter, then choose About { $name }.
rejoin-who-invites = Start again after talking to each other: who makes the invitation?
rejoin-once-used = The conversation goes on once { $name } has used it and you have checked words.
rejoin-paste = Paste or type the invitation from { $name }, then press Enter. Enter alone goes back.
rejoin-paste-again = Paste it again to try once more, now or later. Enter alone goes back.
rejoin-given-up = The new start is gone. The conversation is as it was.
