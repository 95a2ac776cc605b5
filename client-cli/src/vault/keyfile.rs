//! The file `key`: the vault's key, sealed under a passphrase, or open where a person chose so.
//!
//! In: a path, a passphrase. Out: the vault's key. This file must never learn what the vault holds.
//!
//! Layout, version 1: version (1), protection (1: 0 open, 1 passphrase); then the 32-byte key, or Argon2id's costs
//! (memory in KiB, rounds, lanes: 4 bytes each), salt (32), sealed key (32), tag (16). The fields before the sealed key
//! are its associated data. The sealing key is used once, because each file draws its own salt.

use super::VaultError;
use super::passphrase::{Costs, stretch};
use crate::home::no_follow;
use crate::language::{system as why, trouble};
use cairn_protocol::primitives::{TAG, open, seal};
use cairn_protocol::secret::Secret;
use cairn_protocol::wire::codec::{DecodeError, Reader, Writer};
use rand::CryptoRng;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const OPEN: u8 = 0;
const PASSPHRASE: u8 = 1;

/// Larger than any key file, so that a wrong file is not read to its end.
const LARGEST: u64 = 4096;

/// A key file as it was read, before anything is opened.
pub(super) enum KeyFile {
    /// The key lies open.
    Open(Secret),
    /// The key is sealed.
    Sealed { costs: Costs, salt: [u8; 32], sealed: [u8; 32], tag: [u8; TAG] },
}

impl KeyFile {
    /// Reads a key file.
    pub(super) fn read(path: &Path) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(256));
        OpenOptions::new()
            .read(true)
            .custom_flags(no_follow())
            .open(path)
            .and_then(|file| Read::take(file, LARGEST).read_to_end(&mut bytes))
            .map_err(|error| VaultError::Damaged(trouble::key_unread(why(error.kind()))))?;
        Self::decode(&bytes).map_err(|error| match error {
            DecodeError::Version => VaultError::Newer,
            _ => VaultError::Damaged(trouble::key_part()),
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            VERSION => {}
            2..=15 => return Err(DecodeError::Version),
            // No program will count that far: these bytes are something else.
            _ => return Err(DecodeError::Unknown),
        }
        let file = match reader.u8()? {
            OPEN => Self::Open(Secret::from_bytes(reader.array()?)),
            PASSPHRASE => Self::Sealed {
                costs: Costs::read(&mut reader)?,
                salt: reader.array()?,
                sealed: reader.array()?,
                tag: reader.array()?,
            },
            _ => return Err(DecodeError::Unknown),
        };
        reader.finish()?;
        Ok(file)
    }

    /// Whether it takes a passphrase to open.
    pub(super) const fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed { .. })
    }

    /// The vault's key.
    pub(super) fn open(self, passphrase: Option<&str>) -> Result<Secret, VaultError> {
        match self {
            Self::Open(key) => Ok(key),
            Self::Sealed { costs, salt, sealed, tag } => {
                let passphrase = passphrase.ok_or(VaultError::Locked)?;
                let mut key = Zeroizing::new(sealed);
                open(&stretch(passphrase, &salt, costs)?, &head(costs, &salt), key.as_mut(), &tag)
                    .map_err(|_| VaultError::WrongPassphrase)?;
                Ok(Secret::from_bytes(*key))
            }
        }
    }
}

fn head(costs: Costs, salt: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::with_capacity(64);
    writer.u8(VERSION).u8(PASSPHRASE);
    costs.write(&mut writer);
    writer.bytes(salt);
    writer.finish()
}

/// The file's bytes for a key: sealed under the passphrase, or open without one.
pub(super) fn encode(
    key: &Secret,
    passphrase: Option<&str>,
    rng: &mut impl CryptoRng,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let mut writer = Writer::with_capacity(256);
    match passphrase {
        None => {
            writer.u8(VERSION).u8(OPEN).bytes(key.expose());
        }
        Some(passphrase) => {
            let mut salt = [0; 32];
            rng.fill_bytes(&mut salt);
            let head = head(Costs::NOW, &salt);
            let mut sealed = Zeroizing::new(*key.expose());
            let tag = seal(stretch(passphrase, &salt, Costs::NOW)?, &head, sealed.as_mut());
            writer.bytes(&head).bytes(sealed.as_ref()).bytes(&tag);
        }
    }
    Ok(writer.finish())
}

/// Writes a file of mode 0600 that is whole or not there, whenever the power goes.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    crate::home::write_whole(&path.with_extension("part"), path, bytes).map_err(|error| unwritten(&error))
}

fn unwritten(error: &io::Error) -> VaultError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => VaultError::Full,
        kind => VaultError::Failed(trouble::key_written(why(kind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_has_no_room_for_the_key_is_told_as_that() {
        assert_eq!(unwritten(&io::ErrorKind::StorageFull.into()), VaultError::Full);
        assert!(matches!(unwritten(&io::ErrorKind::PermissionDenied.into()), VaultError::Failed(_)));
    }
}
