//! Where a relay is and how its key is recognised (protocol.md §3.2).
//!
//! In: text that a person copied, or fields. Out: a checked address, or what is wrong with it. This file must never
//! learn a secret: an address is public.

use crate::base32;
use crate::label;
use crate::limits::HOST;
use crate::primitives::hash;
use core::fmt;
use core::str::FromStr;

/// The first 16 bytes of SHA-256(label ‖ SubjectPublicKeyInfo in DER) of a relay's TLS key.
///
/// 16 bytes: a forger needs a key with this very pin (a second preimage, 2^128 tries), never just two alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin(pub [u8; 16]);

impl Pin {
    /// The pin of a key, given as SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        let digest = hash(label::RELAY_PIN, &[key]);
        let mut pin = [0; 16];
        pin.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(pin)
    }
}

/// What is wrong with an address that somebody typed or copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not of the form HOST:PORT/PIN.
    #[error("a relay address looks like HOST:PORT/PIN")]
    Form,
    /// A host with characters outside letters, digits, `.`, `-` and, for IPv6, `:`; or longer than 253.
    #[error("the host part of the address can't be used")]
    Host,
    /// A port that is no number from 1 to 65535.
    #[error("the port of the address is not a number from 1 to 65535")]
    Port,
    /// The last part is damaged: its checksum does not fit.
    #[error("the last part of the address is incomplete or has a mistake in it")]
    Checksum,
}

/// A host name or literal address: lower-case letters, digits, `.`, `-`, `:`; 1 to 253 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

impl Host {
    /// Checks and lower-cases a host.
    ///
    /// # Errors
    /// [`AddressError::Host`].
    pub fn new(text: &str) -> Result<Self, AddressError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
        if text.is_empty() || text.len() > HOST || !text.bytes().all(allowed) {
            return Err(AddressError::Host);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The host as text, an IPv6 address without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A relay's host, port and pin. As text `HOST:PORT/PIN`, an IPv6 host in brackets; PIN holds the pin and two bytes of
/// checksum in base 32, 29 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelayAddress {
    /// Where it listens.
    pub host: Host,
    /// Its TCP port, not 0.
    pub port: u16,
    /// Its key.
    pub pin: Pin,
}

impl RelayAddress {
    fn checksum(&self) -> [u8; 2] {
        let port = self.port.to_be_bytes();
        let [first, second, ..] = hash(label::ADDRESS_CHECKSUM, &[&self.pin.0, &port, self.host.as_str().as_bytes()]);
        [first, second]
    }
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pin = [0; 18];
        pin.iter_mut().zip(self.pin.0.into_iter().chain(self.checksum())).for_each(|(to, from)| *to = from);
        let (host, port, pin) = (self.host.as_str(), self.port, base32::encode(&pin));
        if host.contains(':') { write!(f, "[{host}]:{port}/{pin}") } else { write!(f, "{host}:{port}/{pin}") }
    }
}

impl FromStr for RelayAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, pin) = text.trim().rsplit_once('/').ok_or(AddressError::Form)?;
        let (host, port) = place.rsplit_once(':').ok_or(AddressError::Form)?;
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']').ok_or(AddressError::Form)?,
            None if host.contains(':') => return Err(AddressError::Form),
            None => host,
        };
        let port = match port.parse::<u16>() {
            Ok(port) if port > 0 && !text.contains('+') => port,
            _ => return Err(AddressError::Port),
        };
        let bytes = base32::decode::<18>(pin).ok_or(AddressError::Checksum)?;
        let (pin, checksum) = bytes.split_first_chunk::<16>().ok_or(AddressError::Checksum)?;
        let address = Self { host: Host::new(host)?, port, pin: Pin(*pin) };
        if address.checksum() == checksum { Ok(address) } else { Err(AddressError::Checksum) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str) -> RelayAddress {
        RelayAddress { host: Host::new(host).unwrap(), port: 4433, pin: Pin::of(b"key") }
    }

    #[test]
    fn an_address_survives_as_text_with_names_and_both_kinds_of_literals() {
        for host in ["relay.example.org", "127.0.0.1", "::1"] {
            let text = address(host).to_string();
            assert_eq!(text.parse(), Ok(address(host)), "{text}");
            assert_eq!(text.to_uppercase().parse(), Ok(address(host)), "{text}");
        }
    }

    #[test]
    fn each_mistake_in_an_address_is_named() {
        let text = address("relay.example.org").to_string();
        let parse = |text: &str| text.parse::<RelayAddress>().err();
        assert_eq!(parse("relay.example.org:4433"), Some(AddressError::Form));
        assert_eq!(parse(&text.replace("4433", "0")), Some(AddressError::Port));
        assert_eq!(parse(&text.replace("4433", "4434")), Some(AddressError::Checksum));
        assert_eq!(parse(&text.replace("example", "exampel")), Some(AddressError::Checksum));
        assert_eq!(parse(&text.replace("relay", "re lay")), Some(AddressError::Host));
        assert_eq!(parse(&text[..text.len() - 1]), Some(AddressError::Checksum));
    }
}
