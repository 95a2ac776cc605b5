//! A one-time invitation: the link that a person carries, and the bundle that waits at the relay (protocol.md §3).
//!
//! In: what the inviter offers, or a link that somebody typed. Out: link, sealed bundle and the inviter's private half; or
//! an opened bundle that fits its link. This file must never learn who will take the invitation.

use crate::address::{AddressError, Host, Pin, RelayAddress};
use crate::base32;
use crate::identity::{Identity, IdentitySecret};
use crate::label;
use crate::limits::{BUNDLE, CREDENTIAL, HOST, NAME, VERSION};
use crate::mailbox::{MailboxId, SlotId};
use crate::primitives::{
    AgreementPublic, AgreementSecret, Kem1024Public, Kem1024Secret, TAG, derive, hash, open, same_bytes, seal,
};
use crate::secret::{Secret, SecretBytes};
use crate::snapshot::{self, Kind, SnapshotError};
use crate::token::{SendCapability, Voucher};
use crate::wire::frame::SealedBundleBytes;
use crate::wire::{DecodeError, Reader, Writer, join};
use core::fmt;
use core::str::FromStr;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const ONE_TIME: u8 = 1;
const SCHEME: &str = "CAIRN:";
/// version 1 + port 2 + pin 16 + L 32 + checksum 2.
const LINK_BYTES: usize = 53;

/// L: the SHA-256 of the plain bundle, and the one secret in a link. It enters HKDF and the handshake's transcript only.
#[derive(Debug)]
pub struct LinkSecret(Secret);

/// The link: `CAIRN:` HOST `/` 85 characters of base 32. At most 113 characters for hosts of up to 21.
pub struct Link {
    address: RelayAddress,
    secret: LinkSecret,
}

/// What is wrong with a link that somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not of the form `CAIRN:HOST/…`.
    #[error("an invitation link begins with CAIRN: and has a / in the middle")]
    Form,
    /// The host can't be used.
    #[error(transparent)]
    Host(#[from] AddressError),
    /// Something is missing or was mistyped.
    #[error("the invitation link is incomplete or has a mistake in it")]
    Checksum,
    /// Made by a newer program.
    #[error("the invitation link was made by a newer version of this program")]
    Version,
}

/// What an inviter offers.
pub struct Offer {
    /// The name that the taker will see; at most 64 bytes.
    pub name: String,
    /// The relay where the inviter's mailbox is.
    pub address: RelayAddress,
    /// The inviter's mailbox for this contact.
    pub mailbox: MailboxId,
    /// Lets the taker put envelopes there.
    pub capability: SendCapability,
    /// Lets the taker make one mailbox at the same relay.
    pub voucher: Voucher,
    /// When the invitation ends, in seconds since 1970-01-01 UTC. This crate has no clock and checks it nowhere: the relay
    /// forgets the bundle after that day, and the inviter's program deletes the private half.
    pub expires_at: u64,
}

/// The inviter's private half, kept until the invitation is used, withdrawn or over.
pub struct Invitation {
    pub(crate) identity: IdentitySecret,
    pub(crate) prekey: AgreementSecret,
    pub(crate) kem: Kem1024Secret,
    pub(crate) bundle: SecretBytes<BUNDLE>,
    pub(crate) address: RelayAddress,
}

/// A bundle that has opened and fits its link.
pub struct Bundle {
    pub(crate) identity: Identity,
    pub(crate) prekey: AgreementPublic,
    pub(crate) kem: Kem1024Public,
    pub(crate) bytes: SecretBytes<BUNDLE>,
    offer: Offer,
}

/// Why a bundle is not used. The relay, or whoever wrote there, is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It does not open under the link, or its hash is not the link's: it was altered or replaced.
    #[error("what waits at the relay is not what the inviter put there")]
    Altered,
    /// It fits the link and breaks the format: the inviter's program is at fault, or newer.
    #[error("the invitation is malformed")]
    Malformed(#[from] DecodeError),
    /// The name of an offer is longer than 64 bytes.
    #[error("the name is too long")]
    Name,
}

impl LinkSecret {
    /// L = SHA-256(label ‖ bundle). // protocol.md §3.3
    pub(crate) fn of(bundle: &[u8; BUNDLE]) -> Self {
        Self(Secret::from_bytes(hash(label::BUNDLE_HASH, &[bundle])))
    }

    pub(crate) const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Each key of an invitation = HKDF(0, L, label of its own). // protocol.md §3.4
    pub(crate) fn derive(&self, label: label::Label) -> Secret {
        derive(&[], &[self.0.expose()], label)
    }

    fn slot(&self) -> SlotId {
        SlotId::from_bytes(*self.derive(label::BUNDLE_SLOT).expose())
    }

    /// The key under which the bundle waits.
    fn bundle_key(&self) -> Secret {
        self.derive(label::BUNDLE_KEY)
    }

    /// The key from which that of the first envelope is made. // protocol.md §4.4
    pub(crate) fn first_key(&self) -> Secret {
        self.derive(label::FIRST_KEY)
    }
}

impl Link {
    /// The relay that the link names.
    #[must_use]
    pub const fn address(&self) -> &RelayAddress {
        &self.address
    }

    /// Where the bundle waits.
    #[must_use]
    pub fn slot(&self) -> SlotId {
        self.secret.slot()
    }

    pub(crate) const fn secret(&self) -> &LinkSecret {
        &self.secret
    }

    /// Opens what waited at the relay.
    ///
    /// # Errors
    /// [`BundleError::Altered`], [`BundleError::Malformed`].
    pub fn open_bundle(&self, sealed: &SealedBundleBytes) -> Result<Bundle, BundleError> {
        let (text, tag) = sealed.split_first_chunk::<BUNDLE>().ok_or(BundleError::Altered)?;
        let tag: [u8; TAG] = tag.try_into().map_err(|_| BundleError::Altered)?;
        let mut bytes = SecretBytes::copy_of(text);
        open(&self.secret.bundle_key(), &bundle_data(), bytes.expose_mut(), &tag).map_err(|_| BundleError::Altered)?;
        // The tag can be made by whoever knows L; only the bundle that was hashed has this hash.
        if !same_bytes(LinkSecret::of(bytes.expose()).expose(), self.secret.expose()) {
            return Err(BundleError::Altered);
        }
        let bundle = Bundle::decode(bytes)?;
        if bundle.offer.address != self.address { Err(BundleError::Altered) } else { Ok(bundle) }
    }

    fn checksum(host: &Host, fields: &[u8]) -> [u8; 2] {
        let [first, second, ..] = hash(label::LINK_CHECKSUM, &[fields, host.as_str().as_bytes()]);
        [first, second]
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RelayAddress { host, port, pin } = &self.address;
        let mut writer = Writer::with_capacity(LINK_BYTES);
        writer.u8(VERSION).u16(*port).bytes(&pin.0).bytes(self.secret.expose());
        let checksum = Self::checksum(host, writer.as_bytes());
        writer.bytes(&checksum);
        let code = Zeroizing::new(base32::encode(writer.as_bytes()));
        write!(f, "{SCHEME}{}/{}", host.as_str().to_ascii_uppercase(), *code)
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        // A long link is broken over lines on paper and in letters.
        let text: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        let (scheme, rest) = text.split_at_checked(SCHEME.len()).ok_or(LinkError::Form)?;
        let (host, code) = rest.split_once('/').ok_or(LinkError::Form)?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(LinkError::Form);
        }
        let host = Host::new(host)?;
        let bytes = Zeroizing::new(base32::decode::<LINK_BYTES>(code).ok_or(LinkError::Checksum)?);
        let (fields, checksum) = bytes.split_last_chunk::<2>().ok_or(LinkError::Checksum)?;
        if Self::checksum(&host, fields) != *checksum {
            return Err(LinkError::Checksum);
        }
        let mut reader = Reader::new(fields);
        let mut read = || Some((reader.u8().ok()?, reader.u16().ok()?, reader.array().ok()?, reader.array().ok()?));
        match read() {
            Some((VERSION, port, pin, secret)) if port > 0 => {
                let address = RelayAddress { host, port, pin: Pin(pin) };
                Ok(Self { address, secret: LinkSecret(Secret::from_bytes(secret)) })
            }
            Some((version, ..)) if version > VERSION => Err(LinkError::Version),
            _ => Err(LinkError::Checksum),
        }
    }
}

impl Invitation {
    /// Draws all keys of an invitation: the private half to keep, the link to hand over, the sealed bundle to put.
    ///
    /// # Errors
    /// [`BundleError::Name`].
    pub fn create(rng: &mut impl CryptoRng, offer: &Offer) -> Result<(Self, Link, SealedBundleBytes), BundleError> {
        if offer.name.len() > NAME {
            return Err(BundleError::Name);
        }
        let (identity, prekey) = (IdentitySecret::random(rng), AgreementSecret::random(rng));
        let kem = Kem1024Secret::random(rng);
        let public = identity.public();
        let bundle = offer.encode(&Secret::random(rng), &public, &prekey.public(), &kem.public());
        let link = Link { address: offer.address.clone(), secret: LinkSecret::of(bundle.expose()) };

        let mut text = SecretBytes::copy_of(bundle.expose());
        let tag = seal(link.secret.bundle_key(), &bundle_data(), text.expose_mut());
        let sealed = join(&[text.expose(), &tag]);
        Ok((Self { identity, prekey, kem, bundle, address: offer.address.clone() }, link, sealed))
    }

    /// The link again, for a person who asks for it.
    #[must_use]
    pub fn link(&self) -> Link {
        Link { address: self.address.clone(), secret: LinkSecret::of(self.bundle.expose()) }
    }

    /// The private half, secrets in the clear: for an encrypted store only.
    #[must_use]
    pub fn snapshot(&self) -> Zeroizing<Vec<u8>> {
        snapshot::save(Kind::Invitation, 5 * 1024, |writer| {
            self.identity.write(writer);
            writer.bytes(self.prekey.to_secret().expose()).bytes(self.kem.expose()).bytes(self.bundle.expose());
        })
    }

    /// Reads [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        snapshot::load(Kind::Invitation, bytes, |reader| {
            let identity = IdentitySecret::read(reader)?;
            let prekey = AgreementSecret::from_secret(&Secret::from_bytes(reader.array()?));
            let kem = Kem1024Secret::from_seed(reader.array()?);
            let bundle = SecretBytes::copy_of(&reader.array()?);
            let address = Bundle::decode(SecretBytes::copy_of(bundle.expose()))?.offer.address;
            Ok(Self { identity, prekey, kem, bundle, address })
        })
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invitation(..)")
    }
}

impl Offer {
    /// The plain bundle. // protocol.md §3.1
    fn encode(
        &self,
        random: &Secret,
        identity: &Identity,
        prekey: &AgreementPublic,
        kem: &Kem1024Public,
    ) -> SecretBytes<BUNDLE> {
        let mut writer = Writer::with_capacity(BUNDLE);
        writer.u8(VERSION).u8(ONE_TIME).bytes(random.expose());
        identity.write(&mut writer);
        writer.bytes(prekey.as_bytes()).bytes(kem.as_bytes());
        writer.bytes(self.mailbox.as_bytes()).bytes(self.capability.expose()).bytes(self.voucher.expose());
        writer.u64(self.expires_at);
        write_address(&mut writer, &self.address);
        writer.block(self.name.as_bytes());
        // Room for a credential: empty until credentials exist.
        writer.block(&[]);
        writer.into_fixed()
    }
}

impl Bundle {
    /// The name that the inviter gave.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.offer.name
    }

    /// The inviter's mailbox, where it is, and the right to put envelopes there.
    #[must_use]
    pub const fn offer(&self) -> &Offer {
        &self.offer
    }

    fn decode(bytes: SecretBytes<BUNDLE>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes.expose());
        if reader.u8()? != VERSION {
            return Err(DecodeError::Version);
        }
        if reader.u8()? != ONE_TIME {
            return Err(DecodeError::Unknown);
        }
        let _random: [u8; 32] = reader.array()?;
        let identity = Identity::read(&mut reader)?;
        let prekey = AgreementPublic::from_bytes(reader.array()?);
        let kem = Kem1024Public::from_bytes(&reader.array()?).map_err(|_| DecodeError::Invalid)?;
        let mailbox = MailboxId::from_bytes(reader.array()?);
        let capability = SendCapability::from_bytes(reader.array()?);
        let voucher = Voucher::from_bytes(reader.array()?);
        let expires_at = reader.u64()?;
        let address = read_address(&mut reader)?;
        let name = reader.text(NAME)?.to_owned();
        let _credential = reader.block(CREDENTIAL)?;
        reader.padding()?;
        let offer = Offer { name, address, mailbox, capability, voucher, expires_at };
        Ok(Self { identity, prekey, kem, bytes, offer })
    }
}

// Names, hosts and mailboxes name people: none of them is printed.
impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bundle(..)")
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offer(..)")
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(..)")
    }
}

/// host block, port 2, pin 16. // protocol.md §3.2
pub(crate) fn write_address(writer: &mut Writer, address: &RelayAddress) {
    writer.block(address.host.as_str().as_bytes()).u16(address.port).bytes(&address.pin.0);
}

/// Reads an address; a host in capital letters would be a second encoding and is refused.
pub(crate) fn read_address(reader: &mut Reader<'_>) -> Result<RelayAddress, DecodeError> {
    let text = reader.text(HOST)?;
    let host = Host::new(text).map_err(|_| DecodeError::Invalid)?;
    let (port, pin) = (reader.u16()?, Pin(reader.array()?));
    if host.as_str() != text || port == 0 { Err(DecodeError::Invalid) } else { Ok(RelayAddress { host, port, pin }) }
}

fn bundle_data() -> Vec<u8> {
    label::BUNDLE_DATA.before(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn who_knows_the_link_can_seal_another_bundle_and_it_is_refused() {
        let rng = &mut rand::rngs::StdRng::seed_from_u64(1);
        let offer = Offer {
            name: "Ana".to_owned(),
            address: RelayAddress { host: Host::new("relay.example.org").unwrap(), port: 1, pin: Pin::of(b"key") },
            mailbox: MailboxId::random(rng),
            capability: SendCapability::random(rng),
            voucher: Voucher::random(rng),
            expires_at: 1,
        };
        let (invitation, link, sealed) = Invitation::create(rng, &offer).unwrap();
        assert!(link.open_bundle(&sealed).is_ok());
        // One byte of the random field changed, sealed under the key that the link gives.
        let mut bundle = SecretBytes::copy_of(invitation.bundle.expose());
        bundle.expose_mut()[5] ^= 1;
        let tag = seal(link.secret.bundle_key(), &bundle_data(), bundle.expose_mut());
        assert_eq!(link.open_bundle(&join(&[bundle.expose(), &tag])).err(), Some(BundleError::Altered));
    }
}
