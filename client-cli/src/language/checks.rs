//! What holds for every text in every language. Tests only.
//!
//! In: the files of the languages. Out: complaints. This file must never learn a text's meaning: it counts and compares.

use super::catalog::{sources, words};
use super::texts::all;
use super::{Language, speak};
use fluent_bundle::{FluentArgs, FluentResource};
use std::collections::{BTreeMap, BTreeSet};

/// Words that suggest being watched or attacked, or that fault the reader: how they begin, in lower case.
const FRIGHTENING: [(&[&str], Language); 2] = [
    (
        &[
            "monitor",
            "track",
            "detect",
            "intrud",
            "suspicio",
            "tamper",
            "attack",
            "threat",
            "hack",
            "spy",
            "spied",
            "surveil",
            "malicious",
            "enemy",
            "steal",
            "stolen",
            "victim",
            "watched",
            "breach",
            "alarm",
            "alert",
            "fatal",
            "illegal",
            "abort",
            "kill",
            "crash",
            "invalid",
            "failure",
            "failed",
            "error",
            "warning",
            "violat",
            "expose",
            "compromis",
            "risk",
            "must not",
            "forbidden",
            "adversar",
            "terminat",
            "execut",
            "corrupt",
        ],
        Language::English,
    ),
    (
        &[
            "monitor",
            "rastre",
            "detect",
            "intrus",
            "sospech",
            "manipul",
            "ataque",
            "atac",
            "amenaz",
            "hacke",
            "espía",
            "espia",
            "vigil",
            "malicios",
            "enemig",
            "robar",
            "robad",
            "víctima",
            "alarma",
            "alerta",
            "fatal",
            "ilegal",
            "abort",
            "matar",
            "inválid",
            "fall",
            "error",
            "advertencia",
            "violac",
            "expuest",
            "compromet",
            "riesgo",
            "prohibid",
            "adversari",
            "ejecut",
            "corrupt",
        ],
        Language::Spanish,
    ),
];

/// Letters that a word may have.
const LONGEST: usize = 12;

/// Words that one text may have: a screen.
const WORDS: usize = 60;

/// Longer words that nothing shorter says as well.
const LONG: [&[&str]; 2] = [&["conversation", "conversations"], &["conversación", "conversaciones"]];

/// The files of a language as they are.
fn messages(language: Language) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for source in sources(language) {
        let resource = FluentResource::try_new((*source).to_owned());
        assert!(resource.is_ok(), "{language:?}: a file that is no Fluent: {:?}", resource.err().map(|error| error.1));
        let mut id = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            if !line.starts_with([' ', '}']) {
                let (name, _) = line.split_once('=').unwrap();
                name.trim().clone_into(&mut id);
                assert!(!found.contains_key(&id), "{language:?}: {id} stands there twice");
            }
            *found.entry(id.clone()).or_default() += line;
        }
    }
    found
}

/// The names of the values in the words of a text.
fn values(words: &str) -> BTreeSet<String> {
    let name = |part: &str| part.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap().to_owned();
    words.split('$').skip(1).map(name).collect()
}

/// What a person reads of a text, with one and with several of whatever is counted in it.
fn read(language: Language, id: &str, names: &[&'static str]) -> String {
    let with = |number: u64| {
        let mut arguments = FluentArgs::new();
        names.iter().for_each(|name| arguments.set(*name, number));
        words(language, id, &arguments).unwrap_or_else(|| panic!("{language:?}: {id} can't be said"))
    };
    let (one, several) = (with(1), with(5));
    if one.replace('1', "5") == several { one } else { format!("{one} {several}") }
}

fn letters(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

pub(crate) fn frightening(language: Language, words: &str) -> Option<&'static str> {
    let known: Vec<_> = FRIGHTENING.iter().filter(|(_, of)| *of == language).flat_map(|(list, _)| *list).collect();
    letters(words).find_map(|word| known.iter().find(|start| word.starts_with(**start)).map(|start| **start))
}

fn too_long(language: Language, words: &str) -> Option<String> {
    let known: Vec<&str> = match language {
        Language::English => LONG[0].to_vec(),
        Language::Spanish => LONG[1].to_vec(),
    };
    letters(words).find(|word| word.chars().count() > LONGEST && !known.contains(&word.as_str()))
}

#[test]
fn every_text_is_in_every_language_with_the_same_values_and_no_file_holds_another() {
    let mut expected: Vec<_> = all();
    expected.sort();
    for language in Language::ALL {
        let found = messages(language);
        let there: Vec<_> = found.keys().cloned().collect();
        assert_eq!(there, expected.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), "{language:?}");
        for (id, names) in &expected {
            let names: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
            assert_eq!(values(&found[id]), names, "{language:?}: {id}");
        }
    }
}

#[test]
fn no_text_frightens_and_none_has_a_long_word() {
    for language in Language::ALL {
        for (id, names) in all() {
            let words = read(language, &id, &names);
            assert!(!words.trim().is_empty(), "{language:?}: {id} says nothing");
            assert_eq!(frightening(language, &words), None, "{language:?}: {id}: {words}");
            assert_eq!(too_long(language, &words), None, "{language:?}: {id}: {words}");
            assert!(!words.contains(['\n', '\u{2068}', '\u{2069}']), "{language:?}: {id}: {words:?}");
            let count = words.split_whitespace().count();
            assert!(count <= WORDS, "{language:?}: {id} has {count} words: {words}");
        }
    }
    assert_eq!(frightening(Language::Spanish, "Actividad sospechosa"), Some("sospech"));
    assert_eq!(frightening(Language::English, "Tampering"), Some("tamper"));
    assert_eq!(too_long(Language::English, "a counterrevolution").as_deref(), Some("counterrevolution"));
}

/// What passes the messages on, as people call it, and the word of those who run it.
const RELAY: [(&str, &str); 2] = [("center's computer", "relay"), ("computadora del centro", "servidor")];

/// Texts that are about an option of that name, or about no relay at all.
const OPTION: [&str; 5] =
    ["command-address", "command-address-form", "step-ask-address", "step-relay-or-join", "trouble-no-host"];

#[test]
fn nobody_reads_of_a_relay_without_being_told_what_that_is() {
    let mut told = 0;
    for language in Language::ALL {
        for (id, names) in all().iter().filter(|(id, _)| !OPTION.contains(&id.as_str())) {
            let words = read(language, id, names).replace("--relay", "");
            let name = |(plain, own): (&str, &str)| letters(&words).any(|word| word == own) && !words.contains(plain);
            assert!(!RELAY.into_iter().any(name), "{language:?}: {id}: {words}");
            told += usize::from(RELAY.into_iter().any(|(plain, _)| words.contains(plain)));
        }
    }
    assert!(told > 30, "{told}");
}

#[test]
fn a_name_that_ends_in_a_full_stop_ends_its_sentence() {
    use super::talk::{headline, how, writing_to};
    assert_eq!(writing_to("Robin"), "You are writing to Robin.");
    assert_eq!(writing_to("Robin B."), "You are writing to Robin B.");
    assert_eq!(writing_to("Wait.."), "You are writing to Wait..");
    assert!(how("Robin B.").starts_with("Type to Robin B. and press"));
    assert_eq!(headline("Robin B.", "see B.."), "Robin B.: see B..", "no word of anybody is changed");
    speak(Language::Spanish);
    assert_eq!(super::later::taken_back("Robin B."), "Ya no espera. No se envió a Robin B.");
}

#[test]
fn a_text_speaks_the_language_of_its_thread_on_one_line_and_without_marks_of_direction() {
    assert_eq!(super::practice::left(), "Practice is over.");
    speak(Language::Spanish);
    assert_eq!(super::practice::left(), "La práctica terminó.");
    assert_eq!(std::thread::spawn(super::practice::left).join().unwrap(), "Practice is over.");
}
