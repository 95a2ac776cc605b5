//! What can go wrong with the vault.
//!
//! In: errors of SQLite and of the file system. Out: one kind and one sentence. This file must never learn a row:
//! a statement's text or values enter no error.

use crate::engine::Fault;

/// Why the vault did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VaultError {
    /// There is none.
    #[error("there is no profile")]
    Missing,
    /// It takes a passphrase, and none was given.
    #[error("a passphrase is needed")]
    Locked,
    /// The passphrase does not open it.
    #[error("the passphrase does not fit")]
    WrongPassphrase,
    /// A file is damaged or gone.
    #[error("{0}")]
    Damaged(String),
    /// A newer program made it.
    #[error("it was made by a newer Cairn")]
    Newer,
    /// The machine's fault: disk full, no rights.
    #[error("{0}")]
    Failed(String),
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Missing => Self::NotSetUp,
            VaultError::Locked => Self::Locked,
            VaultError::WrongPassphrase => Self::WrongPassphrase,
            VaultError::Damaged(what) => Self::Damaged(what),
            VaultError::Newer => Self::NewerProfile,
            VaultError::Failed(what) => Self::Unexpected(what),
        }
    }
}

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => Self::Damaged("its vault can't be read.".into()),
            Some(Code::DiskFull) => Self::Failed("The disk is full. Nothing was changed.".into()),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => {
                Self::Failed("Another program holds the profile's file.".into())
            }
            Some(Code::CannotOpen | Code::PermissionDenied | Code::ReadOnly) => {
                Self::Failed("The profile's file can't be opened for writing.".into())
            }
            Some(Code::SystemIoFailure) => Self::Failed("The disk refused to read or write.".into()),
            Some(code) => Self::Failed(format!("The vault refused ({code:?}).")),
            None => Self::Damaged("its vault holds something unreadable.".into()),
        }
    }
}
