//! Four words that stand for 32 bits, to be read aloud and typed (protocol.md §10.4).
//!
//! In: 32 derived bytes, or what a person typed. Out: four words. This file must never learn what the words prove.

use crate::primitives::same_bytes;
use core::fmt;

/// How many words are read aloud.
pub const WORDS: usize = 4;

/// The list: plain objects, each different from each other one by at least three letters, so that one wrong letter still
/// means one word. A word's place is its byte.
#[rustfmt::skip]
pub const LIST: [&str; 256] = [
    "acorn", "almond", "anchor", "apple", "apricot", "apron", "armchair", "asparagus", "avocado", "backpack",
    "bagpipe", "balcony", "balloon", "bamboo", "banana", "banjo", "banner", "barn", "barrel", "basket", "bathtub",
    "bead", "beehive", "biscuit", "blender", "blossom", "blueberry", "bottle", "bouquet", "bracelet", "branch",
    "brick", "bridge", "broccoli", "broom", "brush", "bubble", "button", "cabbage", "cabinet", "cactus", "calendar",
    "candle", "canvas", "cardigan", "carpet", "celery", "cello", "chalk", "checkers", "cheese", "cherry", "chestnut",
    "chimney", "chocolate", "cinnamon", "clock", "clover", "coconut", "coffee", "comb", "compass", "cookie", "copper",
    "coral", "cottage", "couch", "crayon", "cream", "cucumber", "cupboard", "curtain", "cushion", "daisy",
    "dandelion", "diamond", "doormat", "drawer", "dress", "drum", "dumpling", "dustpan", "easel", "eggplant",
    "elevator", "engine", "envelope", "faucet", "feather", "fence", "flag", "flowerpot", "flute", "folder",
    "football", "forest", "fork", "fountain", "freezer", "fruit", "funnel", "garage", "garden", "garlic", "ginger",
    "granite", "gravel", "guitar", "harmonica", "hedge", "helmet", "honey", "icicle", "island", "jasmine", "jeans",
    "jigsaw", "ketchup", "keyboard", "ladder", "lake", "lantern", "laundry", "lavender", "lemon", "letter", "linen",
    "lollipop", "luggage", "magnet", "mailbox", "marble", "marmalade", "mattress", "meadow", "metal", "mitten",
    "moped", "motor", "muffin", "mushroom", "mustard", "napkin", "necklace", "nest", "noodle", "notebook", "nutmeg",
    "oatmeal", "olive", "onion", "orange", "orchid", "origami", "oven", "overcoat", "package", "paint", "pajamas",
    "palette", "pancake", "paper", "parsley", "pastry", "peach", "peanut", "pencil", "perfume", "piano", "pickle",
    "picnic", "pillow", "pitcher", "pizza", "pocket", "pond", "popcorn", "postcard", "potato", "pottery", "pretzel",
    "pudding", "pumpkin", "purse", "puzzle", "quilt", "radish", "raft", "raisin", "raspberry", "ribbon", "river",
    "robe", "rosebud", "rowboat", "sailboat", "salad", "sandal", "sausage", "saxophone", "scarf", "scooter",
    "seashell", "seesaw", "shampoo", "shelf", "shirt", "shoelace", "shovel", "sink", "slipper", "sofa", "spade",
    "spaghetti", "spatula", "spinach", "sponge", "stamp", "stapler", "statue", "stool", "straw", "string", "subway",
    "sugar", "suitcase", "sunflower", "sweater", "syrup", "teacup", "teapot", "telescope", "thermos", "toaster",
    "towel", "tractor", "trailer", "tricycle", "trumpet", "turnip", "ukulele", "umbrella", "vacuum", "valley",
    "vanilla", "village", "vinegar", "violin", "waffle", "wagon", "walnut", "waterfall", "wheel", "whistle", "window",
    "yogurt",
];

/// Four words of the list.
///
/// Who hears them early could pose as the one who reads them: `Debug` does not print them.
pub struct Words([u8; WORDS]);

/// Why typed text is not four words. Nothing is compared then, and no try is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Another number of words; this many were typed.
    #[error("{0} words were typed, and four are needed")]
    Count(usize),
    /// A word that is not in the list, even if one letter is wrong; which one, from 1.
    #[error("word {0} is not one of the check words")]
    Unknown(usize),
}

impl Words {
    /// The first four bytes, one word each.
    #[must_use]
    pub(crate) const fn of(bytes: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = *bytes;
        Self([a, b, c, d])
    }

    pub(crate) const fn from_bytes(bytes: [u8; WORDS]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; WORDS] {
        &self.0
    }

    /// Reads what a person typed: any case, any white space, commas or full stops between the words, one letter of each
    /// word wrong, missing or too many.
    ///
    /// # Errors
    /// [`WordsError`].
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        let typed: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        if typed.len() != WORDS {
            return Err(WordsError::Count(typed.len()));
        }
        let mut bytes = [0; WORDS];
        for (number, (byte, word)) in (1..).zip(bytes.iter_mut().zip(typed)) {
            *byte = nearest(&word.to_lowercase()).ok_or(WordsError::Unknown(number))?;
        }
        Ok(Self(bytes))
    }

    /// Comparison in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        same_bytes(&self.0, &other.0)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let word = LIST.get(usize::from(*byte)).copied().unwrap_or_default();
            write!(f, "{}{word}", if place == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(..)")
    }
}

/// The word that was meant: the same, or the only one that one letter more, less or other makes of it.
fn nearest(typed: &str) -> Option<u8> {
    let place = LIST.iter().position(|word| *word == typed);
    // Letters, not bytes: one with an accent is one wrong letter too.
    let letters: Vec<char> = typed.chars().collect();
    let place = place.or_else(|| LIST.iter().position(|word| is_near(&word.chars().collect::<Vec<_>>(), &letters)));
    u8::try_from(place?).ok()
}

/// Whether one letter inserted, left out or replaced makes one of the other.
fn is_near(left: &[char], right: &[char]) -> bool {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (left.split_at(same).1, right.split_at(same).1);
    let (left_rest, right_rest) = (left.get(1..), right.get(1..));
    left_rest == Some(right) || right_rest == Some(left) || (left_rest.is_some() && left_rest == right_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levenshtein's distance, the plain way.
    fn distance(left: &str, right: &str) -> usize {
        let right: Vec<char> = right.chars().collect();
        let mut row: Vec<usize> = (0..=right.len()).collect();
        for (i, a) in left.chars().enumerate() {
            let mut diagonal = std::mem::replace(&mut row[0], i + 1);
            for (j, b) in right.iter().enumerate() {
                let step = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
                diagonal = std::mem::replace(&mut row[j + 1], step);
            }
        }
        row[right.len()]
    }

    #[test]
    fn the_words_are_short_sorted_and_three_letters_apart() {
        for (place, word) in LIST.iter().enumerate() {
            assert!((4..=10).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
            assert_eq!(nearest(word).map(usize::from), Some(place));
            for other in &LIST[place + 1..] {
                assert!(word < other && word[..4] != other[..4] && distance(word, other) >= 3, "{word} {other}");
            }
        }
    }

    #[test]
    fn words_are_read_with_other_case_signs_and_one_wrong_letter_each() {
        let words = Words::of(&[7; 32]);
        let all = Words([0, 86, 172, 255]);
        for text in [all.to_string(), all.to_string().to_uppercase(), all.to_string().replace(' ', " ,\t. ")] {
            assert!(Words::parse(&text).unwrap().matches(&all), "{text}");
            assert!(!Words::parse(&text).unwrap().matches(&words));
        }
        for word in LIST {
            let (head, tail) = word.split_at(2);
            let one = |letter| [format!("{head}{letter}{tail}"), format!("{head}{letter}{}", &tail[1..])];
            for typed in ["q", "é", "À", "字"].into_iter().flat_map(one).chain([format!("{head}{}", &tail[1..])]) {
                let parsed = Words::parse(&format!("{typed} {typed} {typed} {typed}")).unwrap();
                assert_eq!(parsed.to_string(), [word; 4].join(" "), "{typed}");
            }
        }
    }

    #[test]
    fn other_words_and_other_numbers_of_words_are_refused() {
        assert_eq!(Words::parse("").err(), Some(WordsError::Count(0)));
        assert_eq!(Words::parse("acorn almond anchor").err(), Some(WordsError::Count(3)));
        assert_eq!(Words::parse("acorn almond anchor apple acorn").err(), Some(WordsError::Count(5)));
        assert_eq!(Words::parse("acorn almond anchor ppel").err(), Some(WordsError::Unknown(4)));
        assert_eq!(Words::parse("zebra almond anchor apple").err(), Some(WordsError::Unknown(1)));
    }

    #[test]
    fn words_are_not_printed_by_debug() {
        assert_eq!(format!("{:?}", Words::of(&[1; 32])), "Words(..)");
    }
}
