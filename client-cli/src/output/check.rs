//! Calm sentences for a check of words.
//!
//! In: how a check stands. Out: paragraphs, sanitized, not yet wrapped. This file must never say what a person has to
//! type: nobody but the other one's voice tells that.

use super::human::{self, count};
use crate::engine::model::{Check, CheckState, Trust};
use crate::sanitize;

/// What to do, before anything is done.
pub(crate) fn explanation(name: &str) -> Vec<String> {
    let name = sanitize::name(name);
    vec![
        format!("This makes sure that it is really {name} who reads and writes here."),
        format!("Be on the telephone with {name}, or in one room. Both of you begin: {name} too."),
        format!("Then each of you sees four words. Read yours aloud, and type the ones that {name} reads."),
    ]
}

/// How it stands, and what to do next.
pub(crate) fn standing(check: &Check) -> Vec<String> {
    let name = sanitize::name(&check.contact);
    match check.state {
        CheckState::Idle => vec![format!("No check with {name} has begun.")],
        CheckState::Asked => vec![format!("{name} would like to check words with you.")],
        CheckState::Waiting => {
            vec![format!("Waiting for {name}, who has to begin too. You can leave: it goes on where it was.")]
        }
        CheckState::Words => {
            let words = check.words.as_deref().unwrap_or_default();
            vec![format!("Read these four words aloud to {name}:"), format!("    {words}")]
        }
        CheckState::Matched => vec![format!("The words fit. {name}: {}.", human::trust(Trust::Checked))],
        CheckState::Different => not_checked("The words did not fit three times, so nothing was checked.", &name),
        CheckState::Broken => not_checked("The answer from the other side did not fit, so nothing was checked.", &name),
        CheckState::BeganAgain => {
            vec![format!("{name} began again, so the earlier words are over. Begin again too, and use the new ones.")]
        }
    }
}

fn not_checked(what: &str, name: &str) -> Vec<String> {
    vec![
        what.to_owned(),
        format!(
            "It may be a word misheard. It may also be that somebody else has used the invitation: then {name} is not \
             the one who writes here."
        ),
        format!("Ask {name}, face to face or by telephone. Then check again, or hand over a new invitation in person."),
    ]
}

/// Why a run that is over has matched nothing.
pub(crate) const fn over(state: CheckState) -> &'static str {
    match state {
        CheckState::Broken => "The answer from the other side did not fit. Nothing was checked.",
        _ => "The words did not fit. Nothing was checked.",
    }
}

/// Typed words that did not fit, with tries left.
pub(crate) fn not_yet(name: &str, tries_left: u8) -> String {
    let name = sanitize::name(name);
    let tries = count(tries_left.into(), "try is", "tries are");
    format!("These words don't fit yet. {tries} left. Let {name} read them once more.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Check> {
        let states = [
            CheckState::Idle,
            CheckState::Asked,
            CheckState::Waiting,
            CheckState::Words,
            CheckState::Matched,
            CheckState::Different,
            CheckState::BeganAgain,
            CheckState::Broken,
        ];
        let check = |state| Check {
            contact_id: String::new(),
            contact: "Dana\n\x1b[2J".into(),
            state,
            words: (state == CheckState::Words).then(|| "acorn anchor apple almond".into()),
            tries_left: None,
        };
        states.into_iter().map(check).collect()
    }

    #[test]
    fn each_state_has_few_words_and_no_control_character() {
        for check in all() {
            let said = standing(&check).join(" ");
            assert!(!said.chars().any(char::is_control), "{said}");
            assert!(said.split_whitespace().count() <= 60, "{said}");
        }
        assert!(explanation("Dana").join(" ").split_whitespace().count() <= 60);
    }

    #[test]
    fn words_that_nobody_typed_are_not_said_to_differ() {
        for check in all().into_iter().filter(|check| matches!(check.state, CheckState::Different | CheckState::Broken))
        {
            let typed = check.state == CheckState::Different;
            assert_eq!((over(check.state).contains("words"), standing(&check)[0].contains("words")), (typed, typed));
        }
    }

    #[test]
    fn one_try_is_singular() {
        assert!(not_yet("Dana", 1).contains("1 try is left"));
        assert!(not_yet("Dana", 2).contains("2 tries are left"));
    }
}
