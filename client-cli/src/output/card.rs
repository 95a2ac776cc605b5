//! Help now: the card that stands one key away, locked and offline too.
//!
//! In: what the center says, if it says anything. Out: paragraphs. This file must never name a telephone number that the
//! center has not given: a wrong one costs more than none. It needs no profile, no passphrase and no network.

use crate::engine::center::Center;
use crate::language::card as texts;
use crate::output::time;

/// What is typed for it, everywhere.
pub(crate) const HELP: &str = "!";

/// The whole card, the heading first. The center's own lines come before everything else; they stay when they are old, with
/// their day.
pub(crate) fn card(center: &Center) -> Vec<String> {
    let without = |numbers: String| vec![texts::call(), texts::say(), texts::no_service(), numbers];
    let lines: Vec<String> = match center {
        Center::Says(says) if !says.card.is_empty() => {
            let over = says.over.then(|| crate::language::center::over(time::day(says.last_day)));
            says.card.iter().cloned().chain(over).chain([texts::no_service()]).collect()
        }
        Center::Unusable => without(texts::unusable()),
        Center::Unknown | Center::Silent | Center::Says(_) => without(texts::no_numbers()),
    };
    std::iter::once(texts::title()).chain(lines).collect()
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
            assert!(text.split_whitespace().count() <= 60, "{text}");
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
            assert!(text.contains("not an emergency service") && text.contains("local emergency number"));
            assert!(rows(&all) <= 12, "{} rows at 40 columns", rows(&all));
        }
    }

    #[test]
    fn the_longest_card_of_a_center_fits_a_small_screen_with_its_numbers_first() {
        let line = "In danger, at any hour and on any day, ring and let it ring: 555 0100 0200 0300 ";
        let longest = Words { card: vec![line.trim().to_owned(); 4], over: true, last_day: 21_000, ..words() };
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
