//! What is measured: slices of work for one kind of side, prepared untimed, then timed.

use crate::{SKIPPED, Side, established};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A workload, and what it starts from each time.
pub struct Work<S: Side> {
    kind: Kind,
    /// Both sides as they are saved, before each slice of work.
    one: S::Saved,
    two: S::Saved,
    /// A message that comes after [`SKIPPED`] others.
    late: Option<S::Message>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All keys, the invitation, the first envelope: both sides.
    SetUp,
    /// A message in a chain that has begun.
    Encrypt,
    /// The next message of a chain.
    Decrypt,
    /// A message before which [`SKIPPED`] are missing.
    DecryptSkipped,
    /// A message written and read, each in a new chain: what one turn of a conversation costs both sides.
    PingPong,
    /// The state as bytes.
    Save,
    /// The state from bytes.
    Load,
}

impl Kind {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 7] =
        [Self::SetUp, Self::Encrypt, Self::Decrypt, Self::DecryptSkipped, Self::PingPong, Self::Save, Self::Load];

    /// As the table says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set-up of both sides",
            Self::Encrypt => "encrypt in a chain",
            Self::Decrypt => "decrypt in order",
            Self::DecryptSkipped => "decrypt, 495 skipped",
            Self::PingPong => "ping-pong",
            Self::Save => "snapshot save",
            Self::Load => "snapshot load",
        }
    }

    /// How many times as long as vodozemac we may take.
    #[must_use]
    pub const fn target(self) -> Option<f64> {
        match self {
            Self::SetUp | Self::PingPong => Some(3.0),
            Self::Encrypt => Some(1.0),
            Self::Decrypt => Some(4.0),
            Self::DecryptSkipped | Self::Save | Self::Load => None,
        }
    }

    /// How often it is done between two looks at the clock: so often that the looks don't count, and so rarely that
    /// both protocols are measured under the same weather.
    #[must_use]
    pub const fn slice(self) -> u64 {
        match self {
            Self::SetUp | Self::DecryptSkipped => 1,
            Self::PingPong => 4,
            Self::Encrypt | Self::Decrypt | Self::Save | Self::Load => 32,
        }
    }
}

impl<S: Side> Work<S> {
    /// Prepares a workload.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let (mut one, two) = established::<S>();
        let (saved_one, saved_two) = (one.save(), two.save());
        let late = (kind == Kind::DecryptSkipped).then(|| (0..=SKIPPED).map(|_| one.encrypt_unanswered()).last());
        Self { kind, one: saved_one, two: saved_two, late: late.flatten() }
    }

    /// Does it `count` times, at most [`Kind::slice`], and says how long that took.
    pub fn run(&self, count: u64) -> Duration {
        if self.kind == Kind::SetUp {
            let started = Instant::now();
            let sides: Vec<_> = (0..count).map(|_| S::set_up()).collect();
            let took = started.elapsed();
            drop(sides);
            return took;
        }
        let (mut one, mut two) = (S::load(self.one.as_ref()), S::load(self.two.as_ref()));
        if self.kind == Kind::DecryptSkipped {
            let late = self.late.as_ref().expect("made above");
            let started = Instant::now();
            black_box(two.decrypt(late));
            return started.elapsed();
        }
        // The first message of a chain makes a step: that is measured by ping-pong.
        let first = one.encrypt();
        two.decrypt(&first);
        match self.kind {
            Kind::Encrypt => {
                let mut messages = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
                let started = Instant::now();
                messages.extend((0..count).map(|_| one.encrypt()));
                started.elapsed()
            }
            Kind::Decrypt => {
                let messages: Vec<_> = (0..count).map(|_| one.encrypt()).collect();
                let started = Instant::now();
                for message in &messages {
                    black_box(two.decrypt(message));
                }
                started.elapsed()
            }
            Kind::PingPong => {
                let started = Instant::now();
                for _ in 0..count {
                    let message = two.encrypt();
                    black_box(one.decrypt(&message));
                    std::mem::swap(&mut one, &mut two);
                }
                started.elapsed()
            }
            Kind::Save => {
                let started = Instant::now();
                for _ in 0..count {
                    black_box(one.save());
                }
                started.elapsed()
            }
            Kind::Load => {
                let saved = one.save();
                let started = Instant::now();
                for _ in 0..count {
                    black_box(S::load(black_box(saved.as_ref())));
                }
                started.elapsed()
            }
            Kind::SetUp | Kind::DecryptSkipped => unreachable!("done above"),
        }
    }
}
