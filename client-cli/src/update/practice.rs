//! A conversation for practice: nobody reads it, and nothing leaves the computer.
//!
//! In: typed lines. Out: what the real conversation would show. This file must never ask for a send, nor keep a line.

use super::{first, say, talk};
use crate::app::{App, Effect, Screen};

/// Steps until it is over.
const STEPS: u8 = 3;

/// Begins it.
pub(super) fn begin(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::Practice { step: 1 };
    vec![
        Effect::Gap,
        say("Practice. Nobody reads this, and nothing is sent or kept. Enter alone ends it."),
        say(ask(1)),
    ]
}

/// What is asked for.
pub(super) const fn ask(step: u8) -> &'static str {
    match step {
        1 => "1 of 3: type a few words and press Enter. That is how a message is sent.",
        2 => "2 of 3: type ? and press Enter. In a conversation it shows what else you can do.",
        _ => "3 of 3: type a last line, such as good-bye, and press Enter.",
    }
}

/// A line of it. The keys for Help now and for hiding do what they always do.
pub(super) fn typed(app: &mut App, step: u8, line: &str) -> Vec<Effect> {
    let line = line.trim();
    if line.is_empty() {
        return end(app, "Practice is over.");
    }
    let mut effects = match (step, line) {
        (2, "?") => vec![
            say("In a conversation, numbered choices stand here now. You would type a number and press Enter."),
            say("! shows Help now, and - hides everything: both also work outside of practice."),
        ],
        (2, _) => vec![say("That would be sent as a message. This time, type only the question mark.")],
        _ => vec![say("Sent. (Practice: it went nowhere.)")],
    };
    if step == 1 {
        effects.push(say("Example, Monday, 2:02 PM: an answer looks like this. It can take hours or days."));
    }
    let next = if step == 2 && line != "?" { step } else { step + 1 };
    if next > STEPS {
        effects.extend(end(app, "That is all there is to it. Practice is over."));
        return effects;
    }
    app.screen = Screen::Practice { step: next };
    effects.push(say(ask(next)));
    effects
}

fn end(app: &mut App, words: &str) -> Vec<Effect> {
    let mut effects = vec![say(words), Effect::Gap];
    effects.extend(if app.open { talk::back(app) } else { first::go_on(app) });
    effects
}

#[cfg(test)]
mod tests {
    use super::super::journeys::{line, said, talking};
    use super::super::update;
    use super::*;
    use crate::app::{Event, Found};

    fn only_words(effects: &[Effect]) -> bool {
        effects.iter().all(|effect| matches!(effect, Effect::Say(_) | Effect::Gap | Effect::Choices(_)))
    }

    #[test]
    fn practice_before_the_first_run_sends_nothing_and_leads_back_to_step_one() {
        let mut app = App::new();
        update(&mut app, Event::Start(Found::Nothing));
        let menu = said(&line(&mut app, "?"));
        let number = menu.lines().find(|line| line.contains("Practice")).unwrap()[..1].to_owned();
        assert!(said(&line(&mut app, &number)).contains("Nobody reads this"));
        for (typed, answer) in
            [("hello", "went nowhere"), ("what", "only the question mark"), ("?", "numbered choices")]
        {
            let effects = line(&mut app, typed);
            assert!(only_words(&effects) && said(&effects).contains(answer), "{effects:?}");
            assert!(said(&effects).split_whitespace().count() <= 60);
        }
        let over = line(&mut app, "good-bye");
        assert!(only_words(&over) && said(&over).contains("Step 1 of 3"), "{over:?}");
        assert_eq!(app.screen, Screen::Invitation);
    }

    #[test]
    fn practice_within_a_profile_leads_back_to_the_conversation() {
        let mut app = talking(&["Robin"]);
        line(&mut app, "?");
        line(&mut app, "6");
        line(&mut app, "5");
        assert_eq!(app.screen, Screen::Practice { step: 1 });
        let over = line(&mut app, "");
        assert!(only_words(&over) && said(&over).contains("You are writing to Robin"), "{over:?}");
    }
}
