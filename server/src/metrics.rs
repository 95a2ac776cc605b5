//! Counts of what the relay does, for Prometheus.
//!
//! In: requests, replies, faults. Out: numbers with a plain sentence each, and no label. This file must never learn who,
//! which or when: it counts kinds.
//!
//! A row of counts read every few seconds would say when somebody writes, on a relay with few people nearly who. So
//! counts of what people do are shown as they stood at the first look of the present hour; only faults are shown at once.

use crate::log;
use cairn_protocol::wire::frame::{Refusal, Reply, Request};
use core::sync::atomic::{AtomicU64, Ordering};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// Seconds for which counts of what people do stand still. Larger: an operator learns of growth later. Smaller: recorded
/// numbers say when people write.
const STILL: u64 = 3600;

/// Free bytes of the disk are told in steps of this: finer ones would count envelopes.
const STEP: u64 = 64 << 20;

/// Whether a number is shown as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// At once.
    Now,
    /// As it stood at the first look of the hour.
    Hourly,
}

macro_rules! numbers {
    ($($kind:ident $shown:ident $type:ident $name:literal $sentence:literal;)*) => {
        /// What is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Number {
            $(#[doc = $sentence] $kind,)*
        }

        /// Every number: when it is shown, its type, its name without `cairn_relay_`, and what it says.
        pub const NUMBERS: &[(Number, Shown, &str, &str, &str)] =
            &[$((Number::$kind, Shown::$shown, stringify!($type), $name, $sentence),)*];
    };
}

numbers! {
    Ready Now gauge "ready" "1 if the store answers and the relay is not stopping, else 0.";
    Warnings Now counter "warnings_total" "Warnings in the log since the start.";
    Errors Now counter "errors_total" "Errors in the log since the start.";
    TurnedAway Now counter "connections_turned_away_total" "Connections closed at once because there was no place for them.";
    NotAccepted Now counter "accept_failures_total" "Times that the machine gave no connection, for instance for want of descriptors.";
    Malformed Now counter "refused_malformed_total" "Requests that were not understood.";
    OtherVersion Now counter "refused_version_total" "Clients that speak no version that this relay speaks.";
    TooFast Now counter "refused_too_fast_total" "Requests refused because they came too fast.";
    NotNow Now counter "refused_not_now_total" "Requests refused because the disk takes no more, or while stopping.";
    DiskFree Now gauge "disk_free_bytes" "Bytes free on the disk of the data folder, in steps of 64 MiB.";
    Connections Hourly gauge "connections" "Connections that are open.";
    Accepted Hourly counter "connections_accepted_total" "Connections that were given a place.";
    Hellos Hourly counter "hellos_total" "Connections that got through TLS and said Hello.";
    Notices Hourly counter "notices_total" "Times that somebody asked for the operator's notice.";
    Puts Hourly counter "puts_total" "Envelopes brought, repeats among them.";
    Delivered Hourly counter "delivered_total" "Envelopes handed to owners, repeats among them.";
    Fetches Hourly counter "fetches_total" "Times that an owner asked for envelopes.";
    Acknowledged Hourly counter "acknowledged_total" "Envelopes that owners named as received.";
    Subscriptions Hourly counter "subscriptions_total" "Times that an owner proved a mailbox's key.";
    MailboxesAsked Hourly counter "mailboxes_asked_total" "Times that somebody asked for a new mailbox.";
    MailboxesDeleted Hourly counter "mailboxes_delete_total" "Times that an owner asked to delete a mailbox.";
    Invitations Hourly counter "invitations_total" "Bundles of invitations brought.";
    Taken Hourly counter "invitations_take_total" "Times that somebody asked for an invitation's bundle.";
    InvitationsAsked Hourly counter "invitations_status_total" "Times that an inviter asked what became of an invitation.";
    Revoked Hourly counter "invitations_revoke_total" "Times that an inviter withdrew an invitation.";
    NoRight Hourly counter "refused_no_right_total" "Requests refused because a place, a right, a pass or an invitation was not there, used or full.";
    Superseded Hourly counter "refused_superseded_total" "Requests refused because another connection or a newer copy of a profile had taken over.";
    StoreBytes Hourly gauge "store_bytes" "Bytes of relay.db.";
    JournalBytes Hourly gauge "journal_bytes" "Bytes of the journal beside it.";
}

const SIZE: usize = NUMBERS.len();

/// The numbers of a running relay.
#[derive(Debug)]
pub struct Metrics {
    now: [AtomicU64; SIZE],
    /// The hour of the last look, and the numbers as they stood then.
    hour: Mutex<(u64, [u64; SIZE])>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { now: [const { AtomicU64::new(0) }; SIZE], hour: Mutex::new((0, [0; SIZE])) }
    }
}

impl Metrics {
    /// Counts one.
    pub fn count(&self, number: Number) {
        self.add(number, 1);
    }

    /// Sets a number that goes up and down.
    pub fn set(&self, number: Number, value: u64) {
        if let Some(place) = self.now.get(number as usize) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// Sets the free bytes of the disk.
    pub fn disk_free(&self, bytes: u64) {
        self.set(Number::DiskFree, bytes / STEP * STEP);
    }

    /// Counts a request.
    pub fn asked(&self, request: &Request) {
        let number = match request {
            Request::Hello { .. } => Number::Hellos,
            Request::Notice => Number::Notices,
            Request::CreateMailbox { .. } => Number::MailboxesAsked,
            Request::DeleteMailbox { .. } => Number::MailboxesDeleted,
            Request::Subscribe { .. } => Number::Subscriptions,
            Request::Fetch { .. } => Number::Fetches,
            Request::Acknowledge { ids, .. } => return self.add(Number::Acknowledged, ids.len()),
            Request::Put { .. } => Number::Puts,
            Request::PutBundle { .. } => Number::Invitations,
            Request::TakeBundle { .. } => Number::Taken,
            Request::BundleStatus { .. } => Number::InvitationsAsked,
            Request::RevokeBundle { .. } => Number::Revoked,
        };
        self.count(number);
    }

    /// Counts a reply.
    pub fn answered(&self, reply: &Reply) {
        let refusal = match reply {
            Reply::Page(page) => return self.add(Number::Delivered, page.len()),
            Reply::Refused(refusal) => refusal,
            Reply::Welcome(_) | Reply::Done | Reply::Bundle(_) | Reply::BundleState(_) | Reply::Notice(_) => return,
        };
        self.count(match refusal {
            Refusal::Malformed => Number::Malformed,
            Refusal::Version => Number::OtherVersion,
            Refusal::TooFast { .. } => Number::TooFast,
            Refusal::NotNow => Number::NotNow,
            Refusal::Behind | Refusal::Fenced => Number::Superseded,
            Refusal::Denied
            | Refusal::Admission
            | Refusal::Conflict
            | Refusal::Full
            | Refusal::Taken
            | Refusal::Gone => Number::NoRight,
        });
    }

    /// The numbers as Prometheus reads them, at this second.
    pub fn text(&self, seconds: u64) -> String {
        let (warnings, errors) = log::counts();
        self.set(Number::Warnings, warnings);
        self.set(Number::Errors, errors);
        let now = self.now.each_ref().map(|number| number.load(Ordering::Relaxed));
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        if hour.0 != seconds / STILL {
            *hour = (seconds / STILL, now);
        }
        let mut text = String::new();
        for (&(_, shown, kind, name, sentence), (now, then)) in NUMBERS.iter().zip(now.iter().zip(&hour.1)) {
            let value = if shown == Shown::Now { now } else { then };
            // Writing to a string doesn't fail.
            let _ = writeln!(
                text,
                "# HELP cairn_relay_{name} {sentence}\n# TYPE cairn_relay_{name} {kind}\ncairn_relay_{name} {value}"
            );
        }
        text
    }

    fn add(&self, number: Number, more: usize) {
        if let Some(place) = self.now.get(number as usize) {
            place.fetch_add(u64::try_from(more).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("cairn_relay_{name} ")));
        line.unwrap().parse().unwrap()
    }

    #[test]
    fn what_people_do_stands_still_for_an_hour_and_faults_do_not() {
        let metrics = Metrics::default();
        metrics.count(Number::Puts);
        let text = metrics.text(STILL * 5);
        assert_eq!(value(&text, "puts_total"), 1, "the first look of an hour is fresh");
        metrics.count(Number::Puts);
        metrics.count(Number::TurnedAway);
        let text = metrics.text(STILL * 6 - 1);
        assert_eq!((value(&text, "puts_total"), value(&text, "connections_turned_away_total")), (1, 1));
        assert_eq!(value(&metrics.text(STILL * 6), "puts_total"), 2);
        for (_, shown, _, name, _) in NUMBERS {
            let fault = name.starts_with("refused_malformed")
                || ["ready", "warnings_total", "errors_total", "disk_free_bytes", "accept_failures_total"]
                    .contains(name)
                || ["connections_turned_away_total", "refused_version_total", "refused_too_fast_total"].contains(name)
                || *name == "refused_not_now_total";
            assert_eq!(*shown == Shown::Now, fault, "{name}");
        }
    }

    #[test]
    fn there_are_names_and_numbers_and_nothing_else() {
        let metrics = Metrics::default();
        metrics.disk_free(STEP * 3 + 5);
        let text = metrics.text(STILL);
        assert_eq!(value(&text, "disk_free_bytes"), STEP * 3);
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            let (name, value) = line.split_once(' ').unwrap();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            assert!(value.bytes().all(|byte| byte.is_ascii_digit()), "{line}");
        }
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), NUMBERS.len());
    }
}
