# A check of words (update/check.rs, output/check.rs, engine/check.rs).
check-type-them = Type the four words that you hear, and press Enter. Enter alone: later.
check-why = This makes sure that it is really { $name } who reads and writes here.
check-both = Be on the telephone with { $name }, or in one room. Both of you begin: { $name } too.
check-then = Then each of you sees four words. Read yours aloud, and type the ones that { $name } reads.
check-idle = No check with { $name } has begun.
check-asked = { $name } would like to check words with you.
check-waiting = Waiting for { $name }, who has to begin too. You can leave: it goes on where it was.
check-read = Read these four words aloud to { $name }:
check-fit = The words fit. { $name }: { $trust }.
check-different = The words did not fit three times, so nothing was checked.
check-broken = The answer from the other side did not fit, so nothing was checked.
check-may-be = It may be a word misheard. It may also be that somebody else has used the invitation: then { $name } is not the
    one who writes here.
check-ask = Ask { $name }, face to face or by telephone. Then check again, or hand over a new invitation in person.
check-began-again = { $name } began again, so the earlier words are over. Begin again too, and use the new ones.
check-over-broken = The answer from the other side did not fit. Nothing was checked.
check-over = The words did not fit. Nothing was checked.
check-not-yet = These words don't fit yet. { $tries ->
    [one] 1 try is
   *[other] { $tries } tries are
} left. Let { $name } read them once more.
check-meanwhile = Press Enter to go back and write meanwhile.
check-ready = The words are ready. To read them: type ? and press Enter, then choose About { $name }.
check-meant = The words are not there yet. Was this meant to be sent?
