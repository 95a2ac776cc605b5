//! Calm sentences for a check of words.
//!
//! In: how a check stands. Out: paragraphs, sanitized, not yet wrapped. This file must never say what a person has to
//! type: nobody but the other one's voice tells that.

use super::human;
use crate::engine::model::{Check, CheckState, Trust};
use crate::language::check as texts;
use crate::sanitize;

/// What to do, before anything is done.
pub(crate) fn explanation(name: &str) -> Vec<String> {
    let name = sanitize::name(name);
    vec![texts::why(&name), texts::both(&name), texts::then(&name)]
}

/// How it stands, and what to do next.
pub(crate) fn standing(check: &Check) -> Vec<String> {
    let name = sanitize::name(&check.contact);
    match check.state {
        CheckState::Idle => vec![texts::idle(name)],
        CheckState::Asked => vec![texts::asked(name)],
        CheckState::Waiting => vec![texts::waiting(name)],
        CheckState::Words => {
            let words = check.words.as_deref().unwrap_or_default();
            vec![texts::read(name), format!("    {words}")]
        }
        CheckState::Matched => vec![texts::fit(name, human::trust(Trust::Checked))],
        CheckState::Different => vec![texts::different(), texts::may_be(&name), texts::ask(&name)],
        CheckState::Broken => vec![texts::broken(), texts::may_be(&name), texts::ask(&name)],
        CheckState::BeganAgain => vec![texts::began_again(name)],
    }
}

/// Why a run that is over has matched nothing.
pub(crate) fn over(state: CheckState) -> String {
    match state {
        CheckState::Broken => texts::over_broken(),
        _ => texts::over(),
    }
}

/// Typed words that did not fit, with tries left.
pub(crate) fn not_yet(name: &str, tries_left: u8) -> String {
    texts::not_yet(tries_left, sanitize::name(name))
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
