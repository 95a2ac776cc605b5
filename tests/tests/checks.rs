//! The pages that cite tests cite tests that exist, and no check of the list stands without a test or a gap.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Citations of a page: a `file.rs` in backticks, then a `name_of_a_test` in the next ones.
fn citations(page: &str) -> Vec<(String, String)> {
    let quoted: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let is_test = |word: &str| {
        word.matches('_').count() >= 3
            && word.chars().all(|letter| letter.is_ascii_lowercase() || "_0123456789".contains(letter))
    };
    let pairs = quoted.windows(2).filter(|pair| pair[0].ends_with(".rs") && is_test(pair[1]));
    pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

fn missing(page: &str) -> Vec<String> {
    let holds = |file: &str, test: &str| {
        fs::read_to_string(project().join(file))
            .is_ok_and(|source| [format!("fn {test}("), format!("fn {test}<")].iter().any(|head| source.contains(head)))
    };
    let gone = citations(page).into_iter().filter(|(file, test)| !holds(file, test));
    gone.map(|(file, test)| format!("{file} has no test {test}")).collect()
}

/// Rows of the list of checks that name neither a test nor a gap.
fn unproven(page: &str) -> Vec<String> {
    let rows =
        page.lines().filter(|line| line.trim_start_matches("| ").starts_with(|letter: char| letter.is_ascii_digit()));
    let says_why = |row: &str| ["gap", "not built", "don't exist yet"].iter().any(|word| row.contains(word));
    let proven = |row: &&str| !citations(row).is_empty() || says_why(row);
    rows.filter(|row| !proven(row)).map(ToOwned::to_owned).collect()
}

#[test]
fn the_pages_cite_only_tests_that_exist() -> Result<()> {
    let mut cited = 0;
    for name in ["checks.md", "threat-model.md", "architecture.md"] {
        let page = fs::read_to_string(project().join("docs").join(name)).context(name)?;
        assert_eq!(missing(&page), Vec::<String>::new(), "{name}");
        cited += citations(&page).len();
    }
    ensure!(cited > 40, "the reader finds citations: {cited}");
    let example = "`protocol/src/label.rs` `every_label_is_used_by_nobody`";
    assert_eq!(missing(example).len(), 1, "a test that is gone is noticed");
    Ok(())
}

#[test]
fn each_of_the_forty_checks_names_a_test_or_its_gap() -> Result<()> {
    let page = fs::read_to_string(project().join("docs/checks.md"))?;
    for number in 1..=40 {
        ensure!(page.contains(&format!("\n| {number} | ")), "check {number} is missing");
    }
    assert_eq!(unproven(&page), Vec::<String>::new());
    assert_eq!(unproven("| 7 | A promise | 1 | `protocol/src/label.rs` | – | |").len(), 1, "an empty row is noticed");
    Ok(())
}
