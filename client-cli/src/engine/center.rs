//! What the center says of itself, kept beside the vault: it is shown before there is a profile, while it is locked, and
//! without a network.
//!
//! In: what a relay answered, and the pin of its key. Out: plain words that are safe to show, or why there are none. This
//! file must never learn who has the profile. What it keeps is what everybody gets who has the relay's address; whoever
//! opens this home can read it.
//!
//! The signature is checked before anything is kept and again at each reading (protocol.md §9.5).

use crate::home::{Home, no_follow, take_away};
use crate::net::is_signed;
use crate::output::time;
use crate::sanitize;
use cairn_protocol::address::Pin;
use cairn_protocol::limits::NOTICE;
use cairn_protocol::notice::{Notice, SignedNotice};
use cairn_protocol::wire::codec::Reader;
use cairn_protocol::wire::frame::NoticeBytes;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The form of the file: this byte ‖ when it was asked for `u64` ‖ pin[16] ‖ what came (0 none, 1 a notice, 2 one that can't
/// be used) ‖ notice[2048].
const FORM: u8 = 1;

/// The file's name.
const NAME: &str = "notice";

/// Bytes of the file.
const SIZE: usize = 1 + 8 + 16 + 1 + NOTICE;

/// Seconds after which a notice is asked for again. Larger: a new telephone number comes later. Smaller: each time costs a
/// connection, about 8 KB.
const AGAIN: u64 = 86_400;

/// What the center says of itself, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Center {
    /// It was not asked yet, or there was no answer.
    #[default]
    Unknown,
    /// It was asked, and says nothing.
    Silent,
    /// What came, or what was kept, is not signed with the relay's key, or was changed since.
    Unusable,
    /// This.
    Says(Words),
}

/// Words of a center; each line is safe to stand on a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The center's name.
    pub(crate) name: String,
    /// What to do in an emergency.
    pub(crate) card: Vec<String>,
    /// When people read.
    pub(crate) hours: Vec<String>,
    /// Who reads.
    pub(crate) readers: Vec<String>,
    /// What else.
    pub(crate) more: Vec<String>,
    /// The last day for which it was meant, since 1970-01-01; in words only when it is shown, in the language of then.
    pub(crate) last_day: u32,
    /// Whether that day is over.
    pub(crate) over: bool,
}

/// The file as it lies there.
struct Kept {
    asked: u64,
    pin: Pin,
    came: u8,
    notice: SignedNotice,
}

impl Kept {
    fn opened(&self) -> Option<Notice> {
        (self.came == 1).then(|| self.notice.open(&self.pin, is_signed).ok()).flatten()
    }

    fn is_damaged(&self) -> bool {
        match self.came {
            0 => self.notice.as_bytes().iter().any(|byte| *byte != 0),
            1 => self.opened().is_none(),
            _ => false,
        }
    }
}

fn file(home: &Home) -> PathBuf {
    home.directory().join(NAME)
}

/// The file; nothing if there is none, an error if it is something else.
fn kept(home: &Home) -> io::Result<Option<Kept>> {
    let file = match OpenOptions::new().read(true).custom_flags(no_follow()).open(file(home)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::with_capacity(SIZE + 1);
    Read::take(file, SIZE as u64 + 1).read_to_end(&mut bytes)?;
    understood(&bytes).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn understood(bytes: &[u8]) -> Option<Kept> {
    let mut reader = Reader::new(bytes);
    let form = reader.u8().ok()?;
    let (asked, pin, came) = (reader.u64().ok()?, Pin(reader.array().ok()?), reader.u8().ok()?);
    let notice = SignedNotice::from_bytes(Box::new(reader.array().ok()?));
    let whole = form == FORM && came <= 2 && reader.finish().is_ok();
    whole.then_some(Kept { asked, pin, came, notice })
}

/// What is known here of the center that the home belongs to. Needs no passphrase and no network.
pub(crate) fn read(home: &Home, now: i64) -> Center {
    match kept(home) {
        Ok(None) => Center::Unknown,
        Ok(Some(kept)) => match (kept.came, kept.opened()) {
            (0, _) if !kept.is_damaged() => Center::Silent,
            (1, Some(notice)) if notice.is_withdrawn() => Center::Silent,
            (1, Some(notice)) => Center::Says(words(&notice, now)),
            _ => Center::Unusable,
        },
        Err(_) => Center::Unusable,
    }
}

/// Whether this relay is to be asked now: it never was, not for a day, or in a future that the clock has left; or what is
/// kept of it was damaged.
pub(super) fn is_due(home: &Home, pin: &Pin, now: i64) -> bool {
    let now = super::seconds(now);
    match kept(home) {
        Ok(Some(kept)) => {
            let late = kept.asked > now || now - kept.asked >= AGAIN;
            late || kept.pin != *pin || kept.is_damaged()
        }
        _ => true,
    }
}

/// Whether what is kept is of this relay.
pub(super) fn is_of(home: &Home, pin: &Pin) -> bool {
    kept(home).is_ok_and(|kept| kept.is_some_and(|kept| kept.pin == *pin))
}

/// Keeps nothing any more. What can't be removed is replaced by the next answer.
pub(super) fn forget(home: &Home) {
    let _ = take_away(&file(home));
}

/// Takes in what a relay answered. Of two notices of one relay the later one stays; an answer without one takes nothing
/// away.
///
/// # Errors
/// Those of the file system; what was kept before stays.
pub(super) fn take_in(home: &Home, pin: Pin, answer: Option<NoticeBytes>, now: i64) -> io::Result<()> {
    home.make().map_err(io::Error::other)?;
    // Another process may take one in at this moment.
    let part = home.part(NAME)?;
    let before = kept(home).ok().flatten().filter(|before| before.pin == pin);
    let known = before.as_ref().and_then(Kept::opened);
    let new = answer.map(SignedNotice::from_bytes);
    let opened = new.as_ref().map(|new| new.open(&pin, is_signed));
    let (came, notice) = match (new, opened, known, before) {
        // protocol.md §9.5: a later one takes the place of an older one.
        (Some(new), Some(Ok(notice)), known, _) if known.as_ref().is_none_or(|known| notice.set > known.set) => {
            (1, Some(new))
        }
        (_, _, Some(_), Some(before)) => (1, Some(before.notice)),
        (Some(_), ..) => (2, None),
        (None, ..) => (0, None),
    };
    let notice = notice.as_ref().map_or(&[0; NOTICE], SignedNotice::as_bytes);
    let bytes = [&[FORM], super::seconds(now).to_be_bytes().as_slice(), &pin.0, &[came], notice].concat();
    part.finish(&bytes)
}

fn words(notice: &Notice, now: i64) -> Words {
    let lines = |lines: &[String]| lines.iter().map(|line| sanitize::line(line)).collect();
    Words {
        name: sanitize::line(&notice.center),
        card: lines(&notice.card),
        hours: lines(&notice.hours),
        readers: lines(&notice.readers),
        more: lines(&notice.more),
        last_day: notice.last_day,
        over: time::today(now) > i64::from(notice.last_day),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    /// 2026-11-22, noon.
    const NOW: i64 = 1_795_348_800_000;
    const TODAY: u32 = 20_779;

    /// A center that says a little.
    pub(crate) fn words() -> Words {
        Words {
            name: "Example Center".into(),
            card: vec!["In danger: 555 0100".into()],
            hours: vec!["Weekdays, 9 to 17".into()],
            readers: vec!["Your specialist".into()],
            more: vec!["Bring a friend".into()],
            last_day: TODAY + 365,
            over: false,
        }
    }

    /// Signed notices of two relays: the same vectors that a second implementation has checked.
    const VECTORS: &str = include_str!("../../../protocol/vectors/notice.txt");

    /// A case's name, whether it is accepted, its values.
    type Case = (&'static str, bool, BTreeMap<&'static str, Vec<u8>>);

    fn cases() -> Vec<Case> {
        let bytes = |hex: &str| {
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
        };
        VECTORS
            .split("\ncase: ")
            .skip(1)
            .map(|case| {
                let (name, rest) = case.split_once('\n').unwrap();
                let values = rest.lines().filter_map(|line| line.split_once(": "));
                let values = values.filter(|(name, _)| ["notice", "pin", "changed to"].contains(name));
                (name, rest.contains("expect: accepted"), values.map(|(name, hex)| (name, bytes(hex))).collect())
            })
            .collect()
    }

    fn vector(name: &str) -> (Pin, NoticeBytes) {
        let (_, _, values) = cases().into_iter().find(|(other, ..)| *other == name).unwrap();
        let pin = Pin(values["pin"].clone().try_into().unwrap());
        (pin, values["notice"].clone().into_boxed_slice().try_into().unwrap())
    }

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(&folder.path().join("home")), "inbox").unwrap();
        (folder, home)
    }

    fn name_of(center: &Center) -> &str {
        if let Center::Says(words) = center { &words.name } else { "" }
    }

    #[test]
    fn every_vector_is_taken_or_refused_by_the_library_that_verifies_here() {
        let whole = vector("whole").1;
        let (mut taken, mut refused) = (0, 0);
        for (name, accepted, values) in cases() {
            let bytes = match values.get("notice") {
                Some(bytes) => bytes.clone(),
                None => {
                    let start = VECTORS.find(&format!("case: {name}\n")).unwrap();
                    let at = VECTORS[start..].split("changed at = ").nth(1).unwrap();
                    let at: usize = at.lines().next().unwrap().parse().unwrap();
                    let mut bytes = whole.to_vec();
                    bytes[at..at + values["changed to"].len()].copy_from_slice(&values["changed to"]);
                    bytes
                }
            };
            let pin = Pin(values["pin"].clone().try_into().unwrap());
            let signed = SignedNotice::from_bytes(bytes.into_boxed_slice().try_into().unwrap());
            assert_eq!(signed.open(&pin, is_signed).is_ok(), accepted, "{name}");
            *(if accepted { &mut taken } else { &mut refused }) += 1;
        }
        assert!(taken >= 4 && refused >= 28, "{taken} {refused}");
    }

    #[test]
    fn a_notice_is_kept_for_its_owner_and_read_without_anything_else() {
        let (_folder, home) = home();
        let (pin, notice) = vector("whole");
        assert_eq!(read(&home, NOW), Center::Unknown);
        assert!(is_due(&home, &pin, NOW));
        take_in(&home, pin, Some(notice), NOW).unwrap();
        let Center::Says(words) = read(&home, NOW) else { panic!("the center says something") };
        assert_eq!((words.name.as_str(), words.card.len(), words.over), ("Example Center", 2, false));
        assert_eq!(std::fs::metadata(file(&home)).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!is_due(&home, &pin, NOW + 86_399_000) && is_due(&home, &pin, NOW + 86_400_000));
        assert!(is_due(&home, &pin, NOW - 1000), "the clock was put back");
        assert!(is_due(&home, &Pin([0; 16]), NOW), "another relay");
    }

    #[test]
    fn a_kill_while_a_notice_is_kept_leaves_the_one_before_or_the_new_one_whole() {
        use std::io::Read as _;
        let (_folder, home) = home();
        let (pin, notice) = vector("whole");
        take_in(&home, pin, Some(notice), NOW).unwrap();
        let before = std::fs::read(file(&home)).unwrap();
        let mut open = std::fs::File::open(file(&home)).unwrap();
        // What a kill left of an earlier time is in nobody's way.
        std::fs::write(home.directory().join("notice.part"), b"half").unwrap();
        let (other, notice) = vector("fullest");
        take_in(&home, other, Some(notice), NOW).unwrap();
        let mut seen = Vec::new();
        open.read_to_end(&mut seen).unwrap();
        assert!(seen == before, "the file that was there was not written into: there is no moment at which it is half");
        assert!(name_of(&read(&home, NOW)).starts_with("CCC"));
        assert!(!home.directory().join("notice.part").exists());
    }

    #[test]
    fn two_processes_that_take_notices_in_at_one_moment_are_in_nobodys_way() {
        let (_folder, home) = home();
        let (pin, notice) = vector("whole");
        take_in(&home, pin, Some(notice.clone()), NOW).unwrap();
        std::thread::scope(|scope| {
            for answer in [Some(notice), None, Some(vector("version-2").1)] {
                let home = &home;
                scope.spawn(move || {
                    for _ in 0..20 {
                        take_in(home, pin, answer.clone(), NOW).unwrap();
                        assert_eq!(name_of(&read(home, NOW)), "Example Center");
                    }
                });
            }
        });
        assert!(!home.directory().join("notice.part").exists());
    }

    #[test]
    fn an_older_notice_none_at_all_and_what_can_not_be_used_leave_the_newer_one() {
        let (_folder, home) = home();
        let (pin, notice) = vector("whole");
        let mut altered = notice.clone();
        altered[150] ^= 1;
        take_in(&home, pin, None, NOW).unwrap();
        assert_eq!(read(&home, NOW), Center::Silent);
        take_in(&home, pin, Some(altered.clone()), NOW).unwrap();
        assert_eq!(read(&home, NOW), Center::Unusable);
        take_in(&home, pin, Some(notice.clone()), NOW).unwrap();
        let whole = std::fs::read(file(&home)).unwrap();
        for answer in [None, Some(altered), Some(vector("version-2").1), Some(vector("fullest").1), Some(notice)] {
            take_in(&home, pin, answer, NOW + 5000).unwrap();
            assert_eq!(name_of(&read(&home, NOW)), "Example Center");
            let after = std::fs::read(file(&home)).unwrap();
            assert!(after[9..] == whole[9..] && after[1..9] != whole[1..9], "but it was asked for");
        }
        // Another relay's, as after a first run that was begun anew.
        let (other, notice) = vector("fullest");
        take_in(&home, other, Some(notice), NOW).unwrap();
        assert!(name_of(&read(&home, NOW)).starts_with("CCC"));
    }

    #[test]
    fn the_lines_of_a_notice_are_made_safe_like_everybody_elses() {
        let hidden = |text: &str| format!("{text}\u{200b}\u{2060} o{}", "\u{301}".repeat(40));
        let notice = Notice {
            set: 1,
            last_day: TODAY,
            center: hidden("center"),
            card: vec![hidden("card")],
            hours: vec![hidden("hours")],
            readers: vec![hidden("readers")],
            more: vec![hidden("more")],
        };
        let words = words_of(&notice);
        let all = [&[words.name][..], &words.card, &words.hours, &words.readers, &words.more].concat();
        assert_eq!(all.len(), 5);
        for line in all {
            assert!(!line.contains(['\u{200b}', '\u{2060}']) && line.chars().count() < 20, "{line}");
        }
    }

    fn words_of(notice: &Notice) -> Words {
        super::words(notice, NOW)
    }

    #[test]
    fn a_notice_whose_day_is_over_is_read_with_that_day() {
        let (_folder, home) = home();
        let (pin, notice) = vector("whole");
        take_in(&home, pin, Some(notice), NOW).unwrap();
        for (day, over) in [(TODAY, false), (21_000, false), (21_001, true)] {
            let Center::Says(words) = read(&home, i64::from(day) * 86_400_000 + 3_600_000 * 12) else { panic!() };
            assert_eq!((words.last_day, words.over), (21_000, over), "{day}");
        }
    }

    #[test]
    fn a_file_with_any_byte_changed_shows_nothing_that_the_center_did_not_sign() {
        let (folder, home) = home();
        let (pin, notice) = vector("whole");
        take_in(&home, pin, Some(notice), NOW).unwrap();
        let before = read(&home, NOW);
        let whole = std::fs::read(file(&home)).unwrap();
        for at in (0..whole.len()).filter(|at| !(1..9).contains(at)).step_by(13).chain([0, 9, 25, whole.len() - 1]) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(file(&home), bytes).unwrap();
            assert_eq!(read(&home, NOW), Center::Unusable, "byte {at}");
            assert!(is_due(&home, &pin, NOW), "byte {at}: another one is wanted");
        }
        for cut in [0, 1, 9, whole.len() - 1] {
            std::fs::write(file(&home), &whole[..cut]).unwrap();
            assert_eq!(read(&home, NOW), Center::Unusable, "cut at {cut}");
        }
        std::fs::write(file(&home), [&whole[..], &[0]].concat()).unwrap();
        assert_eq!(read(&home, NOW), Center::Unusable);
        std::fs::remove_file(file(&home)).unwrap();
        std::fs::write(folder.path().join("elsewhere"), &whole).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), file(&home)).unwrap();
        assert_eq!(read(&home, NOW), Center::Unusable, "a link is not followed");
        assert!(matches!(before, Center::Says(_)));
    }
}
