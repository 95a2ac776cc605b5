//! A certificate that an operator had made for the relay's own key.
//!
//! In: a file in PEM. Out: the chain, and the last day of its first certificate. This file must never learn a private
//! key. Clients don't look at certificates, only at the key; boxes between them and the relay may.

use crate::date;
use crate::store::Day;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use std::path::{Path, PathBuf};

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file can't be read, or is no PEM.
    #[error("{path} can't be read as a certificate in PEM: {error}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: pem::Error,
    },
    /// The certificate is for another key.
    #[error(
        "{path} is a certificate for another key. Clients know this relay by its key: have a certificate made for \
         tls.key, as docs/operating.md says",
        path = .0.display()
    )]
    OtherKey(PathBuf),
}

/// The certificates of a file, the relay's own first.
///
/// # Errors
/// [`CertificateError::Unreadable`], also for a file that holds none.
pub fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let unreadable = |error| CertificateError::Unreadable { path: path.to_owned(), error };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect();
    match chain.map_err(unreadable)? {
        chain if chain.is_empty() => Err(unreadable(pem::Error::NoItemsFound)),
        chain => Ok(chain),
    }
}

/// The day after which a certificate no longer holds; `None` if it is not understood.
#[must_use]
pub fn last_day(certificate: &[u8]) -> Option<Day> {
    // RFC 5280 §4.1: Certificate → TBSCertificate → [version], serial, algorithm, issuer, validity.
    let (_, certificate, _) = element(certificate)?;
    let (_, mut fields, _) = element(certificate)?;
    if let Some((VERSION, _, rest)) = element(fields) {
        fields = rest;
    }
    for _ in ["serial", "algorithm", "issuer"] {
        fields = element(fields)?.2;
    }
    let (_, validity, _) = element(fields)?;
    let (_, _, not_after) = element(validity)?;
    match element(not_after)? {
        // RFC 5280 §4.1.2.5.1: 50 and more are of the century before.
        (UTC_TIME, text, _) => {
            let year = number(text.get(..2)?)?;
            days(year + if year < 50 { 2000 } else { 1900 }, text.get(2..)?)
        }
        (GENERALIZED_TIME, text, _) => days(number(text.get(..4)?)?, text.get(4..)?),
        _ => None,
    }
}

const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The first element of DER: its tag, its content, what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, bytes) = bytes.split_first()?;
    let (&first, bytes) = bytes.split_first()?;
    let (length, bytes) = match usize::from(first) {
        short @ 0..=127 => (short, bytes),
        long @ 0x81..=0x84 => {
            let (length, bytes) = bytes.split_at_checked(long - 0x80)?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), bytes)
        }
        _ => return None,
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn days(year: u32, rest: &[u8]) -> Option<Day> {
    date::day(year, number(rest.get(..2)?)?, number(rest.get(2..4)?)?)
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn the_last_day_is_read_in_both_forms_of_time_and_nothing_is_made_of_rubbish() {
        let key = KeyPair::generate().unwrap();
        for (year, day) in [(2031, 22_280), (2060, 32_872)] {
            let mut params = CertificateParams::new(vec!["relay.example.org".to_owned()]).unwrap();
            params.not_after = date_time_ymd(year, 1, 1);
            let certificate = params.self_signed(&key).unwrap();
            assert_eq!(last_day(certificate.der()), Some(day), "{year}");
            for length in 0..certificate.der().len() {
                let _ = last_day(&certificate.der()[..length]);
            }
        }
        assert_eq!((last_day(&[]), last_day(&[0x30, 0x85, 1, 1, 1, 1, 1])), (None, None));
    }
}
