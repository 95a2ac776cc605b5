//! People, the conversation, and the choices behind `?`.
//!
//! In: lines and numbers. Out: what to show and send. This file must never take a number for a choice unless choices
//! were shown, nor lose a line that was typed where a number was expected.

use super::say;
use crate::app::{App, Choice, Effect, Loading, Screen};
use crate::engine::Fault;
use crate::engine::model::{Contact, Direction, Event, Invitation, Message, Outcome, SendState};
use crate::language::people as texts;
use crate::language::{choice as choices_of, talk as texts_of};
use crate::names;
use crate::output::{again, human};
use crate::sanitize;
use cairn_protocol::limits::TEXT;
use std::collections::BTreeSet;

/// People in one list. Larger: more than seven choices with the rest. Smaller: more pages.
const PAGE: usize = 4;

/// Messages that open a conversation, and that one step back shows. Larger: a small screen rolls away.
const PAST: usize = 6;

/// The list of people, or the one person there is.
pub(super) fn people(app: &mut App, people: Vec<Contact>) -> Vec<Effect> {
    app.people = people;
    app.again = None;
    let again = app.reopen.take().and_then(|id| app.people.iter().find(|one| one.id == id).cloned());
    if let Some(contact) = again {
        app.listed = true;
        return open(app, contact);
    }
    match app.people.as_slice() {
        [only] if !app.listed => {
            let only = only.clone();
            app.listed = true;
            open(app, only)
        }
        _ => {
            app.listed = true;
            app.person = None;
            list(app, 0)
        }
    }
}

fn list(app: &mut App, from: usize) -> Vec<Effect> {
    let all = app.people.len();
    let size = if all <= PAGE + 1 { PAGE + 1 } else { PAGE };
    let mut choices: Vec<Choice> = app.people.iter().skip(from).take(size).cloned().map(Choice::Person).collect();
    let next = from + choices.len();
    if all > size {
        choices.push(Choice::More(if next < all { next } else { 0 }));
    }
    choices.extend([Choice::Invitations, Choice::Quit]);
    let head = if all == 0 { texts_of::nobody() } else { texts_of::whom() };
    choose(app, &head, choices)
}

pub(super) fn choose(app: &mut App, head: &str, choices: Vec<Choice>) -> Vec<Effect> {
    let lines = choices.iter().map(|choice| words(app, choice)).collect();
    app.screen = Screen::Choosing(choices);
    vec![say(head), Effect::Choices(lines), say(texts_of::number())]
}

fn words(app: &App, choice: &Choice) -> String {
    match choice {
        Choice::Person(contact) => {
            let new = app.unread.iter().filter(|queued| super::news::is_from(&queued.event, &contact.id)).count();
            let name = sanitize::name(&contact.name);
            if contact.blocked {
                texts::listed_blocked(name)
            } else if new == 0 {
                name
            } else {
                choices_of::person_new(name, new)
            }
        }
        Choice::More(0) => choices_of::first_people(),
        Choice::More(_) => choices_of::more_people(),
        Choice::People => choices_of::people(),
        Choice::Older => texts::choice_older(),
        Choice::Earlier | Choice::FindMore(..) => texts::choice_more(),
        Choice::Find => texts::choice_find(),
        Choice::About => choices_of::about(person(app)),
        Choice::Check { again: false } => choices_of::check(person(app)),
        Choice::Check { again: true } => choices_of::check_again(person(app)),
        Choice::StartAgain => choices_of::start_again(),
        Choice::InviteAgain => choices_of::invite_again(person(app)),
        Choice::UseAgain => choices_of::use_again(),
        Choice::GiveUp => choices_of::give_up(),
        Choice::Keeping => choices_of::keeping(),
        Choice::Keep(time) => choices_of::keep(human::keep(*time)),
        Choice::KeepNow(time) => choices_of::keep_now(human::keep(*time)),
        Choice::Rename => texts::choice_rename(),
        Choice::Block | Choice::BlockNow => texts::choice_block(person(app)),
        Choice::Unblock => texts::choice_unblock(),
        Choice::Remove => texts::choice_remove(person(app)),
        Choice::RemoveNow => texts::choice_remove_now(person(app)),
        Choice::Invitations => choices_of::invitations(),
        Choice::Use => choices_of::use_one(),
        Choice::Make => choices_of::make(),
        Choice::SendIt(_) => choices_of::send_it(person(app)),
        Choice::Extras => choices_of::extras(),
        Choice::HelpNow => choices_of::help_now(),
        Choice::Hide => choices_of::hide(),
        Choice::WhatIsThis => choices_of::what_is_this(),
        Choice::MoreAbout => choices_of::read_on(),
        Choice::Center => crate::language::center::choice(),
        Choice::Practice => choices_of::practice(),
        Choice::Anew => choices_of::anew(),
        Choice::Later
        | Choice::LaterAt(_)
        | Choice::LaterTime
        | Choice::LaterList
        | Choice::LaterOne(_)
        | Choice::LaterDrop(_) => super::later::words(choice),
        Choice::Settings => crate::language::settings::title(),
        Choice::Setting(key) => super::settings::line(app, *key),
        Choice::Set(key, value) => super::settings::words(*key, value),
        Choice::Slow(block) => crate::language::settings::pace_slow(block.words()),
        Choice::OwnHours => crate::language::settings::own_hours(),
        Choice::Back => app.person.as_ref().map_or_else(choices_of::back, |_| choices_of::back_to(person(app))),
        Choice::Shared => crate::language::shared::choice(),
        Choice::SharedNow => crate::language::shared::choice_now(),
        Choice::Leave => crate::language::shared::choice_leave(),
        Choice::LeaveSo => crate::language::shared::choice_leave_so(),
        Choice::RemoveAll | Choice::RemoveAllNow => crate::language::removal::choice(),
        Choice::Quit => choices_of::quit(),
    }
}

pub(super) fn person(app: &App) -> String {
    app.person.as_ref().map(|contact| sanitize::name(&contact.name)).unwrap_or_default()
}

/// Opens a conversation: first what was written before.
pub(super) fn open(app: &mut App, contact: Contact) -> Vec<Effect> {
    let unread = app.unread.iter().filter(|queued| super::news::is_from(&queued.event, &contact.id)).count();
    let contact_id = contact.id.clone();
    app.loading = Loading::Opening;
    app.again = None;
    app.waiting = contact.waiting;
    app.person = Some(contact);
    app.screen = Screen::Talk;
    app.check = None;
    app.seen = 0;
    vec![Effect::LoadPast { contact_id, last: PAST + unread }]
}

/// Messages came from the vault.
pub(super) fn past(app: &mut App, messages: Vec<Message>) -> Vec<Effect> {
    let Some(contact) = app.person.clone() else { return vec![] };
    if app.loading == Loading::Older {
        let older: Vec<_> = messages.iter().take(messages.len().saturating_sub(app.seen)).cloned().collect();
        app.seen = messages.len().max(app.seen);
        return super::find::older(app, older, PAST);
    }
    app.seen = messages.len();
    let (mine, others) = app.unread.drain(..).partition(|queued| super::news::is_from(&queued.event, &contact.id));
    app.unread = others;
    // What stands among the past ones is shown by that. All else is still to be said: also a message before which so many
    // were written that it does not stand there.
    let there: BTreeSet<&str> = theirs(&messages).map(|message| message.id.as_str()).collect();
    let (shown, other): (Vec<_>, Vec<_>) = Vec::into_iter(mine)
        .partition(|queued| matches!(&queued.event, Event::Message(message) if there.contains(message.id.as_str())));
    let mut effects = vec![
        Effect::Gap,
        say(texts_of::headline(person(app), human::trust(contact.trust))),
        say(super::shared::kept(app, &contact)),
    ];
    if contact.rejoining {
        effects.push(say(crate::language::rejoin::waits()));
    }
    if contact.blocked {
        effects.push(say(crate::output::people::blocked(&contact)));
    }
    if !messages.is_empty() {
        effects.push(Effect::Past(messages));
    }
    if !shown.is_empty() {
        effects.push(Effect::Mark(shown.iter().map(|queued| queued.number).collect()));
    }
    if !other.is_empty() {
        effects.push(Effect::News(other));
    }
    effects.push(say(if contact.blocked { texts::keys() } else { texts_of::how(person(app)) }));
    effects.extend(super::safety::put_back(app));
    effects
}

fn theirs(messages: &[Message]) -> impl Iterator<Item = &Message> {
    messages.iter().filter(|message| message.direction == Direction::In)
}

/// A line in the conversation.
pub(super) fn typed(app: &mut App, line: String) -> Vec<Effect> {
    app.screen = Screen::Talk;
    let Some(contact) = &app.person else { return vec![Effect::LoadPeople] };
    match line.as_str() {
        "" => vec![],
        "?" => {
            // Invitations stand below the people.
            let mut choices =
                vec![Choice::Back, Choice::Older, Choice::About, Choice::People, Choice::Extras, Choice::Settings];
            choices.push(Choice::Quit);
            choose(app, &crate::language::talk::what_now(), choices)
        }
        _ if line.len() > TEXT => {
            vec![say(texts_of::too_long())]
        }
        _ => vec![Effect::Send { contact_id: contact.id.clone(), text: line }],
    }
}

/// A line where a number was expected.
pub(super) fn chosen(app: &mut App, mut choices: Vec<Choice>, line: String) -> Vec<Effect> {
    let number = line.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    if let Some(number) = number.filter(|number| *number < choices.len()) {
        return choose_one(app, choices.swap_remove(number));
    }
    let asked_already = choices.iter().any(|choice| matches!(choice, Choice::SendIt(_)));
    if line.trim() == "?" && app.person.is_none() && app.open && !choices.contains(&Choice::Center) {
        return match app.again.take() {
            Some(link) => super::first::over_the_invitation(app, link),
            None => super::safety::more(app),
        };
    }
    if line.trim().is_empty() || line.trim() == "?" || app.person.is_none() || asked_already {
        let most = choices.len();
        app.screen = Screen::Choosing(choices);
        return vec![say(texts_of::number_to(most))];
    }
    choose(app, &texts_of::meant(), vec![Choice::SendIt(line), Choice::Back])
}

fn choose_one(app: &mut App, choice: Choice) -> Vec<Effect> {
    match choice {
        Choice::Person(contact) => open(app, contact),
        Choice::More(from) => list(app, from),
        Choice::People => vec![Effect::LoadPeople],
        Choice::Find => super::find::ask(app),
        Choice::FindMore(text, from) => super::find::go_on(app, text, from),
        Choice::Older | Choice::Earlier => {
            app.screen = Screen::Talk;
            app.loading = Loading::Older;
            let contact_id = app.person.as_ref().map(|contact| contact.id.clone()).unwrap_or_default();
            vec![Effect::LoadPast { contact_id, last: app.seen + PAST }]
        }
        Choice::About => about(app),
        Choice::Check { again } => super::check::begin(app, again),
        Choice::StartAgain => super::rejoin::ask(app),
        Choice::InviteAgain => super::rejoin::invite(app),
        Choice::UseAgain => super::rejoin::use_theirs(app),
        Choice::GiveUp => super::rejoin::give_up(app),
        Choice::Keeping => super::keeping::ask(app),
        Choice::Keep(keep) => super::keeping::count(app, keep),
        Choice::KeepNow(keep) => super::keeping::now(app, keep),
        Choice::Rename => super::people::ask_name(app),
        Choice::Block => super::people::ask_block(app),
        Choice::BlockNow => super::people::set_blocked(app, true),
        Choice::Unblock => super::people::set_blocked(app, false),
        Choice::Remove => super::people::ask_remove(app),
        Choice::RemoveNow => super::people::remove(app),
        Choice::Invitations => choose(app, &texts_of::invitations(), vec![Choice::Use, Choice::Make, Choice::Back]),
        Choice::Use => {
            app.screen = Screen::Paste;
            vec![say(texts_of::paste())]
        }
        Choice::Make => {
            app.screen = Screen::Label;
            vec![say(texts_of::for_whom())]
        }
        Choice::SendIt(text) => typed(app, text),
        Choice::Extras => super::safety::more(app),
        Choice::HelpNow => {
            let mut effects = super::safety::card(app);
            effects.extend(choose(app, &crate::language::talk::what_now(), vec![Choice::Back]));
            effects
        }
        Choice::Hide => vec![Effect::Hide],
        Choice::WhatIsThis => super::first::what_is_this(app),
        Choice::Center => super::center::all(app),
        Choice::MoreAbout => super::first::more_about(app),
        Choice::Practice => super::practice::begin(app),
        Choice::Anew => super::first::anew(app),
        Choice::Later => super::later::ask(app),
        Choice::LaterAt(when) => super::later::at(app, when),
        Choice::LaterTime => super::later::ask_time(app),
        Choice::LaterList => vec![Effect::LoadLater],
        Choice::LaterOne(message) => super::later::one(app, &message),
        Choice::LaterDrop(id) => vec![Effect::CancelLater(id)],
        Choice::Settings => super::settings::all(app),
        Choice::Setting(key) => super::settings::one(app, key),
        Choice::Set(key, value) => super::settings::set(key, value),
        Choice::Slow(block) => super::settings::slow(app, block),
        Choice::OwnHours => super::settings::ask_hours(app),
        Choice::Back => back(app),
        Choice::Shared => super::shared::ask(app),
        Choice::SharedNow => vec![Effect::Share],
        Choice::Leave => super::shared::leave(app),
        Choice::LeaveSo => super::shared::end(app),
        Choice::RemoveAll => super::shared::ask_remove(app),
        Choice::RemoveAllNow => super::shared::remove(app),
        Choice::Quit => super::shared::quit(app),
    }
}

/// Who the other person is, and what can be done about it.
fn about(app: &mut App) -> Vec<Effect> {
    // How long it is kept stands behind a choice of its own; where somebody is blocked, nothing is sent anyway.
    let kept = app.person.as_ref().map(human::kept).unwrap_or_default();
    let waits = app.person.as_ref().filter(|contact| contact.blocked).map(|_| crate::language::rejoin::waits());
    let lines = app.person.iter().flat_map(human::contact_details);
    let lines = lines.filter(|line| *line != kept && Some(line) != waits.as_ref());
    let mut effects: Vec<_> = lines.map(Effect::Say).collect();
    let choices = super::people::choices(app.person.as_ref());
    effects.extend(choose(app, &crate::language::talk::what_now(), choices));
    effects
}

/// Back to the conversation, or to the list.
pub(super) fn back(app: &mut App) -> Vec<Effect> {
    if app.person.is_none() && !app.open {
        return super::first::go_on(app);
    }
    if app.person.is_none() {
        return match app.again.take() {
            Some(link) => super::first::ask_again(app, link),
            None => vec![Effect::LoadPeople],
        };
    }
    app.screen = Screen::Talk;
    vec![say(texts_of::writing_to(person(app)))]
}

/// A label for an invitation.
pub(super) fn labelled(app: &mut App, line: &str) -> Vec<Effect> {
    let label = match line.trim() {
        "" => None,
        text => match names::check(text) {
            Ok(name) => Some(name),
            Err(why) => {
                app.screen = Screen::Label;
                return vec![say(texts_of::try_again(why))];
            }
        },
    };
    vec![super::moment(), Effect::NewInvitation { label }]
}

/// An invitation was made, or not.
pub(super) fn invited(app: &mut App, result: Result<Invitation, Fault>) -> Vec<Effect> {
    let mut effects = match result {
        Ok(invitation) => vec![Effect::Invitation(invitation)],
        Err(Fault::PassNeeded) if app.person.is_some() => {
            let ask = texts_of::ask_them(person(app));
            vec![say(crate::output::fault::words(&Fault::PassNeeded)), say(ask)]
        }
        Err(fault) => {
            vec![
                say(crate::output::fault::words(&fault)),
                say(texts_of::next(again::repeatable(&crate::output::fault::next(&fault)))),
            ]
        }
    };
    effects.extend(back(app));
    effects
}

/// What became of a message.
pub(super) fn sent(app: &mut App, result: Result<Outcome, Fault>) -> Vec<Effect> {
    match result {
        Ok(outcome) => {
            app.seen += 1;
            app.waiting += u64::from(outcome.state == SendState::Saved);
            let mut effects = vec![say(match outcome.state {
                SendState::Sent => texts_of::sent(),
                SendState::Saved => texts_of::saved(),
            })];
            if let Some(fault) = outcome.fault.filter(|fault| *fault != Fault::Unreachable) {
                effects.push(say(crate::output::fault::words(&fault)));
                effects.extend(super::rejoin::way_on(app, &fault));
            }
            effects
        }
        Err(fault) => {
            let mut effects = vec![say(crate::output::fault::words(&fault)), say(texts_of::not_sent())];
            if fault == Fault::KeysChanged {
                effects.push(say(crate::language::rejoin::how()));
            }
            if fault == Fault::Blocked {
                effects.push(say(texts::how_to_unblock(person(app))));
            }
            effects
        }
    }
}
