# A conversation for practice (update/practice.rs).
practice-begin = Practice. Nobody reads this, and nothing is sent or kept. Enter alone ends it.
practice-step-one = 1 of 3: type a few words and press Enter. That is how a message is sent.
practice-step-two = 2 of 3: type ? and press Enter. In a conversation it shows what else you can do.
practice-step-three = 3 of 3: type a last line, such as good-bye, and press Enter.
practice-choices-here = In a conversation, numbered choices stand here now. You would type a number and press Enter.
practice-keys-here = ! shows Help now, and - hides everything: both also work outside of practice.
practice-not-that-one = That would be sent as a message. This time, type only the question mark.
practice-sent = Sent. (Practice: it went nowhere.)
practice-example = Example, Monday, 2:02 PM: an answer looks like this. It can take hours or days.
practice-left = Practice is over.
practice-over = That is all there is to it. Practice is over.
