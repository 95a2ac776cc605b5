//! The QR code of an invitation, drawn with half blocks.
//!
//! In: a link. Out: lines for a terminal, or nothing if they would not fit. This file must never learn whom the link
//! is for.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code. Larger: 40 columns are no longer enough. Smaller: cameras miss the edge.
const MARGIN: usize = 3;

/// How a code may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawing {
    /// Not at all: no terminal, or plain lines only.
    None,
    /// With blocks alone; right on a dark background.
    Blocks,
    /// With colours, right on any background.
    Color,
}

/// Draws the link, if that is wanted and fits.
pub(crate) fn draw(link: &str, drawing: Drawing, columns: usize) -> Option<String> {
    // Low error correction: the code stands on a clean screen, and its size must fit 40 columns.
    let code = QrCode::with_error_correction_level(link, EcLevel::L).ok()?;
    let width = code.width() + 2 * MARGIN;
    if drawing == Drawing::None || width > columns {
        return None;
    }
    let colors = code.to_colors();
    let light = |x: usize, y: usize| match (x.checked_sub(MARGIN), y.checked_sub(MARGIN)) {
        (Some(x), Some(y)) if x < code.width() && y < code.width() => {
            colors.get(y * code.width() + x) != Some(&Color::Dark)
        }
        _ => true,
    };
    let mut out = String::new();
    for y in (0..width).step_by(2) {
        if drawing == Drawing::Color {
            out.push_str("\x1b[97;40m");
        }
        for x in 0..width {
            out.push(match (light(x, y), y + 1 < width && light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        if drawing == Drawing::Color {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_usual_link_fits_forty_columns_and_carries_no_escape_without_colours() {
        let link = "CAIRN:".to_owned() + &"A7".repeat(54);
        let drawn = draw(&link, Drawing::Blocks, 40).unwrap();
        assert!(drawn.lines().all(|line| line.chars().count() == 39));
        assert!(!drawn.contains('\x1b'));
        assert_eq!(draw(&link, Drawing::Blocks, 38), None);
        assert_eq!(draw(&link, Drawing::None, 400), None);
    }
}
