//! A relay as somebody might have built it: the same store, with a weaker setting than it asks for.
//!
//! In: a folder. Out: every connection that SQLite opens there from now on keeps the weaker `synchronous`, whatever the
//! program says later. This file must never reach the relay itself: there is no such switch in it.

#![expect(unsafe_code, reason = "SQLite's own hooks, so that the store's code stays as it is; development only")]

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use rusqlite::ffi;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

/// A setting that loses data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weak {
    Normal,
    Off,
}

static FOLDERS: Mutex<Vec<(PathBuf, Weak)>> = Mutex::new(Vec::new());

/// Weakens every connection that is opened in this folder.
pub(crate) fn weaken(folder: &Path, weak: Weak) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // SAFETY: SQLite calls it with a connection that is just opened, as it asks for.
        let registered = unsafe { ffi::sqlite3_auto_extension(Some(opened)) };
        assert_eq!(registered, ffi::SQLITE_OK);
    });
    let folder = folder.canonicalize().unwrap();
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push((folder, weak));
}

unsafe extern "C" fn opened(
    connection: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: the connection is open; its file's name lives as long as it does.
    let name = unsafe { ffi::sqlite3_db_filename(connection, ptr::null()) };
    if name.is_null() {
        return ffi::SQLITE_OK;
    }
    // SAFETY: not null, and ended by a zero.
    let Ok(name) = unsafe { CStr::from_ptr(name) }.to_str() else { return ffi::SQLITE_OK };
    let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((_, weak)) = folders.iter().find(|(folder, _)| Path::new(name).starts_with(folder)) else {
        return ffi::SQLITE_OK;
    };
    let statement = match weak {
        Weak::Normal => c"PRAGMA synchronous = NORMAL",
        Weak::Off => c"PRAGMA synchronous = OFF",
    };
    // SAFETY: an open connection, a statement that ends by a zero, and a function that lives as long as the program.
    unsafe {
        let done = ffi::sqlite3_exec(connection, statement.as_ptr(), None, ptr::null_mut(), ptr::null_mut());
        if done != ffi::SQLITE_OK { done } else { ffi::sqlite3_set_authorizer(connection, Some(keep), ptr::null_mut()) }
    }
}

/// Makes every later `PRAGMA synchronous` do nothing.
unsafe extern "C" fn keep(
    _: *mut c_void,
    action: c_int,
    what: *const c_char,
    _: *const c_char,
    _: *const c_char,
    _: *const c_char,
) -> c_int {
    // SAFETY: for a pragma SQLite gives its name here.
    let synchronous = action == ffi::SQLITE_PRAGMA && unsafe { CStr::from_ptr(what) }.to_bytes() == b"synchronous";
    if synchronous { ffi::SQLITE_IGNORE } else { ffi::SQLITE_OK }
}
