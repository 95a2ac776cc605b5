//! Saved state: a version, a kind, and the fields of one type, canonical like everything else (protocol.md §11).
//!
//! In: state, or bytes of a vault. Out: the other of the two. This file must never learn how a vault encrypts: a snapshot
//! holds secrets in the clear and belongs into an encrypted store only.

use crate::wire::{DecodeError, Reader, Writer};
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// What a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Session = 1,
    Invitation = 2,
    ReplayGuard = 3,
    Check = 4,
}

/// Why a snapshot can't be read. The storage is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Saved by a newer program.
    #[error("saved by a newer version of this program")]
    Newer,
    /// Damaged, or of another kind.
    #[error("the saved state is damaged")]
    Damaged,
}

impl From<DecodeError> for SnapshotError {
    fn from(_: DecodeError) -> Self {
        Self::Damaged
    }
}

/// Writes a snapshot. `room` is what a usual state needs: a writer that grows wipes what it leaves behind, and one that is
/// much too large is wiped for nothing.
pub(crate) fn save(kind: Kind, room: usize, write: impl FnOnce(&mut Writer)) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::with_capacity(room);
    writer.u8(VERSION).u8(kind as u8);
    write(&mut writer);
    writer.finish()
}

/// Reads a snapshot whole.
pub(crate) fn load<T>(
    kind: Kind,
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, SnapshotError> {
    let mut reader = Reader::new(bytes);
    match reader.u8()? {
        VERSION => {}
        0 => return Err(SnapshotError::Damaged),
        _ => return Err(SnapshotError::Newer),
    }
    if reader.u8()? != kind as u8 {
        return Err(SnapshotError::Damaged);
    }
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}
