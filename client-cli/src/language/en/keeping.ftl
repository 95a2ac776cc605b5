# How long a conversation is kept (update/keeping.rs, output/human.rs).
keeping-always = always
keeping-days = { $days } days
keeping-both = Kept here: { $here }. Kept by { $name }: { $there }.
keeping-older-goes = Older messages are removed from this device. The other side is told your choice.
keeping-would-remove = { $number ->
    [one] 1 message
   *[other] { $number } messages
} older than { $time } will be removed here now, for good.
keeping-now-told = This conversation is kept here: { $time }. { $name }'s program was told.
keeping-now-going = This conversation is kept here: { $time }. { $name }'s program is being told.
keeping-now-later = This conversation is kept here: { $time }. { $name }'s program will be told when the center's computer can be reached.
keeping-erased-later = There was no room on the disk to write the file anew. Until that is done, what was removed may still lie in it. It is done when Cairn is next opened and there is room.
keeping-removed = { $number ->
    [one] 1 message older than { $time } was removed here, from the conversation with { $name }.
   *[other] { $number } messages older than { $time } were removed here, from the conversation with { $name }.
}
keeping-theirs = { $name } keeps this conversation now: { $time }.
