//! Everything that commands print: JSON lines, or calm sentences.
//!
//! In: what the engine tells. Out: whole lines on standard output, flushed; errors on standard error. This file must
//! never learn where the values come from: it is handed values, not the engine.

pub(crate) mod again;
pub(crate) mod card;
pub(crate) mod check;
pub(crate) mod closed;
pub(crate) mod copy;
pub(crate) mod doctor;
pub(crate) mod fault;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod people;
pub(crate) mod qr;
pub(crate) mod time;
pub(crate) mod wrap;

use crate::command::Stop;
use crate::config::Config;
use crate::engine::center::Center;
use crate::engine::model::{
    Check, Contact, Data, Event, Finding, Invitation, Kept, Message, Outcome, Removed, Salvaged, Status,
};
use crate::language;
use crate::sanitize;
use crate::settings::{Key, Settings};
use std::io::{self, Write};

/// Columns assumed where a terminal does not say.
const COLUMNS: usize = 80;

/// Where and how a command prints.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    json: bool,
    /// Columns to wrap at; none: standard output is no terminal.
    columns: Option<usize>,
    drawing: qr::Drawing,
}

impl Output {
    /// As the run's options say.
    pub(crate) fn new(config: &Config) -> Self {
        let columns = config.terminal.then(|| Config::columns().unwrap_or(COLUMNS));
        let drawing = match (config.terminal && !config.plain && !config.json, config.color) {
            (false, _) => qr::Drawing::None,
            (true, true) => qr::Drawing::Color,
            (true, false) => qr::Drawing::Blocks,
        };
        Self { json: config.json, columns, drawing }
    }

    /// Whole text at once: nothing is ever half printed.
    fn put(text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn put_human(&self, paragraph: &str) -> io::Result<()> {
        Self::put(&(wrap::paragraph(paragraph, self.columns) + "\n"))
    }

    /// A sentence for a person; silent with `--json`.
    pub(crate) fn say(&self, sentence: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { self.put_human(sentence) }
    }

    /// The next obvious command; silent with `--json`.
    pub(crate) fn next(&self, command: &str) -> Result<(), Stop> {
        // It may hold a name that somebody else has chosen.
        Ok(self.say(&language::talk::next(again::repeatable(command)))?)
    }

    /// A line that must stay in one piece, such as a link; silent with `--json`.
    fn unbroken(&self, line: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { Self::put(&format!("\n{line}\n\n")) }
    }

    /// The profile was made.
    pub(crate) fn profile(&self, name: &str) -> io::Result<()> {
        if self.json {
            return Self::put(&json::profile(name));
        }
        self.say(&language::standing::ready(sanitize::name(name)))
    }

    /// A new invitation, with all that is needed to hand it over.
    pub(crate) fn invitation_made(&self, invitation: &Invitation) -> io::Result<()> {
        if self.json {
            return Self::put(&json::invitation(invitation));
        }
        self.say(&human::invitation_head(invitation))?;
        if let Some(link) = &invitation.link {
            self.unbroken(&sanitize::line(link))?;
            match qr::draw(link, self.drawing, self.columns.unwrap_or(COLUMNS)) {
                Some(code) => Self::put(&(code + "\n"))?,
                None => self.say(&language::standing::no_qr())?,
            }
        }
        self.say(&human::invitation_rules(invitation))?;
        human::invitation_earlier(invitation).iter().try_for_each(|said| self.say(said))
    }

    /// An invitation in a list.
    pub(crate) fn invitation(&self, invitation: &Invitation) -> io::Result<()> {
        if self.json {
            return Self::put(&json::invitation(invitation));
        }
        self.say(&human::invitation_line(invitation))?;
        match &invitation.link {
            Some(link) => self.unbroken(&sanitize::line(link)),
            None => Ok(()),
        }
    }

    /// A person.
    pub(crate) fn contact(&self, contact: &Contact) -> io::Result<()> {
        if self.json { Self::put(&json::contact(contact)) } else { self.put_human(&human::contact_line(contact)) }
    }

    /// What was changed about a person; with `--json`, the person.
    pub(crate) fn changed(&self, contact: &Contact, sentence: &str) -> io::Result<()> {
        if self.json { Self::put(&json::contact(contact)) } else { self.put_human(sentence) }
    }

    /// One thing that was looked at.
    pub(crate) fn finding(&self, finding: &Finding) -> io::Result<()> {
        let (subject, verdict) = doctor::verdict(finding);
        let sentence = doctor::sentence(finding);
        if self.json {
            return Self::put(&json::finding(subject, verdict, &sentence));
        }
        self.put_human(&sentence)
    }

    /// What was saved of a damaged profile.
    pub(crate) fn salvaged(&self, saved: &Salvaged) -> io::Result<()> {
        if self.json {
            return Self::put(&json::salvaged(saved));
        }
        doctor::salvaged(saved).iter().try_for_each(|line| self.put_human(line))
    }

    /// A person was removed.
    pub(crate) fn contact_removed(&self, removed: &Removed) -> io::Result<()> {
        if self.json {
            return Self::put(&json::contact_removed(removed));
        }
        people::removed(removed).iter().try_for_each(|line| self.put_human(line))
    }

    /// What became of a message that was sent.
    pub(crate) fn sent(&self, outcome: &Outcome) -> io::Result<()> {
        if self.json { Self::put(&json::sent(outcome)) } else { self.put_human(&human::sent(outcome)) }
    }

    /// A message of the history.
    pub(crate) fn message(&self, message: &Message, profile: &str) -> io::Result<()> {
        if self.json { Self::put(&json::message(message, profile)) } else { self.put_human(&human::message(message)) }
    }

    /// Something new.
    pub(crate) fn event(&self, event: &Event, profile: &str) -> io::Result<()> {
        if self.json { Self::put(&json::event(event, profile)) } else { self.put_human(&human::event(event)) }
    }

    /// How a check of words stands.
    pub(crate) fn check(&self, check: &Check) -> io::Result<()> {
        if self.json {
            return Self::put(&json::check(check));
        }
        check::standing(check).iter().try_for_each(|line| self.put_human(line))
    }

    /// The card for an emergency.
    pub(crate) fn card(&self, center: &Center) -> io::Result<()> {
        let lines = card::card(center);
        if self.json {
            return Self::put(&json::card(center, &lines));
        }
        lines.iter().try_for_each(|line| self.put_human(line))
    }

    /// Nobody has the profile open.
    pub(crate) fn locked(&self, was_open: bool) -> io::Result<()> {
        if self.json {
            return Self::put(&json::locked(was_open));
        }
        let texts = if was_open { language::standing::hidden_now } else { language::standing::none_open };
        self.put_human(&texts())
    }

    /// How long a conversation is kept now.
    pub(crate) fn kept(&self, kept: &Kept) -> io::Result<()> {
        if self.json { Self::put(&json::kept(kept)) } else { self.put_human(&human::keeps(kept, false)) }
    }

    /// A message that waits for its time.
    pub(crate) fn later(&self, message: &Message) -> io::Result<()> {
        if self.json {
            return Self::put(&json::later("waiting", message));
        }
        let when = time::moment(message.sent_at);
        self.say(&human::message(message))?;
        self.say(&language::later::leaves(sanitize::name(&message.contact), when))?;
        self.say(&language::later::id(&message.id))
    }

    /// It does not wait any more, and was not sent.
    pub(crate) fn taken_back(&self, message: &Message) -> io::Result<()> {
        if self.json {
            return Self::put(&json::later("cancelled", message));
        }
        self.say(&language::later::taken_back(sanitize::name(&message.contact)))
    }

    /// A setting.
    pub(crate) fn setting(&self, key: Key, settings: &Settings) -> io::Result<()> {
        if self.json {
            return Self::put(&json::setting(key.name(), &key.get(settings), key.allowed()));
        }
        self.put_human(&language::settings::line(key.name(), key.get(settings), key.allowed().join(", ")))
    }

    /// Everything of the profile is gone; the folder too, unless there is something in it that is not ours.
    pub(crate) fn profile_removed(&self, home: &str, folder: bool) -> io::Result<()> {
        if self.json {
            return Self::put(&json::profile_removed(home, folder));
        }
        self.say(&language::removal::done())?;
        if !folder {
            self.say(&language::removal::folder_stays(sanitize::line(home)))?;
        }
        self.say(&language::removal::what_stays())
    }

    /// The bytes of this month.
    pub(crate) fn data(&self, data: &Data) -> io::Result<()> {
        if self.json {
            return Self::put(&json::data(data));
        }
        human::data(data).iter().try_for_each(|line| self.put_human(line))
    }

    /// A whole conversation, as it stands in a file; on standard output.
    pub(crate) fn copy(text: &str) -> io::Result<()> {
        Self::put(text)
    }

    /// A conversation was written to this file.
    pub(crate) fn exported(&self, contact: &Contact, file: &str, messages: usize) -> io::Result<()> {
        if self.json {
            return Self::put(&json::exported(contact, file, messages));
        }
        let (name, file) = (sanitize::name(&contact.name), sanitize::line(file));
        self.say(&language::standing::exported(messages, name, file))
    }

    /// How things stand.
    pub(crate) fn status(&self, status: &Status) -> io::Result<()> {
        if self.json {
            return Self::put(&json::status(status));
        }
        human::status(status).iter().try_for_each(|line| self.put_human(line))
    }
}

/// A sentence on standard error, beside the results.
pub(crate) fn aside(sentence: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all((wrap::paragraph(&sanitize::text(sentence), error_columns()) + "\n").as_bytes())?;
    out.flush()
}

fn error_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Something to know that stops nothing, on standard error. That it can't be printed changes nothing.
pub(crate) fn warning(json: bool, message: &str) {
    let _ = if json { io::stderr().lock().write_all(json::warning(message).as_bytes()) } else { aside(message) };
}

/// A failure, on standard error. That it can't be printed changes nothing any more.
pub(crate) fn error(json: bool, code: u8, message: &str, next: &str) {
    let text = if json {
        json::error(code, message, next)
    } else {
        let columns = error_columns();
        let message = wrap::paragraph(&sanitize::text(message), columns);
        message + "\n" + &wrap::paragraph(&language::talk::next(again::repeatable(next)), columns) + "\n"
    };
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
