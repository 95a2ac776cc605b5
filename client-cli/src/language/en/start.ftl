# The way in (update.rs).
start-welcome-back = Welcome back.
start-line-too-long = This line is longer than the terminal takes, about 4,000 letters, so its end is missing. Nothing was sent.
    Send it in two parts, or from a file: cairn send CONTACT - < FILE
start-not-text = That line is not text. Nothing was sent.
start-differ = The two were not the same, so nothing was kept. Once more, there is no hurry.
start-empty = A passphrase needs at least one letter. What would you like?
start-no-invitation = No invitation yet? Ask the person who supports you for one. To invite people yourself, leave with Ctrl-D
    and type: cairn setup
start-whole = That invitation is whole.
start-damaged = { $why } Try again: type or paste all of it, then press Enter.
start-or-back = { $why } Or press Enter to go back.
start-thank-you = Thank you. One moment.
start-still-here = Your invitation is still here. Press Enter to use it, or paste another one. Choices: ?
start-did-not-open = That did not open it. Try again, there is no hurry.
start-try-again = Your profile is safe here. Press Enter to try again, now or later.
start-ask-for-new = Your profile is safe here. Ask for a new invitation and paste it here, or press Enter to go on without one.
