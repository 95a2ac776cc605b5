"""Invitation (§3.4) and handshake (§4), of both sides."""

from dataclasses import dataclass, field
from functools import partial

from . import crypto
from .crypto import KEM_768, KEM_1024, dh, digest, hkdf, label, seal, unseal
from .encoding import Bundle, PrivatePart, PublicPart, exact, parse_link
from .form import Refused


def from_secret(secret, name):
    """§3.4: slot, bundle key, first key, psk."""
    return hkdf(b"", secret, name)


def link_secret(bundle):
    return digest("invitation/bundle-hash", bundle)


def seal_bundle(bundle):
    key = from_secret(link_secret(bundle), "invitation/bundle-key")
    return seal(key, label("invitation/bundle-data"), bundle)


def open_bundle(address, secret, sealed):
    """The bundle of a sealed one, for who has the link (§3.4)."""
    try:
        plain = unseal(from_secret(secret, "invitation/bundle-key"), label("invitation/bundle-data"), sealed)
    except Refused:
        raise Refused("altered") from None
    if link_secret(plain) != secret:
        raise Refused("altered")
    bundle = Bundle.decode(plain)
    if address is not None and bundle.address != address:
        raise Refused("altered")
    return plain, bundle


@dataclass
class Secrets:
    """§4.2, §4.3: the transcript and what comes of it."""

    transcript: bytes
    parts: tuple  # DH1, DH2, DH3, ss, psk
    root: bytes = field(init=False)
    chain: bytes = field(init=False)
    header: bytes = field(init=False)
    next_taker: bytes = field(init=False)
    next_inviter: bytes = field(init=False)
    private: bytes = field(init=False)

    def __post_init__(self):
        make = partial(hkdf, self.transcript, b"".join(self.parts))
        self.root, self.chain = make("handshake/root-key"), make("handshake/chain-key")
        self.header = make("handshake/header-key")
        self.next_taker = make("handshake/next-header-key-taker")
        self.next_inviter = make("handshake/next-header-key-inviter")
        self.private = make("first-envelope/private-key")


def transcript(bundle, public, pin, secret):
    return digest("handshake/transcript", b"\x01", bundle, b"\x02", public, pin, secret)


@dataclass
class Keys:
    """The private keys of one side; of the taker prekey is E, and kem the pair of the ratchet."""

    signing: bytes
    agreement: bytes
    prekey: bytes
    kem: bytes
    ratchet: bytes = b""


@dataclass
class Taken:
    """What a taker has made."""

    secrets: Secrets
    public: bytes
    private: bytes
    salt: bytes
    first_key: bytes

    def __post_init__(self):
        self.commitment = hkdf(self.salt, self.first_key, "first-envelope/commitment")
        self.seal_key = hkdf(self.salt, self.first_key, "first-envelope/seal-key")
        data = label("first-envelope/private-data") + self.secrets.transcript
        plain = self.public + seal(self.secrets.private, data, self.private)
        sealed = seal(self.seal_key, label("first-envelope/data") + self.commitment, plain)
        self.envelope = self.salt + self.commitment + sealed


def take(link, sealed, keys, private_part, m, salt):
    """Opens the bundle and makes the first envelope (§4.1 to §4.4)."""
    address, secret = parse_link(link)
    plain, bundle = open_bundle(address, secret, sealed)
    dh1 = dh(keys.agreement, bundle.prekey)
    dh2 = dh(keys.prekey, bundle.agreement)
    dh3 = dh(keys.prekey, bundle.prekey)
    ct, ss = KEM_1024.encaps(bundle.kem, m)
    public = PublicPart(
        signing=crypto.ed_public(keys.signing),
        agreement=crypto.x25519_public(keys.agreement),
        ephemeral=crypto.x25519_public(keys.prekey),
        ct=ct,
        ratchet=crypto.x25519_public(keys.ratchet),
        ek=KEM_768.public(keys.kem),
    ).encode()
    psk = from_secret(secret, "handshake/pre-shared-key")
    secrets = Secrets(transcript(plain, public, address.pin, secret), (dh1, dh2, dh3, ss, psk))
    return Taken(secrets, public, private_part.encode(), salt, from_secret(secret, "first-envelope/key"))


def open_outer(first_key, envelope):
    """The plain text of a first envelope's outer seal: commitment first (§4.5)."""
    exact(envelope, 4096)
    salt, commitment, sealed = envelope[:32], envelope[32:64], envelope[64:]
    if commitment != hkdf(salt, first_key, "first-envelope/commitment"):
        raise Refused("does not open")
    key = hkdf(salt, first_key, "first-envelope/seal-key")
    return unseal(key, label("first-envelope/data") + commitment, sealed)


class Invitation:
    """The inviter's side, from the making to the end of the invitation (§4.5, §4.6)."""

    def __init__(self, bundle, keys):
        self.bundle, self.plain, self.keys = bundle, bundle.encode(), keys
        self.secret = link_secret(self.plain)
        self.first_key = from_secret(self.secret, "first-envelope/key")
        self.kept = None

    def accept(self, envelope):
        """The secrets and both parts of a first envelope."""
        plain = open_outer(self.first_key, envelope)
        if self.kept is not None:
            again = digest("first-envelope/hash", envelope) == self.kept
            raise Refused("duplicate" if again else "invitation used twice")
        public = PublicPart.decode(plain[:2882])
        dh1 = dh(self.keys.prekey, public.agreement)
        dh2 = dh(self.keys.agreement, public.ephemeral)
        dh3 = dh(self.keys.prekey, public.ephemeral)
        if crypto.low_order_x25519(public.ratchet):
            raise Refused("32 zero bytes")
        ss = KEM_1024.decaps(self.keys.kem, public.ct)
        psk = from_secret(self.secret, "handshake/pre-shared-key")
        t = transcript(self.plain, plain[:2882], self.bundle.address.pin, self.secret)
        secrets = Secrets(t, (dh1, dh2, dh3, ss, psk))
        try:
            private = unseal(secrets.private, label("first-envelope/private-data") + t, plain[2882:])
        except Refused:
            raise Refused("transcripts differ") from None
        private = PrivatePart.decode(private)
        # One transaction: the session is made, the private keys go, the guard stays.
        self.kept = digest("first-envelope/hash", envelope)
        self.keys = None
        return secrets, public, private
