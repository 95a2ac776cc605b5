# Messages for later (update/later.rs, command/later.rs).
later-title = Send later
later-about = You write now, and it leaves later. Nothing runs while Cairn is closed: then it leaves the next time you use Cairn
    after that time.
later-when = When should it leave?
later-in-an-hour = In an hour
later-morning = At nine in the morning
later-quiet-ends = When your quiet hours end
later-other-time = Another time
later-list = Messages that wait for a time
later-list-head = These wait for their time:
later-one = { $name }, { $when }: { $words }
later-ask-time = Type a time such as 9:30, and press Enter. Enter alone: not now.
later-ask-words = Type your words to { $name } and press Enter. Enter alone: not now.
later-leaves = It waits until { $when }, and goes to { $name } the next time that Cairn runs after that.
later-id = ID { $id }
later-not-kept = Your words stand above and were not kept.
later-nothing = Nothing waits for a time.
later-keep-or-not = Should it go on waiting?
later-take-back = Take it back
later-taken-back = It is taken back. It was not sent to { $name }.
later-no-time = Give a time such as 9:30 or 2026-03-14T09:30, or hour, or quiet where quiet hours are set.
