//! Nothing on a picture is cut: every word that stands there is one of those that belong there. Tests only.
//!
//! In: the scenes of the pictures. Out: what is cut. This file must never be part of the program.

use super::*;
use std::collections::BTreeSet;

/// Every word that may stand on this screen, whole.
fn vocabulary(app: &App, state: &State, layout: &Layout) -> BTreeSet<String> {
    let mut all = vec!["│ • > *".to_owned(), words::head(app, state), words::label(app, state)];
    all.extend([words::more(), words::more_below(), texts::new_from_here(), texts::nothing_yet(), texts::list()]);
    all.extend([texts::list_active(), state.compose.text().to_owned(), state.answer.text().to_owned()]);
    all.extend(text_of(&bottom::rows(500)));
    for person in &state.people.all {
        all.extend([person.name.clone(), texts::new(person.unread)]);
    }
    for hidden in 0..=state.people.all.len() {
        all.extend([texts::more(hidden), texts::more_new(hidden, 3_u64)]);
    }
    all.extend((1..10).filter_map(|place| state.messages.entry(place)).map(|entry| entry.text.clone()));
    let card = if let Some(Over::Card(talk)) = &state.over { Some(talk) } else { None };
    for said in state.talk.said.iter().chain(card.iter().flat_map(|talk| &talk.said)) {
        all.extend(match said {
            Said::Words(text) | Said::Moment(text) | Said::Whole(text) | Said::News(text, _) => vec![text.clone()],
            Said::Choice(number, text) => vec![number.to_string(), text.clone()],
            Said::Gap => vec![],
        });
    }
    match &state.over {
        Some(Over::Search(search)) => all.extend(text_of(&search.rows(2000))),
        // Read big, each letter stands for itself, and so does each sign.
        Some(Over::Big(big)) => {
            let entry = state.messages.entry(big.place).unwrap();
            all.extend(entry.text.chars().map(String::from));
            all.push(entry.head.trim_end().trim_end_matches(':').to_owned());
        }
        _ => {}
    }
    assert!(layout.pane.width >= 20, "words are broken anywhere only where it is narrower");
    all.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

fn text_of(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.0.iter().map(|span| span.1.as_str()).collect()).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn no_word_on_any_snapshot_is_cut_and_every_choice_is_whole() {
    let mut names_cut = 0;
    for (name, scene) in SCENES {
        for (language, size) in Language::ALL.into_iter().flat_map(|one| SIZES.map(|size| (one, size))) {
            speak(language);
            let (app, mut state) = scene();
            state.size = size;
            let layout = Layout::of(&app, &state);
            let known = vocabulary(&app, &state, &layout);
            let picture = text(&draw(&app, &state).buffer);
            for word in picture.iter().flat_map(|row| row.split(['│', ' '])).filter(|word| !word.is_empty()) {
                // A name in the list is the one thing that may be cut, and says so.
                let name_cut = word.strip_suffix('…').is_some_and(|begin| {
                    state.people.all.iter().any(|person| person.name.split(' ').any(|part| part.starts_with(begin)))
                });
                names_cut += usize::from(name_cut);
                assert!(known.contains(word) || name_cut, "{name} {language:?} {size:?}: {word} in {picture:#?}");
            }
            let said = one_line(
                &text_of(&state.talk.rows(layout.pane_width()).into_iter().map(|row| row.0).collect::<Vec<_>>())
                    .join(" "),
            );
            let seen =
                one_line(&picture.iter().map(|row| row.rsplit('│').next().unwrap()).collect::<Vec<_>>().join(" "));
            for said_one in &state.talk.said {
                let Said::Choice(number, words) = said_one else { continue };
                let choice = one_line(&format!("{number} {words}"));
                assert!(said.contains(&choice), "{name} {language:?} {size:?}: {choice} in {said}");
                let hidden = state.over.is_some() || name == "help";
                assert!(
                    hidden || size.0 < 80 || seen.contains(&choice),
                    "{name} {language:?} {size:?}: {choice} in {seen}"
                );
            }
        }
    }
    assert!(names_cut > 0, "the long name in the list is cut somewhere");
}
