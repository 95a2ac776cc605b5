//! What the engine tells the faces: people, invitations, messages, and what happened.
//!
//! In: rows of the vault. Out: plain values. This file must never learn a key, a mailbox or an envelope.
//! Text from others is kept exactly as it came; every face passes it through `sanitize` before anybody sees it.

pub use cairn_protocol::content::Keep;

/// How well the other person's keys are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Nobody compared words yet.
    Unchecked,
    /// This person typed the words that the other one read.
    Checked,
}

/// Somebody to talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Stable identifier, 16 hexadecimal digits, made on this device.
    pub id: String,
    /// The name shown: the invitation's label, else the name that they gave, with ` 2` behind a second one.
    pub name: String,
    /// The name that they gave to themselves.
    pub given_name: String,
    /// How well their keys are known.
    pub trust: Trust,
    /// The four words to read aloud, while a check of words has them.
    pub check_words: Option<String>,
    /// Whether a new start with this person waits for the words: until they are checked nothing is sent.
    pub rejoining: bool,
    /// How long the conversation is kept here.
    pub keep: Keep,
    /// How long they keep it, as they said; always, until they say something else.
    pub their_keep: Keep,
    /// Whether they are blocked: nothing goes to them, and nothing of theirs is fetched or shown.
    pub blocked: bool,
    /// When the contact was made, in milliseconds since 1970-01-01 UTC.
    pub created_at: i64,
    /// Messages that are saved here and not yet at the relay.
    pub waiting: u64,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// Nobody has used it yet.
    Open,
    /// Somebody has used it.
    Used,
    /// It was withdrawn.
    Revoked,
    /// Its time is over.
    Expired,
}

/// A one-time invitation that we made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Stable identifier, 8 hexadecimal digits, made on this device.
    pub id: String,
    /// For whom, in our own words; never leaves this device.
    pub label: Option<String>,
    /// The link, as long as the invitation is open.
    pub link: Option<String>,
    /// When it ends, in milliseconds since 1970-01-01 UTC.
    pub expires_at: i64,
    /// What became of it.
    pub state: InvitationState,
    /// The identifier of the contact with whom it makes a new start.
    pub rejoins: Option<String>,
    /// The identifiers of earlier ones for the same label that are open too; only where it was made just now.
    pub earlier: Vec<String>,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From them.
    In,
    /// From us.
    Out,
}

/// Where a message of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendState {
    /// Safe on this device, not yet at the relay.
    Saved,
    /// On the relay's disk.
    Sent,
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Stable identifier, 32 hexadecimal digits, the same on both sides.
    pub id: String,
    /// The contact's identifier.
    pub contact_id: String,
    /// The contact's name.
    pub contact: String,
    /// Which way it went.
    pub direction: Direction,
    /// `text`, or the number of a kind that this version does not know (then `text` is its plain fallback).
    pub kind: String,
    /// The exact text.
    pub text: String,
    /// When its writer sent it, by their clock, in milliseconds since 1970-01-01 UTC.
    pub sent_at: i64,
    /// When it arrived here; none for our own.
    pub received_at: Option<i64>,
    /// Where it is, for our own.
    pub state: Option<SendState>,
}

/// Which part of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Its end.
    Newest,
    /// What stands before this place.
    Before(i64),
    /// From this place on.
    From(i64),
}

/// A message and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its place: grows with each message of the vault.
    pub place: i64,
    /// Whether it was not shown yet.
    pub unread: bool,
    /// The message.
    pub message: Message,
}

/// Why the engine has something to say that is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// An invitation of ours was tried by a second person.
    SecondTaker,
    /// The other side's account of the conversation does not fit ours: an older copy of a profile is in use.
    HistoryDiffers,
    /// The other person has begun a check of words, and waits for ours to begin too.
    CheckAsked,
    /// A new start with a contact has come to be, and waits for the words.
    Rejoined,
    /// The keys of a conversation can't be read any more.
    SessionDamaged,
    /// The other side has lost a text of ours, as often as it was sent.
    NotArrived,
}

impl Reason {
    /// The word in `--json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondTaker => "second_taker",
            Self::HistoryDiffers => "history_differs",
            Self::CheckAsked => "check_asked",
            Self::Rejoined => "rejoined",
            Self::SessionDamaged => "session_damaged",
            Self::NotArrived => "not_arrived",
        }
    }
}

/// Something that happened and was not shown yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody used an invitation, or we did.
    Contact(Contact),
    /// A message arrived.
    Message(Message),
    /// Messages are known to be missing.
    Gap {
        /// The contact's name.
        from: String,
        /// The contact's identifier.
        contact_id: String,
        /// How many.
        missing: u64,
    },
    /// Messages were removed here because they are older than the conversation is kept.
    Removed {
        /// The contact's name.
        contact: String,
        /// The contact's identifier.
        contact_id: String,
        /// How many.
        messages: u64,
        /// How long the conversation is kept.
        keep: Keep,
    },
    /// The other side has said how long it keeps the conversation.
    TheirKeep {
        /// The contact's name.
        contact: String,
        /// The contact's identifier.
        contact_id: String,
        /// How long.
        keep: Keep,
    },
    /// Something the person should know.
    Notice {
        /// The invitation that it is about.
        invite: Option<String>,
        /// The contact that it is about, by name.
        contact: Option<String>,
        /// The contact's identifier.
        contact_id: Option<String>,
        /// The message of ours that it is about.
        message: Option<Message>,
        /// What.
        reason: Reason,
    },
}

/// An event and its place in the queue; [`Engine::mark_shown`](super::Engine::mark_shown) takes the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Grows with each event.
    pub number: i64,
    /// What happened.
    pub event: Event,
}

/// What `send` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The message.
    pub id: String,
    /// The contact's name.
    pub to: String,
    /// Where it is now.
    pub state: SendState,
    /// Why it is not at the relay, where a relay could be asked and said no, or showed another key.
    pub fault: Option<super::Fault>,
}

/// How a check of words stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CheckState {
    /// Nobody has begun.
    #[default]
    Idle,
    /// The other person has begun; ours has not.
    Asked,
    /// Ours has begun, and the other's part has not come.
    Waiting,
    /// The words are there: to read aloud, and to type what the other person reads.
    Words,
    /// What was typed fits.
    Matched,
    /// What was typed did not fit, three times.
    Different,
    /// The other person began again before this run was done.
    BeganAgain,
    /// The other side's program did not keep to the rules.
    Broken,
}

/// A check of words with one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The contact's identifier.
    pub contact_id: String,
    /// The contact's name.
    pub contact: String,
    /// How it stands.
    pub state: CheckState,
    /// The four words to read aloud.
    pub words: Option<String>,
    /// Tries left to type the other's words.
    pub tries_left: Option<u8>,
}

/// What waits with one person and goes before writing to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// The contact's name.
    pub contact: String,
    /// How the check of words stands; [`CheckState::Matched`] where the other person has begun another one since.
    pub check: CheckState,
    /// Whether a new start waits for the words.
    pub rejoining: bool,
    /// Whether the conversation can't go on without a new start.
    pub stopped: bool,
    /// Whether an invitation of ours for a new start is open.
    pub invited: bool,
}

/// What `keep` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The contact, with the new choice.
    pub contact: Contact,
    /// Whether the other side can learn of it by now: it is on the relay's disk.
    pub told: bool,
    /// Whether what was removed left the vault's file too; else there was no room to write it anew.
    pub erased: bool,
}

/// What removing somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The identifier that they had.
    pub contact_id: String,
    /// The name that they had.
    pub contact: String,
    /// Whether their way to us is closed at the relay too; else that is done as soon as it can be reached.
    pub closed: bool,
    /// Whether the file was written anew; else that is done at the next opening.
    pub erased: bool,
}

/// One thing that `doctor` looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// There is no profile.
    NoProfile,
    /// The home and its files are their owner's only.
    Private,
    /// Others may look into this file or folder, or own it.
    OpenToOthers(String),
    /// Nobody works in the home.
    Free,
    /// This process does: what is inside was not looked at.
    InUse(String),
    /// Nothing was given that opens the profile: what is inside was not looked at.
    Locked,
    /// The vault is whole, at this version.
    Whole(i32),
    /// The vault opens, and so many pages of it are not as they were written.
    Damaged(u64),
    /// The vault does not open, for this reason.
    Unreadable(String),
    /// What is inside can't be looked at now, for this reason. It may well be whole.
    NotLooked(String),
    /// A newer program made it.
    Newer,
    /// So many conversations can go on.
    Conversations(u64),
    /// The keys of the conversation with this person can't be read.
    Stopped(String),
    /// Free bytes of the disk.
    Room(u64),
    /// Too few of them.
    LittleRoom {
        /// There are.
        free: u64,
        /// There should be.
        wanted: u64,
    },
    /// The clock, milliseconds since 1970; nothing speaks against it.
    Clock(i64),
    /// The clock is before this newest message.
    ClockBehind(i64),
    /// The clock shows a day before this program was made.
    ClockOff,
    /// A relay answers.
    Answers(String),
    /// A relay does not.
    Silent(String),
}

/// What was saved of a damaged profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The new home.
    pub home: String,
    /// Whether the person's own name was read.
    pub profile: bool,
    /// People.
    pub people: u64,
    /// People of whom only messages were found.
    pub nameless: u64,
    /// Whether people may be missing.
    pub people_missing: bool,
    /// Messages.
    pub messages: u64,
    /// Messages that could not be read, where their number is known.
    pub missing: Option<u64>,
    /// Words that were typed and not sent.
    pub drafts: u64,
    /// Those of them that could not be read, where their number is known.
    pub drafts_missing: Option<u64>,
}

/// Where looking for words begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the newest message, backwards.
    Newest,
    /// With the message before this place, backwards.
    Before(i64),
    /// With the message after this place, forwards; 0: with the oldest.
    After(i64),
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in the conversation; grows from message to message.
    pub place: i64,
    /// The message.
    pub message: Message,
}

/// What was found, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The messages.
    pub hits: Vec<Hit>,
    /// Where to go on; none: all was looked through.
    pub next: Option<Start>,
}

/// What `status --data` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// The month, `2026-11`, UTC.
    pub month: String,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}

/// What `status` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The name of the profile.
    pub name: String,
    /// The relay that new invitations use, as text.
    pub relay: Option<String>,
    /// People.
    pub contacts: u64,
    /// Open invitations.
    pub invitations: u64,
    /// Messages saved here and not yet at a relay.
    pub waiting: u64,
    /// Events not shown yet.
    pub unshown: u64,
    /// Whether each relay in use answers, by address; empty if not asked.
    pub relays: Vec<(String, bool)>,
}
