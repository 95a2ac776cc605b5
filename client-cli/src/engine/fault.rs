//! What can go wrong for a person, each with its exit code and its next step.
//!
//! In: the errors of vault, network and protocol. Out: one kind and one sentence. This file must never learn what was
//! written: no message text, no name, no key enters a fault.

/// A failure as the contract names it (docs/cli.md, exit codes).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// 1: nobody expected this.
    #[error("{0}")]
    Unexpected(String),
    /// 1: the disk has no room.
    #[error("The disk is full. Nothing was changed.")]
    NoRoom,
    /// 2: the call's words are off.
    #[error("{0}")]
    Usage(String),
    /// 2: what a person typed is off.
    #[error("{0}")]
    Slip(Slip),
    /// 2: the folder of the profile can't be used.
    #[error("{0}")]
    Home(String),
    /// 3: there is no profile yet.
    #[error("There is no profile here yet.")]
    NotSetUp,
    /// 3: the profile is locked, and nothing was given that opens it.
    #[error("The profile is locked, and no passphrase was given.")]
    Locked,
    /// 4: the relay can't be reached.
    #[error("The relay can't be reached.")]
    Unreachable,
    /// 4: a relay answers, with another key than the one in its address.
    #[error("What answers is not the relay that Cairn knows. Nothing was told to it.")]
    OtherRelay,
    /// 5: the other person's keys changed: a new start waits for the words; nothing was sent.
    #[error("The keys of this conversation are new, and the words are not checked yet. Nothing was sent.")]
    KeysChanged,
    /// 6: no contact of this name.
    #[error("There is no contact of that name.")]
    NoContact,
    /// 7: an invitation that is used.
    #[error("This invitation was used already. It works once.")]
    InvitationUsed,
    /// 7: an invitation that is withdrawn, expired or unknown to the relay.
    #[error("This invitation is no longer there: it ended, or it was withdrawn.")]
    InvitationGone,
    /// 7: what waits at the invitation's place is not what the inviter put there.
    #[error("This invitation can't be used: what came with it does not fit.")]
    InvitationAltered,
    /// 7: the relay wants a pass.
    #[error("This relay asks for a pass, and there is none, or it is used up.")]
    PassNeeded,
    /// 7: their mailbox is full.
    #[error("Their mailbox is full. Not sent yet.")]
    Full,
    /// 7: the mailbox is gone: the other side ended the conversation or lost its profile.
    #[error("The other side does not take messages any more. Not sent.")]
    Closed,
    /// 7: our person has blocked them.
    #[error("You have blocked this person. Nothing was sent.")]
    Blocked,
    /// 7: too fast, or the relay can't now.
    #[error("The relay is busy. Try again in a moment.")]
    Busy,
    /// 7: another process works on the profile.
    #[error("Another Cairn is open on this profile ({0}).")]
    InUse(String),
    /// 8: the passphrase is not the right one.
    #[error("This passphrase does not open the profile.")]
    WrongPassphrase,
    /// 8: the vault can't be read.
    #[error("The profile can't be read as it is: {0}")]
    Damaged(String),
    /// 8: a newer program made the profile.
    #[error("This profile was made or changed by a newer Cairn. Nothing was changed.")]
    NewerProfile,
    /// 8: an older copy of the profile.
    #[error("This is an older copy of the profile: another copy was used after it. Nothing was sent.")]
    OlderCopy,
    /// 8: both sides' accounts of a conversation differ.
    #[error(
        "Your copy of this conversation and theirs don't fit together any more: an older copy of a profile was used. Not sent."
    )]
    HistoryDiffers,
    /// 8: a session can't be read.
    #[error(
        "This conversation needs a new start: its keys can't be read here any more. What you both wrote is still here."
    )]
    SessionDamaged,
    /// 9: the time of `--wait` is over.
    #[error("Nothing came in that time.")]
    WaitOver,
    /// 130: interrupted.
    #[error("Stopped.")]
    Interrupted,
}

impl Fault {
    /// The exit code (docs/cli.md).
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Unexpected(_) | Self::NoRoom => 1,
            Self::Usage(_) | Self::Slip(_) | Self::Home(_) => 2,
            Self::NotSetUp | Self::Locked => 3,
            Self::Unreachable | Self::OtherRelay => 4,
            Self::KeysChanged => 5,
            Self::NoContact => 6,
            Self::InvitationUsed
            | Self::InvitationGone
            | Self::InvitationAltered
            | Self::PassNeeded
            | Self::Full
            | Self::Closed
            | Self::Blocked
            | Self::Busy
            | Self::InUse(_) => 7,
            Self::WrongPassphrase
            | Self::Damaged(_)
            | Self::NewerProfile
            | Self::OlderCopy
            | Self::HistoryDiffers
            | Self::SessionDamaged => 8,
            Self::WaitOver => 9,
            Self::Interrupted => 130,
        }
    }

    /// The command that gets the person further.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Unexpected(_) => "cairn status",
            Self::NoRoom => "make room on the disk, then the same again",
            Self::Usage(_) | Self::Slip(_) => "cairn --help",
            Self::Home(_) => "see who may write in that folder, or use another one: --home DIR",
            Self::NotSetUp => "cairn join LINK, or cairn setup --name NAME",
            Self::Locked => "the same command with --passphrase-file FILE, or in a terminal",
            Self::Unreachable => "cairn status",
            Self::OtherRelay => "ask the people who run the relay whether its address is still the same",
            Self::NoContact => "cairn contact list",
            Self::KeysChanged => "cairn contact verify CONTACT",
            Self::InvitationUsed | Self::InvitationGone | Self::InvitationAltered => {
                "tell the person who invited you, and ask for a new invitation"
            }
            Self::PassNeeded => "ask the center for a pass, then cairn invite new --pass PASS",
            Self::Full | Self::Busy => "cairn inbox, later",
            Self::Blocked => "cairn contact unblock CONTACT",
            Self::Closed | Self::HistoryDiffers | Self::SessionDamaged => {
                "cairn invite new --rejoin CONTACT, or ask them for an invitation and cairn join LINK --as CONTACT"
            }
            Self::OlderCopy => {
                "use the newer copy; if it is lost: cairn invite new --rejoin CONTACT, or ask them for an invitation \
                 and cairn join LINK --as CONTACT"
            }
            Self::InUse(_) => "close the other one, then try again",
            Self::WrongPassphrase => "the same command again: capital letters and spaces count",
            Self::Damaged(_) => "cairn doctor",
            Self::NewerProfile => "the same command, with the newest Cairn",
            Self::WaitOver => "cairn inbox",
            Self::Interrupted => "the same command again",
        }
    }
}

/// What can be off in an invitation or in words that a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Slip {
    /// No invitation at all.
    #[error("This is not an invitation. One begins with CAIRN: and is one long line.")]
    NoInvitation,
    /// A damaged one.
    #[error("A letter is missing or different in this invitation.")]
    Letter,
    /// One that this program does not know.
    #[error("This invitation was made by a newer version of Cairn.")]
    NewerInvitation,
    /// One's own.
    #[error("This invitation is your own. Give it to somebody else.")]
    OwnInvitation,
    /// One that was used for somebody new, or for a new start, and now for the other.
    #[error("This invitation was used here before, in another way. Ask for a new one.")]
    OtherWay,
    /// So many check words instead of four.
    #[error("{}, and four are needed. No try was used.", typed(.0))]
    Words(usize),
    /// The so-manieth word is none of the list.
    #[error("Word {0} is not one of the check words. No try was used.")]
    Word(usize),
}

fn typed(number: &usize) -> String {
    if *number == 1 { "One word was typed".to_owned() } else { format!("{number} words were typed") }
}
