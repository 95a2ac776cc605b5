# A look at the profile, and its rescue (output/doctor.rs).
doctor-no-profile = There is no profile here yet.
doctor-private = Home: only you can look into it.
doctor-open-to-others = Other accounts on this computer can open { $file }, or it is not yours.
doctor-free = No other Cairn is at work here.
doctor-in-use = A Cairn is at work here ({ $who }). What is inside was not looked at now. Close it and ask again.
doctor-locked = The profile is locked. What is inside was not looked at: for that, give the passphrase.
doctor-whole = The file of the profile is whole (tables version { $version }).
doctor-not-together = The file of the profile can be read, but parts of it do not fit together. What can be read can be saved.
doctor-damaged = { $pages ->
    [one] One page of the profile's file can't be read.
   *[other] { $pages } pages of the profile's file can't be read.
 } What can be read can be saved.
doctor-unreadable = The profile can't be opened: { $why } Nothing can be saved from it here.
doctor-not-looked = { $why } So what is inside was not looked at. It may well be whole.
doctor-newer = A newer Cairn made or changed this profile.
doctor-conversations = { $number ->
    [0] There is no conversation here yet.
    [one] One conversation can go on.
   *[other] { $number } conversations can go on.
 }
doctor-stopped = The conversation with { $name } needs a new start: its keys can't be read here any more. What you both wrote is still here.
doctor-room = Room on the disk: { $free } MB.
doctor-little-room = Little room on the disk: { $free } MB. There should be { $wanted } MB.
doctor-clock = Clock: { $now }.
doctor-clock-behind = The clock of this device is behind: the newest message is from { $newest }.
doctor-clock-off = The clock of this device shows a day before this program was made.
doctor-answers = The center's computer (the relay) answers: { $address }
doctor-silent = The center's computer (the relay) can't be reached now: { $address }. What you write is safe here.
doctor-attention = Something above needs care.
doctor-saved = Saved in { $home }. People: { $people }. Messages: { $messages }.
doctor-all-messages = No message is missing.
doctor-missing = { $number ->
    [one] One message could not be read.
   *[other] { $number } messages could not be read.
 }
doctor-missing-some = Some messages could not be read. How many is not known.
doctor-drafts = { $number ->
    [one] What you had typed to one person and not sent is saved too.
   *[other] What you had typed to { $number } people and not sent is saved too.
 }
doctor-drafts-missing = What was typed and not sent could not all be read.
doctor-nameless = { $number ->
    [one] The name of one person could not be read. It is Somebody in the list.
   *[other] The names of { $number } people could not be read. They are Somebody in the list.
 }
doctor-people-missing = People with whom nothing was written may be missing.
doctor-own-name = Your own name could not be read. It is Somebody now.
doctor-not-saved = Not saved: the keys of the conversations, open invitations, checks of words, a message that had come only in part. So each conversation needs a new start. What the other side may not have yet goes out then.
doctor-left-alone = The old folder was left as it is. Do not use it any more.
