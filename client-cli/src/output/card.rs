//! Help now: the card that stands one key away, locked and offline too.
//!
//! In: nothing. Out: paragraphs. This file must never name a telephone number that nobody has given it: a wrong one
//! costs more than none. It needs no profile, no passphrase and no network.

/// What is typed for it, everywhere.
pub(crate) const HELP: &str = "!";

/// The heading.
pub(crate) const TITLE: &str = "HELP NOW";

/// What is said where the center has given no card of its own.
pub(crate) const LINES: [&str; 4] = [
    "Cairn is not an emergency service. Perhaps nobody reads here right now.",
    "If you or somebody else is in danger, call your local emergency number, or ask a person near you to call.",
    "Your center has given this program no telephone numbers, so none stand here. Ask for them while you are well, and \
     keep them beside your telephone.",
    "You can say: I need help now.",
];

/// The whole card, the heading first.
pub(crate) fn card() -> impl Iterator<Item = &'static str> {
    std::iter::once(TITLE).chain(LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_fits_a_small_screen_and_invents_no_number() {
        let all: Vec<_> = card().collect();
        let text = all.join(" ");
        assert!(text.split_whitespace().count() <= 75, "{text}");
        assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
        assert!(text.contains("not an emergency service") && text.contains("local emergency number"));
        let rows: usize = all.iter().map(|line| crate::output::wrap::paragraph(line, Some(40)).lines().count()).sum();
        assert!(rows <= 12, "{rows} rows at 40 columns");
    }
}
