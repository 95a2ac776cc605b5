# Sentences for what the engine tells (output/human.rs, names.rs, plain/).
said-unchecked = NOT CHECKED YET
said-checked = CHECKED BY YOU
said-you = You
said-not-sent-yet = not sent yet, safe here
said-no-words = (no words)
said-no-name = (no name)
said-somebody = Somebody
said-invitation-head = Here is the invitation, on this one line:
said-invitation-head-for = Here is the invitation for { $name }, on this one line:
said-invitation-rules = It works once, until { $when }. Give it only to the one person, on paper or in person.
said-invitation-earlier = An earlier invitation for { $name } is open too: whoever has it can still use it. To take it back, type in a
    terminal: { $command }
said-they-call-themselves = They call themselves { $name }.
said-since = In your list since { $when }.
said-name-empty = A name needs at least one letter.
said-name-long = This name is too long: at most { $most } letters, fewer with accents.
said-name-line = A name is one line of letters.
said-passphrase-new = Passphrase:
said-passphrase-again = The same again:
said-passphrase = Your passphrase (stays hidden):
said-can-not-empty = This terminal can't be emptied: what stood here is further up. Close its window too.
