//! What the pages say of the project is there: files, constants, commands, tests; and no check of the list stands
//! without a test or a gap.

use anyhow::{Context, Result, ensure};
use e2e::client::Client;
use e2e::process::run;
use e2e::programs::{AS_CLIENT, AS_RELAY};
use e2e::sources::{Source, check, project, read};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What stands in single backticks, outside of fenced blocks.
fn quoted(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(ToOwned::to_owned));
        }
    }
    found
}

/// Targets of Markdown links into the project.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    local.filter_map(|target| target.split('#').next()).map(ToOwned::to_owned).collect()
}

/// Whether a quoted word is a path of the project: a folder of it, a slash, plain letters.
fn is_path(word: &str) -> bool {
    const ROOTS: &[&str] = &["protocol", "server", "client-cli", "tests", "docs", ".ci", ".cargo", "src"];
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "./_-".contains(letter);
    let root = word.split('/').next().unwrap_or_default();
    word.contains('/')
        && word.chars().all(plain)
        && (ROOTS.contains(&root) || word.ends_with(".rs") || word.ends_with(".md"))
}

fn paths_exist(sources: &[Source]) -> Vec<String> {
    let root = project();
    let exists = |source: &Source, path: &str| {
        let beside = root.join(&source.path).parent().map(|folder| folder.join(path));
        root.join(path).exists() || beside.is_some_and(|path| path.exists())
    };
    let mut complaints = Vec::new();
    for source in sources {
        let named = quoted(&source.text).into_iter().filter(|word| is_path(word));
        for path in named.chain(links(&source.text)) {
            if !exists(source, &path) {
                complaints.push(format!("{} names {path}, which is not there", source.path));
            }
        }
    }
    complaints
}

fn pages() -> Result<Vec<Source>> {
    let mut pages = read("docs", ".md")?;
    for path in ["README.md", "protocol/proofs/README.md"] {
        pages.push(Source { path: path.into(), text: std::fs::read_to_string(project().join(path))? });
    }
    Ok(pages)
}

#[test]
fn the_pages_name_only_files_that_exist() -> Result<()> {
    let examples = [
        ("README.md", "See `docs/no-such-page.md`."),
        ("README.md", "See [this](docs/no-such-page.md)."),
        ("docs/architecture.md", "The file `protocol/src/no_such_file.rs` does it."),
    ];
    check(paths_exist, &examples, &pages()?);
    Ok(())
}

fn constants_exist(sources: &[Source]) -> Vec<String> {
    let mut known = BTreeSet::new();
    for folder in ["protocol", "server", "client-cli/src", "tests/src"] {
        for source in read(folder, ".rs").unwrap_or_default() {
            let words = source.text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            known.extend(words.map(ToOwned::to_owned));
        }
    }
    let constant = |word: &str| {
        let letters = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        word.len() > 3 && word.contains('_') && word.chars().all(letters)
    };
    let mut complaints = Vec::new();
    for source in sources {
        for word in quoted(&source.text).iter().filter(|word| constant(word) && !known.contains(*word)) {
            complaints.push(format!("{} names {word}, which no source has", source.path));
        }
    }
    complaints
}

#[test]
fn the_pages_name_only_constants_that_exist() -> Result<()> {
    // Put together here, so that this file does not make the word known.
    let gone = format!("At most `{}_{}` of them.", "NO_SUCH", "LIMIT");
    check(constants_exist, &[("docs/protocol.md", &gone)], &pages()?);
    Ok(())
}

/// Commands of the two programs, as a page shows them in its blocks.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let line = line.trim().trim_start_matches("$ ");
        let indented = fenced && (line.starts_with("cairn ") || line.starts_with("cairn-relay "));
        if indented {
            found.push(line.split('#').next().unwrap_or_default().to_owned());
        }
    }
    found
        .extend(quoted(text).into_iter().filter(|line| line.starts_with("cairn ") || line.starts_with("cairn-relay ")));
    found.iter().map(|line| line.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

/// Asks the program itself whether it has the verb and the options of a command.
fn not_understood(words: &[String]) -> Result<Option<String>> {
    let [program, words @ ..] = words else { return Ok(Some("no command".into())) };
    let verb = |word: &&String| {
        word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !word.starts_with('-')
    };
    let verbs: Vec<&String> = words.iter().take_while(verb).collect();
    let client = program == "cairn";
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.arg(if client { AS_CLIENT } else { AS_RELAY }).args(&verbs).arg("--help");
    let done = run(&mut command, b"")?;
    let help = String::from_utf8_lossy(&done.out).into_owned();
    if done.code != 0 {
        return Ok(Some(format!("{verbs:?} --help ended with {}", done.code)));
    }
    let options = words.iter().filter(|word| word.starts_with('-') && word.len() > 1);
    let missing =
        options.map(|option| option.split('=').next().unwrap_or_default()).find(|option| !help.contains(option));
    Ok(missing.map(|option| format!("{verbs:?} has no {option}")))
}

#[test]
fn the_readme_shows_only_commands_that_the_programs_have() -> Result<()> {
    let text = std::fs::read_to_string(project().join("README.md"))?;
    let shown = commands(&text);
    ensure!(shown.len() >= 6, "the README shows how to use the programs: {shown:?}");
    for words in &shown {
        assert_eq!(not_understood(words)?, None, "{words:?}");
    }
    for wrong in ["cairn whisper Dana", "cairn send Dana --loud", "cairn-relay serve --no-such-option"] {
        let words: Vec<String> = wrong.split(' ').map(ToOwned::to_owned).collect();
        ensure!(not_understood(&words)?.is_some(), "{wrong} is not a command");
    }
    // Nobody needs a profile to be told how things are called.
    let nobody = Client::new(Path::new(env!("CARGO_BIN_EXE_demo")), Path::new("/nonexistent"));
    assert_eq!(run(&mut nobody.plain_command(&["--help"]), b"")?.code, 0);
    Ok(())
}

#[test]
fn the_readme_has_its_two_commands_and_the_build_check_reads_them_there() -> Result<()> {
    let readme = std::fs::read_to_string(project().join("README.md"))?;
    let check = std::fs::read_to_string(project().join(".ci/run"))?;
    for command in ["cargo demo", "cargo test --workspace"] {
        ensure!(readme.lines().any(|line| line.trim().starts_with(command)), "README.md has no line `{command}`");
    }
    ensure!(check.contains("README.md"), ".ci/run takes the test command from README.md");
    ensure!(!check.lines().any(|line| line.trim() == "cargo test --workspace"), ".ci/run has no copy of it");
    Ok(())
}

/// What somebody is told to type: lines of fenced blocks, and commands in backticks.
fn typed(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found: Vec<String> = quoted(text).into_iter().filter(|word| word.contains(' ')).collect();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push(line.to_owned());
        }
    }
    found
}

/// Whether any file with this ending in one of the folders of source holds these words.
fn stands_in(ending: &str, words: &str) -> Result<bool> {
    for folder in ["protocol", "server", "client-cli", "tests"] {
        if read(folder, ending)?.iter().any(|source| source.text.contains(words)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a command names and the project has not: a path, a package, a test, a target, a variable, a verb of cargo.
fn not_there(line: &str) -> Result<Vec<String>> {
    const VERBS: &[&str] = &["build", "test", "doc", "install", "run", "bench", "clippy", "fmt"];
    let root = project();
    let alias = fs::read_to_string(root.join(".cargo/config.toml"))?;
    let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
    let mut gone = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| words.get(place)).copied().unwrap_or_default();
        let there = match before {
            "-p" | "--package" => stands_in("Cargo.toml", &format!("name = \"{word}\""))?,
            "--test" => ["protocol", "server", "client-cli", "tests"]
                .iter()
                .any(|folder| root.join(folder).join("tests").join(word).with_extension("rs").exists()),
            "protocol/fuzz/run" => root.join("protocol/fuzz/corpus").join(word).is_dir(),
            // A group is a list in the script.
            "protocol/mutants/run" => fs::read_to_string(root.join(before))?.contains(&format!("\n{word}=(")),
            "cargo" => VERBS.contains(word) || alias.contains(&format!("{word} = ")),
            _ if is_path(word) => root.join(word).exists(),
            _ => match word.split_once('=') {
                Some((name, _)) if name.starts_with("CAIRN_") => stands_in(".rs", name)?,
                _ => true,
            },
        };
        if !there {
            gone.push(format!("{line}: {word}"));
        }
    }
    Ok(gone)
}

#[test]
fn the_auditors_commands_name_only_what_is_there() -> Result<()> {
    let mut checked = 0;
    for page in ["docs/auditing.md", "protocol/proofs/README.md"] {
        for line in typed(&fs::read_to_string(project().join(page)).context(page)?) {
            assert_eq!(not_there(&line)?, Vec::<String>::new(), "{page}");
            checked += 1;
        }
    }
    ensure!(checked > 12, "the reader finds commands: {checked}");
    // Put together here, so that this file does not make the name known.
    let variable = format!("CAIRN_{}=1 cargo test", "NO_SUCH");
    for wrong in [
        "protocol/fuzz/run no_such_target 60",
        "protocol/mutants/run ratchet/no_such_file.rs",
        "protocol/no-such-folder/run",
        "cargo test -p no-such-package",
        "cargo test -p cairn-protocol --test no_such_test",
        "cargo no-such-verb",
        &variable,
    ] {
        assert_eq!(not_there(wrong)?.len(), 1, "{wrong}");
    }
    Ok(())
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

/// Code of the list of checks that is gone: in the fourth cell of a row each `file.rs` is followed by a `function` of it.
fn gone(page: &str) -> Vec<String> {
    let cells = page.lines().filter_map(|line| line.split(" | ").nth(3));
    let quoted: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let holds = |file: &str, function: &str| {
        fs::read_to_string(project().join(file)).is_ok_and(|source| {
            [format!("fn {function}("), format!("fn {function}<")].iter().any(|f| source.contains(f))
        })
    };
    let named = |pair: &&[&str]| pair.len() == 2 && holds(pair[0], pair[1]);
    quoted.chunks(2).filter(|pair| !named(pair)).map(|pair| pair.join(" ")).collect()
}

#[test]
fn the_pages_cite_only_tests_that_exist() -> Result<()> {
    let mut cited = 0;
    for name in ["checks.md", "threat-model.md", "architecture.md", "auditing.md", "reliability.md"] {
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
    assert_eq!(gone(&page), Vec::<String>::new());
    assert_eq!(
        gone("| 7 | A promise | 1 | `protocol/src/label.rs` `nobody` | – | |").len(),
        1,
        "code that is gone is noticed"
    );
    assert_eq!(unproven("| 7 | A promise | 1 | `protocol/src/label.rs` | – | |").len(), 1, "an empty row is noticed");
    Ok(())
}

/// Rows of the list of faults that name no test.
fn untested(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| fault |"));
    rows.filter(|row| citations(row).is_empty()).map(ToOwned::to_owned).collect()
}

#[test]
fn each_fault_and_each_bad_input_names_a_test() -> Result<()> {
    let page = fs::read_to_string(project().join("docs/reliability.md"))?;
    assert_eq!(untested(&page), Vec::<String>::new());
    ensure!(page.lines().filter(|line| line.starts_with("| ")).count() > 50, "the reader finds rows");
    assert_eq!(
        untested("| a fault | an expectation | `server/tests/faults/main.rs` | 7 |").len(),
        1,
        "a gap is noticed"
    );
    Ok(())
}
