# What comes in (update/news.rs, output/human.rs).
news-new-words = New words from { $names }. To read: type ? and press Enter, then choose People.
news-relay-back = The center's computer can be reached again.
news-go-on-writing = You can go on writing: it is kept safe here and goes out later.
news-sent-now = What waited here is sent now.
news-contact = { $name } is in your list now, { $trust }. You can write to each other.
news-gap = { $number ->
    [one] 1 message
   *[other] { $number } messages
} from { $name } did not arrive here. Ask { $name } to send it again.
news-not-arrived = What you wrote to { $name }, { $when }, did not arrive there. If it matters, write it once more.
news-something-not-arrived = Something that you wrote to { $name } did not arrive there.
news-somebody = the person you invited
news-second-taker = A second person tried your invitation. It works once only, so they could not join. When you next see
    or call { $name }, ask whether the right person is in your list.
news-second-taker-of = A second person tried your invitation { $id }. It works once only, so they could not join. When you next see
    or call { $name }, ask whether the right person is in your list.
news-check-asked = { $name } would like to check words with you. Be on the telephone or in one room, and begin too. In the
    conversation: type ? and press Enter, then choose About { $name }.
news-differs = This device and the one of { $name } remember the conversation differently. An older copy may be in use. When
    you next see or call { $name }, talk about it, and make a new start: one of you makes an invitation for it.
news-rejoined = A new start with { $name } waits. Call { $name } or meet, and check the words: then the conversation goes on.
    Until then nothing is sent.
news-damaged = The keys of the conversation with { $name } can't be read here any more. What you wrote is still here. To go
    on, make a new start: one of you makes an invitation for it.
