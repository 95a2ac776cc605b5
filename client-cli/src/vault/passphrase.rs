//! From a passphrase to a key (RFC 9106, Argon2id), and the only file that names the crate for it.
//!
//! In: a passphrase, a salt, costs. Out: a 32-byte key. This file must never learn what the key opens, nor keep either.

use super::VaultError;
use crate::language::trouble;
use cairn_protocol::secret::Secret;
use cairn_protocol::wire::codec::{DecodeError, Reader, Writer};
use zeroize::Zeroizing;

/// What one guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Costs {
    memory: u32,
    rounds: u32,
    lanes: u32,
}

impl Costs {
    /// 46 MiB, two rounds, one lane. More memory: an old laptop waits and a small one swaps. Less: guessing is cheaper.
    pub(super) const NOW: Self = Self { memory: 46 * 1024, rounds: 2, lanes: 1 };

    /// Costs that a file may ask for, at most: a damaged or planted file must not take a machine's memory.
    const MOST: Self = Self { memory: 1024 * 1024, rounds: 32, lanes: 8 };

    pub(super) fn write(self, writer: &mut Writer) {
        writer.u32(self.memory).u32(self.rounds).u32(self.lanes);
    }

    /// # Errors
    /// [`DecodeError::Invalid`] for costs outside the bounds.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let costs = Self { memory: reader.u32()?, rounds: reader.u32()?, lanes: reader.u32()? };
        let lanes = (1..=Self::MOST.lanes).contains(&costs.lanes);
        let rounds = (1..=Self::MOST.rounds).contains(&costs.rounds);
        let memory = (8 * Self::MOST.lanes..=Self::MOST.memory).contains(&costs.memory);
        if lanes && rounds && memory { Ok(costs) } else { Err(DecodeError::Invalid) }
    }
}

/// The key of a passphrase under this salt. Takes about a tenth of a second and gives its memory back.
pub(super) fn stretch(passphrase: &str, salt: &[u8; 32], costs: Costs) -> Result<Secret, VaultError> {
    let params = argon2::Params::new(costs.memory, costs.rounds, costs.lanes, Some(32))
        .map_err(|_| VaultError::Damaged(trouble::key_costs()))?;
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut key = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .map_err(|_| VaultError::Failed(trouble::stretch()))?;
    Ok(Secret::from_bytes(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_salt_gives_another_key() {
        let costs = Costs { memory: 64, rounds: 1, lanes: 1 };
        let key = |salt| stretch("heather", &[salt; 32], costs).unwrap();
        assert!(key(1).matches(&key(1)));
        assert!(!key(1).matches(&key(2)));
    }

    #[test]
    fn costs_that_would_take_a_machine_down_are_refused() {
        let read = |memory: u32, rounds: u32, lanes: u32| {
            let mut writer = Writer::default();
            writer.u32(memory).u32(rounds).u32(lanes);
            Costs::read(&mut Reader::new(&writer.finish()))
        };
        assert_eq!(read(46 * 1024, 2, 1), Ok(Costs::NOW));
        for (memory, rounds, lanes) in [
            (u32::MAX, 2, 1),
            (46 * 1024, u32::MAX, 1),
            (46 * 1024, 2, 99),
            (0, 2, 1),
            (46 * 1024, 0, 1),
            (46 * 1024, 2, 0),
        ] {
            assert_eq!(read(memory, rounds, lanes), Err(DecodeError::Invalid));
        }
    }
}
