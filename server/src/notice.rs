//! The operator's notice in the data folder: signed when it is set, served as it lies there (protocol.md §9.5).
//!
//! In: a folder, a notice. Out: the same notice, signed with the relay's key; or its bytes for whoever asks. This file must
//! never learn who asks: everybody gets the same bytes.

pub mod words;

use crate::folder::{self, FolderError};
use crate::tls::{self, TlsError};
use cairn_protocol::limits::NOTICE;
use cairn_protocol::notice::{Notice, NoticeError, SignedNotice};
use cairn_protocol::wire::DecodeError;
use cairn_protocol::wire::frame::NoticeBytes;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The signed notice in its folder.
pub const FILE: &str = "notice";

/// Why there is no notice.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The folder or the file.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// It has another size than a notice.
    #[error("{path} is no notice: it has another size", path = .0.display())]
    Size(PathBuf),
    /// It isn't signed with the key beside it, or breaks the format.
    #[error("{path} can't be used: {error}", path = .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: NoticeError,
    },
    /// There is no key that it could be signed with.
    #[error("{path} holds no tls.key, so that nobody can say whose notice this is", path = .0.display())]
    NoKey(PathBuf),
    /// The words are none that a notice can hold.
    #[error("the notice can't be written: {0}")]
    Words(DecodeError),
}

/// The bytes that lie in a folder, if they have a notice's size. Clients check what they are given.
///
/// # Errors
/// [`KeptError::Folder`], [`KeptError::Size`].
pub fn served(folder: &Path) -> Result<Option<NoticeBytes>, KeptError> {
    let path = folder.join(FILE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened,
    };
    let mut bytes = Vec::with_capacity(NOTICE + 1);
    let read = file.and_then(|file| file.take(NOTICE as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| FolderError::File { path: path.clone(), error })?;
    let bytes: Box<[u8]> = bytes.into();
    bytes.try_into().map(Some).map_err(|_| KeptError::Size(path))
}

/// The notice that a folder holds, checked with the key beside it.
///
/// # Errors
/// Any [`KeptError`].
pub fn kept(folder: &Path) -> Result<Option<Notice>, KeptError> {
    let Some(bytes) = served(folder)? else { return Ok(None) };
    let pin = tls::pin_of(folder)?.ok_or_else(|| KeptError::NoKey(folder.to_owned()))?;
    let opened = SignedNotice::from_bytes(bytes).open(&pin, tls::is_signed);
    opened.map(Some).map_err(|error| KeptError::Unusable { path: folder.join(FILE), error })
}

/// Signs a notice and puts it into the folder, in the place of the one before; a crash leaves one of the two. It is dated
/// `now`, in seconds since 1970, or after the one before where the clock was put back. Returns it as it was dated.
///
/// # Errors
/// Any [`KeptError`]; the one before then stays.
pub fn set(folder: &Path, mut notice: Notice, now: u64) -> Result<Notice, KeptError> {
    // One that can't be used is replaced; its date is as good as none.
    let before = kept(folder).ok().flatten();
    notice.set = before.map_or(now, |before| now.max(before.set.saturating_add(1)));
    let statement = notice.statement().map_err(KeptError::Words)?;
    let (point, signature) = tls::sign(folder, &statement.message())?;
    let signed = statement.signed(&point, &signature).ok_or(TlsError::OtherKind)?;
    folder::write_whole(folder, FILE, signed.as_bytes())?;
    Ok(notice)
}

/// Puts a folder's notice into another folder as it lies there, for a backup. One of another size is none.
///
/// # Errors
/// [`KeptError::Folder`].
pub fn copy(from: &Path, to: &Path) -> Result<(), FolderError> {
    match served(from) {
        Ok(Some(bytes)) => folder::write_whole(to, FILE, bytes.as_slice()),
        Err(KeptError::Folder(error)) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        tls::Tls::open(folder.path(), None).unwrap();
        folder
    }

    fn notice(center: &str) -> Notice {
        Notice { last_day: 21_000, center: center.to_owned(), ..Notice::withdrawn(0) }
    }

    #[test]
    fn a_notice_is_signed_with_the_relays_key_and_dated_after_the_one_before() {
        let folder = folder();
        assert_eq!(kept(folder.path()).unwrap(), None);
        let first = set(folder.path(), notice("One"), 1000).unwrap();
        assert_eq!((first.set, kept(folder.path()).unwrap()), (1000, Some(first.clone())));
        // The clock was put back; then it is right again.
        assert_eq!(set(folder.path(), notice("Two"), 500).unwrap().set, 1001);
        assert_eq!(set(folder.path(), notice("Three"), 2000).unwrap().set, 2000);
        let other = self::folder();
        fs::copy(folder.path().join(FILE), other.path().join(FILE)).unwrap();
        let refused = kept(other.path());
        assert!(
            matches!(refused, Err(KeptError::Unusable { error: NoticeError::OtherKey, .. })),
            "another relay's: {refused:?}"
        );
    }

    #[test]
    fn a_file_of_another_size_is_not_served_and_is_replaced_by_the_next_notice() {
        let folder = folder();
        for size in [0, NOTICE - 1, NOTICE + 1] {
            fs::write(folder.path().join(FILE), vec![1; size]).unwrap();
            assert!(matches!(served(folder.path()), Err(KeptError::Size(_))), "{size}");
        }
        set(folder.path(), notice("One"), 1000).unwrap();
        assert!(served(folder.path()).unwrap().is_some());
    }

    #[test]
    fn words_that_no_notice_can_hold_leave_the_one_before() {
        let folder = folder();
        let first = set(folder.path(), notice("One"), 1000).unwrap();
        assert!(matches!(set(folder.path(), notice("a\u{1b}b"), 2000), Err(KeptError::Words(_))));
        assert_eq!(kept(folder.path()).unwrap(), Some(first));
    }
}
