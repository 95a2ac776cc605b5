//! Holes in texts: SQLCipher takes a page of zeros for one that was never written, and gives zeros in its place.
//!
//! In: texts as the file gave them. Out: whether one may not be what was written. This file must never read more than
//! whether a page is empty.

use super::{Store, VaultError};
use crate::language::trouble;
use std::fs::File;
use std::io::Read;

/// Bytes of a page.
const PAGE: usize = 4096;

/// A text below this lies on one page with its row, and a row whose page is empty is not found. Larger: a hole is taken
/// for a text. Smaller: the file is looked through for nothing.
const ON_ONE_PAGE: usize = 3000;

impl Store<'_> {
    /// Refuses texts that may have a hole: such a text holds a zero, and the file a page of nothing else. A page that this
    /// program wrote, even a free one, is never empty: it is overwritten, and then encrypted.
    pub(super) fn whole<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> Result<(), VaultError> {
        let doubtful = texts.any(|text| text.len() >= ON_ONE_PAGE && text.contains('\0'));
        if doubtful && self.has_empty_page()? {
            return Err(VaultError::Damaged(trouble::vault_hole()));
        }
        Ok(())
    }

    fn has_empty_page(&self) -> Result<bool, VaultError> {
        let Some(path) = self.0.path().filter(|path| !path.is_empty()) else { return Ok(false) };
        let unreadable = |_| VaultError::Failed(trouble::disk());
        let mut file = File::open(path).map_err(unreadable)?;
        let mut page = Vec::with_capacity(PAGE);
        loop {
            page.clear();
            if Read::take(&mut file, PAGE as u64).read_to_end(&mut page).map_err(unreadable)? == 0 {
                return Ok(false);
            }
            if page.iter().all(|byte| *byte == 0) {
                return Ok(true);
            }
        }
    }
}
