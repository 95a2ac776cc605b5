//! What may happen to two parties, and what is counted of it.
//!
//! In: nothing. Out: types. This file must never learn what an event brings about.

/// One thing that happens. The numbers choose among what there is at that moment, so that any list of events can be
/// played, and a shorter list too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A person writes.
    Send(usize),
    /// A control message, wanted or not.
    Control(usize),
    /// The network delivers one of what it holds; the first if the number is even.
    Deliver(usize, u32),
    /// The same, and keeps it to deliver it once more.
    Double(usize, u32),
    Drop(usize, u32),
    /// Anything that was ever put, by either side, whenever.
    Replay(usize, u32),
    /// One bit of something that was ever put.
    Flip(usize, u32, u32),
    Junk(usize),
    /// What this side has put comes back to it.
    Reflect(usize, u32),
    /// All that is unconfirmed is put again.
    PutAgain(usize),
    Restart(usize),
    /// The program ends after the state moved and before it was saved.
    LostSend(usize),
    LostDelivery(usize, u32),
    /// A saved state is set aside.
    SetAside(usize),
    /// A state that was set aside comes back; the newest if the number is even.
    RollBack(usize, u32),
    /// Seconds pass.
    Pass(usize, u64),
    /// Seconds pass and the program looks at the clock.
    Look(usize, u64),
    /// The clock says something else.
    Jump(usize, u64),
    /// Somebody who holds the peer's keys makes an envelope with one fault.
    Forge(usize, u8),
}

impl Event {
    pub(crate) const fn who(self) -> usize {
        match self {
            Self::Send(who)
            | Self::Control(who)
            | Self::Deliver(who, _)
            | Self::Double(who, _)
            | Self::Drop(who, _)
            | Self::Replay(who, _)
            | Self::Flip(who, ..)
            | Self::Junk(who)
            | Self::Reflect(who, _)
            | Self::PutAgain(who)
            | Self::Restart(who)
            | Self::LostSend(who)
            | Self::LostDelivery(who, _)
            | Self::SetAside(who)
            | Self::RollBack(who, _)
            | Self::Pass(who, _)
            | Self::Look(who, _)
            | Self::Jump(who, _)
            | Self::Forge(who, _) => who,
        }
    }
}

/// What happened, counted: a model in which something never happens shows nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Seen {
    Along,
    Step,
    LateCurrent,
    LateOld,
    NotOurs,
    Again,
    TooManySkipped,
    Header,
    Commitment,
    Body,
    Unconfirmed,
    Differs,
    Wiped,
    RolledBack,
    ForgedAtLimit,
    ForgedPastLimit,
    Quiet,
    ForkDiffers,
    ForkRefused,
    ForkHarmless,
    ForkSilent,
    /// Rare, so that an ordinary run need not see it.
    ForkHidden,
}

impl Seen {
    pub(crate) const ALL: [Self; 21] = [
        Self::Along,
        Self::Step,
        Self::LateCurrent,
        Self::LateOld,
        Self::NotOurs,
        Self::Again,
        Self::TooManySkipped,
        Self::Header,
        Self::Commitment,
        Self::Body,
        Self::Unconfirmed,
        Self::Differs,
        Self::Wiped,
        Self::RolledBack,
        Self::ForgedAtLimit,
        Self::ForgedPastLimit,
        Self::Quiet,
        Self::ForkDiffers,
        Self::ForkRefused,
        Self::ForkHarmless,
        Self::ForkSilent,
    ];
}
