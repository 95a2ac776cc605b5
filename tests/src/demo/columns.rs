//! Three texts side by side, 78 characters wide.
//!
//! In: headings and paragraphs. Out: lines. This file must never learn who speaks.

/// Characters in one column: three of them, and a bar with a space on each side between, stay below 80.
const WIDTH: usize = 24;

/// Characters in a line of ordinary text.
pub const LINE: usize = 78;

/// One column: a heading and its paragraphs.
pub struct Column {
    /// What the column shows.
    pub heading: &'static str,
    /// What stands in it.
    pub paragraphs: Vec<String>,
}

/// The columns beside each other, line by line.
#[must_use]
pub fn side_by_side(columns: &[Column]) -> Vec<String> {
    let texts: Vec<Vec<String>> = columns.iter().map(lines).collect();
    let height = texts.iter().map(Vec::len).max().unwrap_or_default();
    let cell = |text: &Vec<String>, row: usize| text.get(row).cloned().unwrap_or_default();
    (0..height)
        .map(|row| {
            let cells = texts.iter().map(|text| format!("{:WIDTH$}", cell(text, row)));
            cells.collect::<Vec<_>>().join(" | ").trim_end().to_owned()
        })
        .collect()
}

fn lines(column: &Column) -> Vec<String> {
    let mut lines = vec![column.heading.to_owned(), "-".repeat(WIDTH)];
    for paragraph in &column.paragraphs {
        lines.extend(wrap(paragraph, WIDTH, "  "));
    }
    lines
}

/// Breaks a text into lines of at most `width` characters, at spaces where there are any; `indent` begins each line but
/// the first.
#[must_use]
pub fn wrap(text: &str, width: usize, indent: &str) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let space = if line.trim().is_empty() { "" } else { " " };
        if length(&line) + space.len() + length(word) <= width {
            line.push_str(space);
            line.push_str(word);
            continue;
        }
        if !space.is_empty() {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        }
        for letter in word.chars() {
            if length(&line) == width {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
            }
            line.push(letter);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces_and_only_too_long_words_in_the_middle() {
        assert_eq!(wrap("one two three", 8, "  "), ["one two", "  three"]);
        assert_eq!(wrap("abcdefghij", 6, "  "), ["abcdef", "  ghij"]);
        assert_eq!(wrap("go abcdefghij", 6, ""), ["go", "abcdef", "ghij"]);
        assert_eq!(wrap("", 6, "  "), [""]);
    }

    #[test]
    fn columns_never_pass_the_edge() {
        let column = |text: &str| Column { heading: "H", paragraphs: vec![text.to_owned()] };
        let rows = side_by_side(&[column("a b c"), column(&"long ".repeat(20)), column(&"x".repeat(100))]);
        assert!(rows.iter().all(|row| row.chars().count() <= LINE), "{rows:#?}");
        assert_eq!(rows.concat().matches('x').count(), 100, "nothing is lost");
        assert_eq!(rows.concat().matches("long").count(), 20, "nothing is lost");
    }
}
