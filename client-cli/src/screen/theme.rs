//! Colours: dark, light, or the terminal's own.
//!
//! In: what a piece of the picture is. Out: how it looks. No meaning is carried by a colour alone: words, marks and places
//! say the same. This file must never ask the terminal for its colours.

use crate::settings;
use ratatui_core::style::{Color, Modifier, Style};

/// A choice of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// The terminal's own colours: bold, underlined and reversed only.
    Own,
    /// Dark letters on white.
    Light,
    /// Light letters on black.
    Dark,
}

/// What a piece of the picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Anything else.
    Ground,
    /// Who the conversation is with.
    Head,
    /// Who wrote a message, and when.
    Author,
    /// What they wrote.
    Theirs,
    /// What we wrote.
    Ours,
    /// What the program says.
    Said,
    /// Something new.
    New,
    /// What is picked.
    Picked,
    /// What the line is for.
    Label,
    /// A key of the bottom line.
    Key,
    /// What that key does.
    Does,
}

/// Numbers of the 256 colours that look the same in every terminal that has them.
const BLACK: u8 = 16;
const WHITE: u8 = 231;

impl Theme {
    /// The one that was set, where colours may be used.
    pub(super) fn of(set: settings::Theme, may: bool) -> Self {
        match set {
            settings::Theme::Light if may => Self::Light,
            settings::Theme::Dark if may => Self::Dark,
            _ => Self::Own,
        }
    }

    /// How a part looks.
    pub(super) fn style(self, part: Part) -> Style {
        let (ink, paper) = self.colours(part);
        let style = match (ink, paper) {
            (Some(ink), Some(paper)) => Style::new().fg(Color::Indexed(ink)).bg(Color::Indexed(paper)),
            _ => Style::new(),
        };
        match part {
            Part::Head | Part::Author | Part::New | Part::Key => style.add_modifier(Modifier::BOLD),
            Part::Picked => style.add_modifier(Modifier::REVERSED),
            Part::Label => style.add_modifier(Modifier::UNDERLINED),
            Part::Ground | Part::Theirs | Part::Ours | Part::Said | Part::Does => style,
        }
    }

    /// Letters and what is behind them; none: the terminal's own.
    fn colours(self, part: Part) -> (Option<u8>, Option<u8>) {
        let (ink, paper) = match self {
            Self::Own => return (None, None),
            Self::Light => (
                match part {
                    Part::Theirs => 18,
                    Part::Ours => 22,
                    Part::New => 90,
                    Part::Said | Part::Label => 52,
                    _ => BLACK,
                },
                if matches!(part, Part::Key | Part::Does) { 254 } else { WHITE },
            ),
            Self::Dark => (
                match part {
                    Part::Theirs => 117,
                    Part::Ours => 157,
                    Part::New => 219,
                    Part::Said | Part::Label => 222,
                    _ => WHITE,
                },
                if matches!(part, Part::Key | Part::Does) { 236 } else { BLACK },
            ),
        };
        (Some(ink), Some(paper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 11] = [
        Part::Ground,
        Part::Head,
        Part::Author,
        Part::Theirs,
        Part::Ours,
        Part::Said,
        Part::New,
        Part::Picked,
        Part::Label,
        Part::Key,
        Part::Does,
    ];

    /// Red, green and blue of the colours 16 to 255, as xterm defines them.
    fn rgb(number: u8) -> [u8; 3] {
        let step = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
        match number {
            16..=231 => {
                let cube = number - 16;
                [step(cube / 36), step(cube / 6 % 6), step(cube % 6)]
            }
            232.. => [8 + 10 * (number - 232); 3],
            _ => unreachable!("a colour that every terminal paints in its own way"),
        }
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(number: u8) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = rgb(number).map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: u8, two: u8) -> f64 {
        let (one, two) = (luminance(one), luminance(two));
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    #[test]
    fn letters_stand_out_at_least_seven_times_in_every_theme() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 0.01);
        for theme in [Theme::Light, Theme::Dark] {
            for part in PARTS {
                let (Some(ink), Some(paper)) = theme.colours(part) else { panic!("{theme:?} {part:?}") };
                let contrast = contrast(ink, paper);
                assert!(contrast >= 7.0, "{theme:?} {part:?}: {contrast:.1}");
            }
        }
    }

    #[test]
    fn without_colours_the_terminals_own_are_taken_whatever_was_set() {
        for set in [settings::Theme::None, settings::Theme::Light, settings::Theme::Dark] {
            assert_eq!(Theme::of(set, false), Theme::Own);
        }
        assert_eq!(Theme::of(settings::Theme::Dark, true), Theme::Dark);
    }

    #[test]
    fn the_terminals_own_colours_are_left_alone() {
        for part in PARTS {
            let style = Theme::Own.style(part);
            assert_eq!((style.fg, style.bg), (None, None), "{part:?}");
        }
    }

    #[test]
    fn what_matters_is_marked_without_a_colour_too() {
        for part in [Part::Head, Part::New, Part::Picked, Part::Label, Part::Key] {
            assert_ne!(Theme::Own.style(part), Theme::Own.style(Part::Ground), "{part:?}");
        }
    }
}
