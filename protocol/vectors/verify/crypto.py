"""Primitives and labels (§1.2, §1.4), base 32 (§3.2)."""

from hashlib import sha256, sha512

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM1024PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from kyber_py.ml_kem import ML_KEM_768, ML_KEM_1024

from .form import Refused

PREFIX = "cairn/v1/"
# §1.4, in the order of the page.
LABELS = """link/checksum relay/pin relay/address-checksum token/send-capability token/claim token/manage
token/pass token/voucher mailbox/owner-statement invitation/bundle-hash invitation/slot
invitation/bundle-key invitation/bundle-data
first-envelope/key first-envelope/seal-key first-envelope/commitment first-envelope/data
first-envelope/private-key first-envelope/private-data first-envelope/hash handshake/pre-shared-key
handshake/transcript handshake/root-key handshake/chain-key handshake/header-key
handshake/next-header-key-taker handshake/next-header-key-inviter ratchet/step ratchet/chain-publics
ratchet/root-key ratchet/chain-key ratchet/next-header-key chain/next-key chain/message-key
envelope/header-key envelope/body-key envelope/commitment envelope/head envelope/body
history/start history/step check/binding check/commitment check/words-inviter check/words-taker
notice/statement""".split()


def label(name):
    """A label with its length before it (§1.4)."""
    if name not in LABELS:
        raise KeyError(name)
    text = (PREFIX + name).encode("ascii")
    return bytes([len(text)]) + text


def digest(name, *parts):
    return sha256(label(name) + b"".join(parts)).digest()


def hkdf_raw(salt, ikm, info):
    return HKDF(algorithm=SHA256(), length=32, salt=salt or bytes(32), info=info).derive(ikm)


def hkdf(salt, ikm, name, context=b""):
    return hkdf_raw(salt, ikm, label(name) + context)


def seal(key, data, text):
    return ChaCha20Poly1305(key).encrypt(bytes(12), text, data)


def unseal(key, data, sealed):
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), sealed, data)
    except InvalidTag:
        raise Refused("does not open") from None


def x25519_public(private):
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def dh(private, public):
    ours, theirs = X25519PrivateKey.from_private_bytes(private), X25519PublicKey.from_public_bytes(public)
    try:
        shared = ours.exchange(theirs)
    except ValueError:
        shared = bytes(32)
    if shared == bytes(32):
        raise Refused("32 zero bytes")
    return shared


def low_order_x25519(public):
    """Any private key finds it out: clamping makes it a multiple of 8."""
    try:
        dh(bytes(32), public)
    except Refused:
        return True
    return False


# Ed25519 with arithmetic of our own (RFC 8032 §5.1, §6), because libraries differ in what they let pass.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def ed_add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def ed_times(n, point):
    result = NEUTRAL
    while n:
        if n & 1:
            result = ed_add(result, point)
        point, n = ed_add(point, point), n >> 1
    return result


def ed_encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed_decode(data):
    """A point in its one canonical encoding, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = ed_decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed_key(data):
    """A verifying key: no point, another encoding and low order are refused (§1.2)."""
    point = ed_decode(data)
    if point is None or ed_encode(ed_times(8, point)) == ed_encode(NEUTRAL):
        raise Refused("weak key")
    return point


def ed_public(private):
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def ed_sign(private, statement):
    return Ed25519PrivateKey.from_private_bytes(private).sign(statement)


def ed_equation(public, statement, signature):
    """S·B − k·A, and whether it is R to the byte."""
    point = ed_key(public)
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        raise Refused("signature")
    k = int.from_bytes(sha512(signature[:32] + public + statement).digest(), "little") % ORDER
    minus = (P - point[0], point[1], 1, P - point[3])
    r = ed_add(ed_times(s, BASE), ed_times(k, minus))
    return r, ed_encode(r) == signature[:32]


def ed_verify(public, statement, signature):
    """Cofactorless, and R not of low order."""
    r, fits = ed_equation(public, statement, signature)
    if not fits or ed_encode(ed_times(8, r)) == ed_encode(NEUTRAL):
        raise Refused("signature")


class Kem:
    """ML-KEM from seeds and given randomness. Encapsulation and decapsulation come from two packages."""

    def __init__(self, private_class, inner, rank, ek_bytes, ct_bytes):
        self.private_class, self.inner, self.rank = private_class, inner, rank
        self.ek_bytes, self.ct_bytes = ek_bytes, ct_bytes

    def public(self, seed):
        return self.private_class.from_seed_bytes(seed).public_key().public_bytes_raw()

    def check(self, ek):
        """FIPS 203 §7.2: all coefficients, of 12 bits each, are below 3,329."""
        packed = int.from_bytes(ek[: 384 * self.rank], "little")
        bits = 12 * 256 * self.rank
        if len(ek) != self.ek_bytes or any(packed >> at & 0xFFF >= 3329 for at in range(0, bits, 12)):
            raise Refused("encapsulation key")

    def encaps(self, ek, m):
        self.check(ek)
        ss, ct = self.inner._encaps_internal(ek, m)
        return ct, ss

    def decaps(self, seed, ct):
        return self.private_class.from_seed_bytes(seed).decapsulate(ct)


KEM_768 = Kem(MLKEM768PrivateKey, ML_KEM_768, 3, 1184, 1088)
KEM_1024 = Kem(MLKEM1024PrivateKey, ML_KEM_1024, 4, 1568, 1568)

# What stands before a point in the SubjectPublicKeyInfo of a P-256 key (§9.5).
KEY_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
ORDER_256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def p256_point(private):
    numbers = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1()).public_key().public_numbers()
    return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def p256_sign(private, message):
    """r ‖ s with the nonce of RFC 6979."""
    key = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def p256_verify(point, message, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < ORDER_256 and 0 < s < ORDER_256):
        raise Refused("signature")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise Refused("signature") from None


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ = {letter: value for value, letter in enumerate(ALPHABET)}
READ |= {letter.lower(): value for letter, value in READ.items()}
READ |= {"O": 0, "o": 0, "I": 1, "i": 1, "L": 1, "l": 1}


def base32(data):
    characters = -(-len(data) * 8 // 5)
    value = int.from_bytes(data, "big") << characters * 5 - len(data) * 8
    return "".join(ALPHABET[value >> 5 * at & 31] for at in reversed(range(characters)))


def read_base32(text, length):
    characters = -(-length * 8 // 5)
    if len(text) != characters or any(letter not in READ for letter in text):
        raise Refused("no base 32")
    value = 0
    for letter in text:
        value = value << 5 | READ[letter]
    spare = characters * 5 - length * 8
    if value & (1 << spare) - 1:
        raise Refused("no base 32")
    return (value >> spare).to_bytes(length, "big")
