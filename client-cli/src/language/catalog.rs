//! The texts as they are compiled in, and the language that is spoken.
//!
//! In: an identifier and values. Out: words. This file must never fail: a text that the language lacks is taken from
//! English, and one that is nowhere, which the tests rule out, is its own identifier.

use super::Language;
use super::value::Value;
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use std::borrow::Cow;
use std::cell::Cell;

type Bundle = FluentBundle<FluentResource>;

// The language belongs to the thread, as the standard streams belong to the process: every sentence depends on it, and
// handing it through each call would say nothing that this doesn't.
thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
    static ENGLISH: Bundle = bundle(Language::English);
    static SPANISH: Bundle = bundle(Language::Spanish);
}

/// From now on this thread speaks so.
pub(crate) fn speak(language: Language) {
    // Where the thread is ending, nothing is said any more.
    let _ = SPOKEN.try_with(|spoken| spoken.set(language));
}

/// Behind a value that ends in a full stop while a sentence is made: no value holds it (sanitize.rs).
const SEAM: char = '\0';

/// How this thread speaks.
fn spoken() -> Language {
    SPOKEN.try_with(Cell::get).unwrap_or(Language::English)
}

/// The words of a text.
pub(super) fn text(area: &str, name: &str, values: Vec<(&'static str, Value)>) -> String {
    let id = id(area, name);
    let mut arguments = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        arguments.set(name, marked(value.0));
    }
    let language = spoken();
    let text = words(language, &id, &arguments).or_else(|| words(Language::English, &id, &arguments)).unwrap_or(id);
    // A name such as Dr. ends its sentence with its own full stop.
    if text.contains(SEAM) { text.replace(&format!("{SEAM}."), "").replace(SEAM, "") } else { text }
}

fn marked(value: FluentValue<'static>) -> FluentValue<'static> {
    match value {
        FluentValue::String(words) if words.ends_with('.') => format!("{words}{SEAM}").into(),
        other => other,
    }
}

/// The identifier in the files of a language: `practice-step-one` for the text `step_one` of `practice`.
pub(super) fn id(area: &str, name: &str) -> String {
    format!("{area}-{name}").replace('_', "-")
}

/// The words of a text in one language, if it has them.
pub(super) fn words(language: Language, id: &str, arguments: &FluentArgs<'_>) -> Option<String> {
    let of = |bundle: &Bundle| {
        let pattern = bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
        errors.is_empty().then_some(text)
    };
    let key = match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    };
    key.try_with(of).ok().flatten()
}

fn bundle(language: Language) -> Bundle {
    let mut bundle = Bundle::new(language.code().parse().into_iter().collect());
    // Fluent would put U+2068 and U+2069 around each value. They are controls of direction, which no text here may hold
    // (sanitize.rs): they are seen as boxes, read aloud, and copied along with a name.
    bundle.set_use_isolating(false);
    // A text is one paragraph, however its lines are broken in the file: the terminal's width decides.
    bundle.set_transform(Some(one_line));
    for source in sources(language) {
        // What is unreadable in a file is left out, here as in the tests, which then fail.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(readable, _)| readable);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { text.replace('\n', " ").into() } else { text.into() }
}

/// The files of a language, one for each area.
pub(super) const fn sources(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            include_str!("en/doctor.ftl"),
            include_str!("en/people.ftl"),
            include_str!("en/practice.ftl"),
            include_str!("en/screen.ftl"),
            include_str!("en/settings.ftl"),
            include_str!("en/safety.ftl"),
            include_str!("en/check.ftl"),
            include_str!("en/keeping.ftl"),
            include_str!("en/rejoin.ftl"),
            include_str!("en/news.ftl"),
            include_str!("en/said.ftl"),
            include_str!("en/time.ftl"),
            include_str!("en/talk.ftl"),
            include_str!("en/later.ftl"),
            include_str!("en/choice.ftl"),
            include_str!("en/start.ftl"),
            include_str!("en/fault.ftl"),
            include_str!("en/next.ftl"),
            include_str!("en/first.ftl"),
            include_str!("en/card.ftl"),
            include_str!("en/center.ftl"),
            include_str!("en/standing.ftl"),
            include_str!("en/command.ftl"),
            include_str!("en/step.ftl"),
            include_str!("en/trouble.ftl"),
            include_str!("en/why.ftl"),
            include_str!("en/shared.ftl"),
            include_str!("en/removal.ftl"),
        ],
        Language::Spanish => &[
            include_str!("es/doctor.ftl"),
            include_str!("es/people.ftl"),
            include_str!("es/practice.ftl"),
            include_str!("es/screen.ftl"),
            include_str!("es/settings.ftl"),
            include_str!("es/safety.ftl"),
            include_str!("es/check.ftl"),
            include_str!("es/keeping.ftl"),
            include_str!("es/rejoin.ftl"),
            include_str!("es/news.ftl"),
            include_str!("es/said.ftl"),
            include_str!("es/time.ftl"),
            include_str!("es/talk.ftl"),
            include_str!("es/later.ftl"),
            include_str!("es/choice.ftl"),
            include_str!("es/start.ftl"),
            include_str!("es/fault.ftl"),
            include_str!("es/next.ftl"),
            include_str!("es/first.ftl"),
            include_str!("es/card.ftl"),
            include_str!("es/center.ftl"),
            include_str!("es/standing.ftl"),
            include_str!("es/command.ftl"),
            include_str!("es/step.ftl"),
            include_str!("es/trouble.ftl"),
            include_str!("es/why.ftl"),
            include_str!("es/shared.ftl"),
            include_str!("es/removal.ftl"),
        ],
    }
}
