//! What tells of new words while the person looks elsewhere: the terminal's bell, or nothing.
//!
//! In: what came. Out: one byte without a content, where that is wished and no quiet hours are. This file must never tell who
//! wrote, nor what, nor how much.

use super::Face;
use crate::app::Event;
use crate::command::Stop;
use crate::engine::model::Event as News;
use crate::output::time;
use crate::settings::Settings;
use std::io::{self, Write};

/// The bell: no escape byte, and silent on a terminal that is set so.
const BELL: &[u8] = b"\x07";

/// Whether somebody has written.
pub(super) fn tells_of_words(event: &Event) -> bool {
    matches!(event, Event::News(all) if all.iter().any(|queued| matches!(queued.event, News::Message(_))))
}

impl Face<'_> {
    /// Rings, if that is wished now.
    pub(super) fn ring(&self) -> Result<(), Stop> {
        if self.run.config.terminal { ring(&self.app.settings) } else { Ok(()) }
    }
}

/// Rings the terminal's bell, if these settings wish it now.
pub(crate) fn ring(settings: &Settings) -> Result<(), Stop> {
    if settings.announces(time::minute_of_day()) {
        let mut out = io::stdout().lock();
        out.write_all(BELL)?;
        out.flush()?;
    }
    Ok(())
}
