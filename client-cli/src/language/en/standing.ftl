# How things stand, in lists and copies (output/human.rs, output/copy.rs).
standing-month = This month ({ $month }): { $all } KB: { $received } in, { $sent } out.
standing-budget = With 20 messages a day each way it is meant to stay below { $most } KB a month.
standing-counted = Counted at the connection, encryption and all. What the network adds around it is not in it.
standing-invitation = Invitation { $id }: { $state }.
standing-invitation-for = Invitation { $id } for { $name }: { $state }.
standing-open = open until { $when }
standing-used = used
standing-taken-back = taken back
standing-ended = ended
standing-person = { $name }, { $trust }. ID { $id }.
standing-person-blocked = { $name }, BLOCKED, { $trust }. ID { $id }.
standing-id = ID: { $id }
standing-waiting = { $number ->
    [one] 1 message
   *[other] { $number } messages
}: not sent yet, safe here.
standing-saved = Not sent yet, safe here. It goes out by itself the next time you use Cairn.
standing-profile = Profile: { $name }. { $people ->
    [one] 1 person
   *[other] { $people } people
}, { $invitations ->
    [one] 1 open invitation
   *[other] { $invitations } open invitations
}.
standing-all-sent = Everything you wrote was sent.
standing-nothing-new = Nothing new to read.
standing-new = New to read: { $number }.
standing-relay = The center's computer (the relay) for new invitations: { $address }
standing-no-relay = No center's computer (relay) for new invitations.
standing-answers = The center's computer (the relay) answers: { $address }
standing-silent = The center's computer (the relay) can't be reached now: { $address }. What you write is safe here.
standing-copy = Conversation of { $me } with { $name }, copied { $when }. { $number ->
    [one] 1 message
   *[other] { $number } messages
}.
standing-not-asked = { $name } was not asked about this copy.
standing-exported = { $number ->
    [one] 1 message
   *[other] { $number } messages
} of the conversation with { $name } in { $file }. Only you can read that file.
standing-ready = Your profile is ready, { $name }.
standing-no-qr = To see it as a QR code too: run this in a terminal at least 44 columns wide, without --plain.
standing-hidden-now = The conversation is hidden and locked.
standing-none-open = No conversation is open.
