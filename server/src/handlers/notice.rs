//! The request for the operator's notice.
//!
//! In: the folder where it lies. Out: a reply that is the same for everybody. This file must never learn who asks: it is
//! not handed the peer.

use super::Started;
use crate::notice;
use cairn_protocol::wire::frame::{Refusal, Reply};
use std::path::PathBuf;

/// Reads it each time: a notice that was set a moment ago is served at once.
pub(super) fn give(folder: PathBuf) -> Started {
    Started::Later(Box::pin(async move {
        let read = tokio::task::spawn_blocking(move || notice::served(&folder)).await;
        match read {
            Ok(Ok(notice)) => Reply::Notice(notice),
            // What was wrong stands in the log since the start.
            Ok(Err(_)) | Err(_) => Reply::Refused(Refusal::NotNow),
        }
    }))
}
