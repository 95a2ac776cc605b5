//! Help now: the card that stands one key away, locked and offline too.
//!
//! In: what the center says, if it says anything. Out: paragraphs. This file must never name a telephone number that the
//! center has not given: a wrong one costs more than none. It needs no profile, no passphrase and no network.

use crate::engine::center::Center;

/// What is typed for it, everywhere.
pub(crate) const HELP: &str = "!";

/// The heading.
pub(crate) const TITLE: &str = "HELP NOW";

/// What is said where the center has given no card of its own.
pub(crate) const LINES: [&str; 4] = [
    NO_EMERGENCY,
    "If you or somebody else is in danger, call your local emergency number, or ask a person near you to call.",
    "Your center has given this program no telephone numbers, so none stand here. Ask for them while you are well, and \
     keep them beside your telephone.",
    "You can say: I need help now.",
];

/// Said on every card.
const NO_EMERGENCY: &str = "Cairn is not an emergency service. Perhaps nobody reads here right now.";

/// Instead of the third line, where something came that the center has not signed, or that was changed since.
const UNUSABLE: &str = "The card of your center can't be read here, so none of its numbers stand here. Ask for them while \
                        you are well, and keep them beside your telephone.";

/// The whole card, the heading first. The center's own lines come before everything else; they stay when they are old, with
/// their day.
pub(crate) fn card(center: &Center) -> Vec<String> {
    let [first, danger, none, words] = LINES;
    let lines: Vec<String> = match center {
        Center::Says(says) if !says.card.is_empty() => {
            let over = says.over.then(|| format!("This notice was meant until {}.", says.until));
            says.card.iter().cloned().chain(over).chain([first.to_owned()]).collect()
        }
        Center::Unusable => [first, danger, UNUSABLE, words].map(str::to_owned).into(),
        Center::Unknown | Center::Silent | Center::Says(_) => [first, danger, none, words].map(str::to_owned).into(),
    };
    std::iter::once(TITLE.to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::center::Words;
    use crate::engine::center::tests::words;

    fn rows(card: &[String]) -> usize {
        card.iter().map(|line| crate::output::wrap::paragraph(line, Some(40)).lines().count()).sum()
    }

    #[test]
    fn the_card_fits_a_small_screen_and_invents_no_number() {
        for center in [Center::Unknown, Center::Silent, Center::Unusable] {
            let all = card(&center);
            let text = all.join(" ");
            assert!(text.split_whitespace().count() <= 75, "{text}");
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
            assert!(text.contains("not an emergency service") && text.contains("local emergency number"));
            assert!(rows(&all) <= 12, "{} rows at 40 columns", rows(&all));
        }
    }

    #[test]
    fn the_longest_card_of_a_center_fits_a_small_screen_with_its_numbers_first() {
        let line = "In danger, at any hour and on any day, ring and let it ring: 555 0100 0200 0300 ";
        let longest =
            Words { card: vec![line.trim().to_owned(); 4], over: true, until: "July 1, 2027".into(), ..words() };
        assert!(line.len() == 80, "the longest line");
        let all = card(&Center::Says(longest));
        assert!(rows(&all[1..5]) <= 12, "{} rows at 40 columns", rows(&all[1..5]));
        assert!(all[1].contains("555") && all[5].contains("was meant until July 1, 2027"));
        assert!(all.join(" ").contains("not an emergency service"));
        let plain = card(&Center::Says(words()));
        assert!(!plain.join(" ").contains("meant until") && plain[1].contains("555 0100"));
        let without = card(&Center::Says(Words { card: vec![], ..words() }));
        assert_eq!(without, card(&Center::Silent), "a center that gives no card has none");
    }
}
