//! The conversation's state, what can happen to it, and what it may ask for.
//!
//! In and out: plain values only. This file must never learn a passphrase, a key or a file: the face that runs the
//! effects keeps those to itself.

use crate::engine::Fault;
use crate::engine::center::Center;
use crate::engine::model::{
    Check, Contact, Found as Hits, Invitation, Keep, Kept, Message, Outcome, Queued, Removed, Start,
};
use crate::later::When;
use crate::settings::{Block, Key, Settings};
use crate::shared::Place;

/// Why everything is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The person wished it.
    Asked,
    /// No key was pressed for a while.
    Idle,
}

/// What stands behind a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Open the conversation with this person.
    Person(Contact),
    /// More people, from this one on.
    More(usize),
    /// The list of people.
    People,
    /// Messages before those shown.
    Older,
    /// More of them.
    Earlier,
    /// Look for words in the conversation.
    Find,
    /// More of what was found, from here on.
    FindMore(String, Start),
    /// Who the other person is, and what can be done about it.
    About,
    /// Check words with them; from the beginning, where that was wanted.
    Check {
        /// Whether what was begun is given up.
        again: bool,
    },
    /// Start again with them.
    StartAgain,
    /// Make an invitation for it.
    InviteAgain,
    /// Use their invitation for it.
    UseAgain,
    /// Give up a new start that waits.
    GiveUp,
    /// How long the conversation is kept.
    Keeping,
    /// Keep it so long.
    Keep(Keep),
    /// Keep it so long, though messages are removed by it.
    KeepNow(Keep),
    /// Give them another name.
    Rename,
    /// Block them.
    Block,
    /// Block them, now that it was said what that means.
    BlockNow,
    /// Take a block back.
    Unblock,
    /// Remove them.
    Remove,
    /// Remove them, now that it was said what that means.
    RemoveNow,
    /// Use or make an invitation.
    Invitations,
    /// Use one.
    Use,
    /// Make one.
    Make,
    /// Send what was typed where a number was expected.
    SendIt(String),
    /// Choices that are not about one conversation.
    Extras,
    /// The card for an emergency.
    HelpNow,
    /// An empty screen and a locked profile.
    Hide,
    /// What Cairn is.
    WhatIsThis,
    /// What the center says of itself.
    Center,
    /// The second half of it.
    MoreAbout,
    /// A conversation that nobody reads.
    Practice,
    /// Another invitation than the one that was kept.
    Anew,
    /// Back to where the person was.
    Back,
    /// Write a message that leaves later.
    Later,
    /// At this time.
    LaterAt(When),
    /// At another time.
    LaterTime,
    /// What waits for its time.
    LaterList,
    /// One of these.
    LaterOne(Message),
    /// Take it back.
    LaterDrop(String),
    /// What can be set.
    Settings,
    /// What one of them can be.
    Setting(Key),
    /// Set it so.
    Set(Key, &'static str),
    /// Text in blocks of so many words.
    Slow(Block),
    /// Other quiet hours than those that are offered.
    OwnHours,
    /// Others use this computer too.
    Shared,
    /// Nothing is to stay on it.
    SharedNow,
    /// Close everybody's way, and leave.
    Leave,
    /// Leave, though a relay does not know it.
    LeaveSo,
    /// Everything of the profile is to go from this computer.
    RemoveAll,
    /// It is meant.
    RemoveAllNow,
    /// Leave.
    Quit,
}

/// What the next line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Screen {
    /// Nothing happened yet.
    Blank,
    /// Step 1: the invitation.
    Invitation,
    /// Step 2: the name.
    Name {
        /// The invitation, checked for damage.
        link: String,
    },
    /// Step 3: the passphrase, which the face asks for.
    Passphrase {
        /// The invitation.
        link: String,
        /// The name.
        name: String,
    },
    /// The profile is being made, or an invitation used.
    Joining {
        /// The invitation.
        link: String,
    },
    /// An invitation could not be used now: Enter tries again.
    JoinAgain {
        /// The invitation.
        link: String,
    },
    /// A passphrase is asked for, for the so-manieth time.
    Locked {
        /// Tries so far.
        tries: u8,
    },
    /// A number is expected.
    Choosing(Vec<Choice>),
    /// A label for a new invitation.
    Label,
    /// An invitation, in a profile that exists.
    Paste,
    /// Their invitation for a new start.
    PasteAgain,
    /// A check of words: what is typed are the words that they read.
    Checking,
    /// Quiet hours.
    Hours,
    /// Words to look for.
    Finding,
    /// Another name for the person.
    Renaming,
    /// A time for a message.
    LaterTime,
    /// A message that leaves then.
    LaterText(When),
    /// The conversation: what is typed is sent.
    Talk,
    /// The conversation for practice.
    Practice {
        /// The next of its steps.
        step: u8,
    },
    /// Everything is hidden; Enter goes on.
    Closed,
}

/// A first run that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    /// The invitation.
    pub(crate) link: String,
    /// The name, if it was given.
    pub(crate) name: Option<String>,
}

/// Words that were half typed when everything was hidden.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// To whom.
    pub(crate) contact_id: String,
    /// The words.
    pub(crate) text: String,
}

/// What the face does with messages that it was asked to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loading {
    /// They open the conversation.
    Opening,
    /// They stand before what is shown.
    Older,
}

/// The whole state.
#[derive(Debug)]
pub(crate) struct App {
    /// What the next line means.
    pub(crate) screen: Screen,
    /// With whom the conversation is.
    pub(crate) person: Option<Contact>,
    /// Everyone, as last loaded.
    pub(crate) people: Vec<Contact>,
    /// New things that wait until their conversation is opened.
    pub(crate) unread: Vec<Queued>,
    /// Messages of this conversation that stand on the screen.
    pub(crate) seen: usize,
    /// What a load of messages is for.
    pub(crate) loading: Loading,
    /// Whether the list of people was shown yet: before that, a single person's conversation opens by itself.
    pub(crate) listed: bool,
    /// The last trouble that was told, so that it is told once.
    pub(crate) trouble: Option<Fault>,
    /// Messages of this conversation that were called "not sent yet".
    pub(crate) waiting: u64,
    /// How the check of words stood that our person began, when it was last told.
    pub(crate) check: Option<Check>,
    /// Whether there is a profile, and it is open.
    pub(crate) open: bool,
    /// A first run that is not over.
    pub(crate) begun: Option<Begun>,
    /// An invitation that could not be used yet, while choices stand over its question.
    pub(crate) again: Option<String>,
    /// Whether the second screen of "What is this?" was shown before the first run.
    pub(crate) told: bool,
    /// Whose conversation is opened again after everything was hidden.
    pub(crate) reopen: Option<String>,
    /// What was half typed then.
    pub(crate) draft: Option<Draft>,
    /// What the person has set.
    pub(crate) settings: Settings,
    /// What is to be said before anything else, once: settings that can't be used.
    pub(crate) set_aside: Option<String>,
    /// What the center says of itself, as last read.
    pub(crate) center: Center,
    /// Where the profile lies, on a computer on which nothing is to stay; else none.
    pub(crate) shared: Option<Place>,
    /// Everything of the profile is about to go from this computer.
    pub(crate) ending: bool,
}

impl App {
    /// Before anything happened.
    pub(crate) fn new() -> Self {
        Self {
            screen: Screen::Blank,
            person: None,
            people: Vec::new(),
            unread: Vec::new(),
            seen: 0,
            loading: Loading::Opening,
            listed: false,
            trouble: None,
            waiting: 0,
            check: None,
            open: false,
            begun: None,
            again: None,
            told: false,
            reopen: None,
            draft: None,
            settings: Settings::default(),
            set_aside: None,
            center: Center::Unknown,
            shared: None,
            ending: false,
        }
    }
}

/// What was found at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No profile.
    Nothing,
    /// A profile with a passphrase.
    Locked,
    /// A profile that opens by itself.
    Open,
}

/// What can happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// The program starts.
    Start(Found),
    /// A whole line was typed.
    Line(String),
    /// A line was typed that is longer than the terminal takes.
    CutOff,
    /// A line was typed that is no text.
    NotText,
    /// No more lines will come.
    End,
    /// The person wishes to leave.
    Leave,
    /// Help was asked for where a passphrase is typed.
    Help,
    /// Everything is to be hidden.
    Hide {
        /// Why.
        why: Why,
        /// What had no Enter yet.
        half_typed: Option<String>,
        /// What opens the profile again.
        found: Found,
    },
    /// A new passphrase was typed twice the same.
    Chosen,
    /// It was typed in two different ways.
    Differ,
    /// Nothing was typed.
    Empty,
    /// The profile was made, or not.
    Made(Result<(), Fault>),
    /// The profile was opened, or not.
    Opened(Result<(), Fault>),
    /// An invitation was used, or not.
    Joined(Result<Contact, Fault>),
    /// Somebody was picked whose conversation is to be opened.
    Open(Contact),
    /// Everyone.
    People(Vec<Contact>),
    /// Messages, oldest first.
    Past(Vec<Message>),
    /// All that was not shown yet.
    News(Vec<Queued>),
    /// A message was sent or saved, or neither.
    Sent(Result<Outcome, Fault>),
    /// An invitation of theirs was used for a new start, or not.
    JoinedAgain(Result<Contact, Fault>),
    /// How a check of words stands now, or why there is none.
    Check(Result<Check, Fault>),
    /// A new start that waited is given up, or not.
    GivenUp(Result<Contact, Fault>),
    /// So many messages would be removed by this choice.
    Older(Keep, Result<u64, Fault>),
    /// How long the conversation is kept now, or why not.
    Kept(Result<Kept, Fault>),
    /// Messages that hold these words were found, or why they can't be looked for.
    Found(String, Result<Hits, Fault>),
    /// A person has another name now, or why not.
    Renamed(Result<Contact, Fault>),
    /// A person is blocked, or not any more; or why not.
    Blocked(Result<Contact, Fault>),
    /// A person was removed, or why not.
    Gone(Result<Removed, Fault>),
    /// An invitation was made, or not.
    Invitation(Result<Invitation, Fault>),
    /// A message waits for its time, or why not.
    Later(Result<Message, Fault>),
    /// All that wait for their time.
    LaterAll(Result<Vec<Message>, Fault>),
    /// A message was taken back, or why not.
    TakenBack(Result<Message, Fault>),
    /// A setting was changed, or why not.
    Set(Result<Settings, String>),
    /// Whether the relays can be worked with now.
    Trouble(Option<Fault>),
    /// The relay of an invitation was asked for its notice.
    Center(Center),
    /// So many messages of this conversation are not at the relay.
    Waiting(u64),
    /// So many messages of all conversations are not, and the person wishes to leave.
    Leaving(Result<u64, Fault>),
    /// Everybody's way was closed; whether the relays know it.
    AllClosed(Result<bool, Fault>),
}

/// What the face is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Print a paragraph of ours.
    Say(String),
    /// Print that something takes its time: true until something is asked again.
    Moment(String),
    /// Print an empty line.
    Gap,
    /// Print numbered choices.
    Choices(Vec<String>),
    /// Print an invitation with its link.
    Invitation(Invitation),
    /// Print messages.
    Past(Vec<Message>),
    /// Print new things and mark them as shown.
    News(Vec<Queued>),
    /// Mark as shown what stands on the screen already.
    Mark(Vec<i64>),
    /// Empty the screen and lock, as soon as can be.
    Hide,
    /// Close the profile; nothing of it stays, nor what waits to be printed.
    Close,
    /// Empty the screen, and what has rolled off it.
    Clear,
    /// Look what there is, and begin.
    Begin,
    /// Put words into the line as if they had been typed.
    PutBack(String),
    /// Keep the answers of the first run for a later one, or keep none.
    Keep(Option<Begun>),
    /// Ask the relay of an invitation for its notice, for some seconds at most.
    AskCenter {
        /// The invitation.
        link: String,
    },
    /// Ask for a new passphrase, twice.
    AskNewPassphrase,
    /// Ask for the passphrase and open the profile.
    AskPassphrase,
    /// Make the profile.
    Make {
        /// The name.
        name: String,
    },
    /// Use an invitation.
    Join {
        /// The invitation.
        link: String,
    },
    /// Use an invitation for a new start.
    JoinAgain {
        /// The invitation.
        link: String,
        /// With whom.
        contact_id: String,
    },
    /// Make an invitation for a new start.
    InviteAgain {
        /// With whom.
        contact_id: String,
    },
    /// Give up a new start that waits.
    GiveUp {
        /// With whom.
        contact_id: String,
    },
    /// Begin a check of words, or go on with it.
    Check {
        /// With whom.
        contact_id: String,
        /// Whether what was begun is given up.
        again: bool,
    },
    /// Compare what was typed.
    CheckTyped {
        /// With whom.
        contact_id: String,
        /// What was typed.
        text: String,
    },
    /// Count what a choice would remove.
    CountOlder {
        /// Of whose conversation.
        contact_id: String,
        /// The choice.
        keep: Keep,
    },
    /// Keep a conversation so long.
    KeepFor {
        /// Whose.
        contact_id: String,
        /// How long.
        keep: Keep,
    },
    /// Look for words in a conversation.
    Find {
        /// With whom.
        contact_id: String,
        /// The words.
        text: String,
        /// Where to begin.
        from: Start,
        /// At most so many messages.
        most: usize,
    },
    /// Give a person another name.
    Rename {
        /// Whom.
        contact_id: String,
        /// The name.
        name: String,
    },
    /// Block a person, or take that back.
    SetBlocked {
        /// Whom.
        contact_id: String,
        /// Whether.
        blocked: bool,
    },
    /// Remove a person.
    Remove {
        /// Whom.
        contact_id: String,
    },
    /// Load everyone.
    LoadPeople,
    /// Load the newest messages of a conversation.
    LoadPast {
        /// Whose.
        contact_id: String,
        /// How many.
        last: usize,
    },
    /// Send a message.
    Send {
        /// To whom.
        contact_id: String,
        /// Exactly this.
        text: String,
    },
    /// Make an invitation.
    NewInvitation {
        /// For whom.
        label: Option<String>,
    },
    /// Keep a message until a time.
    SendLater {
        /// To whom.
        contact_id: String,
        /// Exactly this.
        text: String,
        /// When.
        when: When,
    },
    /// Load what waits for its time.
    LoadLater,
    /// Take a message back.
    CancelLater(String),
    /// Change a setting.
    Set {
        /// Which.
        key: Key,
        /// To what.
        value: String,
    },
    /// From now on nothing is to stay on this computer.
    Share,
    /// Count what was not sent, before leaving.
    CountUnsent,
    /// Close everybody's way.
    CloseAll,
    /// Remove everything of the profile from this computer, and what stands on the screen; then end.
    RemoveAll,
    /// End well.
    Quit,
    /// End with this fault.
    Fail(Fault),
}
