//! A conversation for practice: nobody reads it, and nothing leaves the computer.
//!
//! In: typed lines. Out: what the real conversation would show. This file must never ask for a send, nor keep a line.

use super::{first, say, talk};
use crate::app::{App, Effect, Screen};
use crate::language::practice as texts;

/// Steps until it is over.
const STEPS: u8 = 3;

/// Begins it.
pub(super) fn begin(app: &mut App) -> Vec<Effect> {
    app.screen = Screen::Practice { step: 1 };
    vec![Effect::Gap, say(texts::begin()), say(ask(1))]
}

/// What is asked for.
pub(super) fn ask(step: u8) -> String {
    match step {
        1 => texts::step_one(),
        2 => texts::step_two(),
        _ => texts::step_three(),
    }
}

/// A line of it. The keys for Help now and for hiding do what they always do.
pub(super) fn typed(app: &mut App, step: u8, line: &str) -> Vec<Effect> {
    let line = line.trim();
    if line.is_empty() {
        return end(app, texts::left());
    }
    let mut effects = match (step, line) {
        (2, "?") => vec![say(texts::choices_here()), say(texts::keys_here())],
        (2, _) => vec![say(texts::not_that_one())],
        _ => vec![say(texts::sent())],
    };
    if step == 1 {
        effects.push(say(texts::example()));
    }
    let next = if step == 2 && line != "?" { step } else { step + 1 };
    if next > STEPS {
        effects.extend(end(app, texts::over()));
        return effects;
    }
    app.screen = Screen::Practice { step: next };
    effects.push(say(ask(next)));
    effects
}

fn end(app: &mut App, words: String) -> Vec<Effect> {
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
        line(&mut app, "5");
        line(&mut app, "5");
        assert_eq!(app.screen, Screen::Practice { step: 1 });
        let over = line(&mut app, "");
        assert!(only_words(&over) && said(&over).contains("You are writing to Robin"), "{over:?}");
    }
}
