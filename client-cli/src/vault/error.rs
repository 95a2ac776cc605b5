//! What can go wrong with the vault.
//!
//! In: errors of SQLite and of the file system. Out: one kind and one sentence. This file must never learn a row:
//! a statement's text or values enter no error.

use crate::engine::Fault;
use crate::language::trouble;

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
    /// There is no room on the disk.
    #[error("there is no room on the disk")]
    Full,
    /// The machine's fault: a disk that fails, no rights.
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
            VaultError::Full => Self::NoRoom,
            VaultError::Failed(what) => Self::Unexpected(what),
        }
    }
}

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => Self::Damaged(trouble::vault_unread()),
            Some(Code::DiskFull) => Self::Full,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Failed(trouble::file_held()),
            Some(Code::CannotOpen | Code::PermissionDenied | Code::ReadOnly) => Self::Failed(trouble::file_read_only()),
            Some(Code::SystemIoFailure) => Self::Failed(trouble::disk()),
            Some(code) => Self::Failed(trouble::vault(format!("{code:?}"))),
            None => Self::Damaged(trouble::unreadable()),
        }
    }
}
