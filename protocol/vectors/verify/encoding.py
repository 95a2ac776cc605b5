"""Encodings (§2): relay addresses and links (§3.2, §3.3), bundle (§3.1), first envelope (§4.2, §4.4), header
(§5.4), body and content (§7), frames (§9)."""

import re
from types import SimpleNamespace

from .crypto import KEM_768, KEM_1024, base32, digest, ed_key, read_base32
from .form import Refused

NOT_ALLOWED = "a value that is not allowed"
TOO_LONG = "a length above its limit"
# White_Space of Unicode (PropList.txt); str.split() knows four characters more.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def allowed(condition):
    if not condition:
        raise Refused(NOT_ALLOWED)


class Reader:
    """Reads a value to the last byte (§2)."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        if self.at + length > len(self.data):
            raise Refused("ends too early")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def flag(self):
        value = self.number(1)
        allowed(value in (0, 1))
        return value

    def version(self):
        if self.number(1) != 1:
            raise Refused("another version")

    def type_1(self):
        if self.number(1) != 1:
            raise Refused("unknown type")

    def block(self, limit):
        length = self.number(2)
        if length > limit:
            raise Refused(TOO_LONG)
        return self.take(length)

    def text(self, limit):
        return utf8(self.block(limit))

    def zeros(self):
        allowed(not any(self.take(len(self.data) - self.at)))

    def end(self):
        if self.at != len(self.data):
            raise Refused("data after the end")


def utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(NOT_ALLOWED) from None


def exact(data, length):
    if len(data) != length:
        raise Refused("ends too early" if len(data) < length else "data after the end")


def u16(value):
    return value.to_bytes(2, "big")


def u32(value):
    return value.to_bytes(4, "big")


def u64(value):
    return value.to_bytes(8, "big")


def block(data):
    return u16(len(data)) + data


def checked_key(check, data):
    """Inside of a structure a weak key, or one out of range, is a value that is not allowed."""
    try:
        check(data)
    except Refused:
        raise Refused(NOT_ALLOWED) from None
    return data


# Fields stand in tables: "name:kind …", where a kind is a number of bytes or a name of KINDS. Of a name that
# begins with = the value is fixed and not kept.
KINDS = {  # kind: how it is read, how it is written
    "u8": (lambda reader: reader.number(1), lambda value: value.to_bytes(1, "big")),
    "u16": (lambda reader: reader.number(2), u16),
    "u32": (lambda reader: reader.number(4), u32),
    "u64": (lambda reader: reader.number(8), u64),
    "flag": (Reader.flag, lambda value: bytes([value])),
    "version": (Reader.version, lambda value: b"\x01"),
    "type-1": (Reader.type_1, lambda value: b"\x01"),
    "taker": (lambda reader: allowed(reader.number(1) == 2), lambda value: b"\x02"),
    "key": (lambda reader: checked_key(ed_key, reader.take(32)), bytes),
    "ek-768": (lambda reader: checked_key(KEM_768.check, reader.take(1184)), bytes),
    "ek-1024": (lambda reader: checked_key(KEM_1024.check, reader.take(1568)), bytes),
    "host": (lambda reader: host_name(reader.text(253)), lambda value: block(value.encode())),
    "port": (lambda reader: port_number(reader.number(2)), u16),
    "name": (lambda reader: reader.text(64), lambda value: block(value.encode())),
    "block-1024": (lambda reader: reader.block(1024), block),
    "block-1577": (lambda reader: reader.block(1577), block),
    "admission": (lambda reader: read_admission(reader), lambda value: write_admission(value)),
}
for size in (16, 32, 64, 1088, 1184, 1568, 2048, 4096, 4112):
    KINDS[str(size)] = (lambda reader, size=size: reader.take(size), bytes)


def read_fields(table, reader):
    values = {}
    for name, kind in (entry.split(":") for entry in table.split()):
        value = KINDS[kind][0](reader)
        if not name.startswith("="):
            values[name] = value
    return values


def write_fields(table, values):
    entries = (entry.split(":") for entry in table.split())
    return b"".join(KINDS[kind][1](values.get(name)) for name, kind in entries)


class Record(SimpleNamespace):
    """A structure of §3 to §7: its table, and the size to which zeros fill it."""

    table, size = "", 0

    def encode(self):
        return write_fields(self.table, vars(self)).ljust(self.size, b"\0")

    @classmethod
    def read(cls, reader):
        return cls(**read_fields(cls.table, reader))

    @classmethod
    def decode(cls, data):
        exact(data, cls.size)
        reader = Reader(data)
        record = cls.read(reader)
        reader.zeros()
        return record


# §3.2 Relay address

HOST = re.compile(r"[a-z0-9.:-]{1,253}")
FORM = "another form"


def host_name(text):
    allowed(HOST.fullmatch(text))
    return text


def port_number(number):
    allowed(number)
    return number


class Address(Record):
    table = "host:host port:port pin:16"

    def check(self):
        return digest("relay/address-checksum", self.pin, u16(self.port), self.host.encode())[:2]

    def text(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{base32(self.pin + self.check())}"

    @staticmethod
    def parse(typed):
        place, slash, code = typed.strip(SPACE).rpartition("/")
        host, colon, port = place.rpartition(":")
        if not slash or not colon:
            raise Refused(FORM)
        if host.startswith("[") or host.endswith("]"):
            if not re.fullmatch(r"\[.*\]", host):
                raise Refused(FORM)
            host = host[1:-1]
        elif ":" in host:
            raise Refused(FORM)
        host = host.lower()
        if not HOST.fullmatch(host):
            raise Refused("host")
        if not re.fullmatch(r"0*[0-9]{1,5}", port) or not 1 <= int(port[-6:]) <= 65535:
            raise Refused("port")
        try:
            data = read_base32(code, 18)
        except Refused:
            raise Refused("check") from None
        address = Address(host=host, port=int(port), pin=data[:16])
        if address.check() != data[16:]:
            raise Refused("check")
        return address


# §3.3 Link


def link_check(version, address, secret):
    return digest(
        "link/checksum", bytes([version]), u16(address.port), address.pin, secret, address.host.encode()
    )[:2]


def link_text(address, secret, version=1):
    code = bytes([version]) + u16(address.port) + address.pin + secret + link_check(version, address, secret)
    return f"CAIRN:{address.host.upper()}/{base32(code)}"


def parse_link(typed):
    """The address and L of a link."""
    typed = "".join(letter for letter in typed if letter not in SPACE)
    host, slash, code = typed[6:].rpartition("/")
    if typed[:6].upper() != "CAIRN:" or not slash:
        raise Refused(FORM)
    host = host.lower()
    if not HOST.fullmatch(host):
        raise Refused("host")
    try:
        data = read_base32(code, 53)
    except Refused:
        raise Refused("check") from None
    reader = Reader(data)
    version, port, pin = reader.number(1), reader.number(2), reader.take(16)
    secret, check = reader.take(32), reader.take(2)
    address = Address(host=host, port=port, pin=pin)
    if check != link_check(version, address, secret):
        raise Refused("check")
    if version == 0 or port == 0:
        raise Refused("check")
    if version != 1:
        raise Refused("another version")
    return address, secret


# §3.1, §4.2, §4.4, §5.4, §7.1


class Bundle(Record):
    table = f"""=:version =:type-1 random:32 signing:key agreement:32 prekey:32 kem:ek-1024 mailbox:32
        capability:32 voucher:32 end:u64 {Address.table} name:name credential:block-1024"""
    size = 4096

    @property
    def address(self):
        return Address(host=self.host, port=self.port, pin=self.pin)


class PublicPart(Record):
    table = "=:version =:taker signing:key agreement:32 ephemeral:32 ct:1568 ratchet:32 ek:ek-768"
    size = 2882


class PrivatePart(Record):
    table = f"mailbox:32 capability:32 {Address.table} name:name"
    size = 1118


class Header(Record):
    table = "previous:u32 index:u32 D:32 ek:1184 ct:1088"
    size = 2312

    @property
    def publics(self):
        return self.D, self.ek, self.ct


class Piece(Record):
    table = "message:16 piece:u8 pieces:u8 shown:flag kind:u16 payload:block-1577"

    @classmethod
    def read(cls, reader):
        piece = super().read(reader)
        allowed(1 <= piece.pieces <= 64 and piece.piece < piece.pieces)
        return piece


class Body(Piece):
    """before is H(number - 1), known is H(received)."""

    table = f"number:u64 before:32 received:u64 known:32 time:u64 {Piece.table}"
    size = 1688


# §7.2, §7.3 Content

TEXT, FILLER, LOST, COMMITMENT, ANSWER, OPENING, KEEP = range(1, 8)
FIXED = {FILLER: [], LOST: [8, 8], COMMITMENT: [32], ANSWER: [32, 32], OPENING: [32, 32], KEEP: [2]}


def cut(message, shown, kind, payload, limit=65536):
    """The pieces of a content."""
    if len(payload) > limit:
        raise Refused(TOO_LONG)
    parts = [payload[at : at + 1500] for at in range(0, len(payload), 1500)] or [b""]
    if kind != TEXT:
        parts = [payload]
    same = {"message": message, "pieces": len(parts), "shown": shown, "kind": kind}
    return [Piece(piece=at, payload=part, **same) for at, part in enumerate(parts)]


def read_content(pieces):
    """What the pieces of one message say: for text and unknown kinds for showing the text, else the parts."""
    first = pieces[0]
    if len({(piece.message, piece.pieces, piece.shown, piece.kind) for piece in pieces}) != 1:
        raise Refused("pieces")
    if [piece.piece for piece in pieces] != list(range(first.pieces)):
        raise Refused("pieces")
    if 1 <= first.kind <= 7:
        allowed(first.shown == (first.kind == TEXT))
    payload = b"".join(piece.payload for piece in pieces)
    if first.kind not in range(1, 8):
        return Reader(first.payload).text(1577) if first.shown else None
    if first.kind == TEXT:
        lengths = [len(piece.payload) for piece in pieces]
        least = 0 if len(pieces) == 1 else 1
        if any(length != 1500 for length in lengths[:-1]) or not least <= lengths[-1] <= 1500:
            raise Refused("pieces")
        if len(payload) > 65536:
            raise Refused(TOO_LONG)
        return utf8(payload)
    reader = Reader(payload)
    allowed(len(pieces) == 1 and (first.kind != FILLER or not payload))
    parts = [reader.take(length) for length in FIXED[first.kind]]
    reader.end()
    if first.kind == LOST:
        low, high = (int.from_bytes(part, "big") for part in parts)
        allowed(1 <= low <= high < low + 2048)
    if first.kind == KEEP:
        allowed(int.from_bytes(parts[0], "big") in (0, 30, 90))
    return parts


# §9 Frames: the fields of each type. LISTS: the longest list at the end of one, and the fields of an entry.

REQUESTS = {
    0x01: "version:u8",
    0x02: "",
    0x10: "mailbox:32 owner_key:key hash_of_the_send_capability:32 admission:admission",
    0x11: "mailbox:32 proof:64",
    0x12: "mailbox:32 generation:u64 mark:16 proof:64",
    0x13: "mailbox:32 wait:flag",
    0x14: "mailbox:32",
    0x15: "mailbox:32 send_capability:32 envelope_id:16 envelope:4096",
    0x20: "slot:32 hash_of_the_manage_token:32 hash_of_the_voucher:32 last_day:u32 admission:admission "
    "sealed_bundle:4112",
    0x21: "slot:32 claim_token:32",
    0x22: "slot:32 manage_token:32",
    0x23: "slot:32 manage_token:32",
}
REPLIES = {
    0x81: "version:u8 time:u64 store:16 restores:u32 days:u16 open:flag",
    0x82: "",
    0x83: "",
    0x84: "sealed_bundle:4112",
    0x85: "taken:flag second_taker:flag",
    0x86: "there:flag notice:2048",
    0x8F: "code:u8 seconds:u16",
}
LISTS = {0x14: (128, "envelope_id:16"), 0x83: (32, "envelope_id:16 envelope:4096")}
# §9.5
NOTICE_GROUPS = {"card": 80, "hours": 100, "readers": 100, "more": 100}
NOT_IN_LINES = {*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)}


def notice_line(text):
    allowed(text and text == text.strip(" ") and not NOT_IN_LINES & set(map(ord, text)))
    return text


def read_statement(statement):
    """The statement of a notice: set, last day, center, and the lines of each group."""
    reader = Reader(statement)
    reader.version()
    values = {"set": reader.number(8), "last day": reader.number(4)}
    center = reader.text(100)
    values["center"] = center and notice_line(center)
    for group, limit in NOTICE_GROUPS.items():
        count = reader.number(1)
        if count > 4:
            raise Refused(TOO_LONG)
        values[group] = [notice_line(reader.text(limit)) for _ in range(count)]
    reader.zeros()
    says = values["last day"] or any(values[group] for group in NOTICE_GROUPS)
    allowed(center or not says)
    return values


def write_statement(values):
    out = b"\x01" + u64(values["set"]) + u32(values["last day"]) + block(values["center"].encode())
    for group in NOTICE_GROUPS:
        out += bytes([len(values[group])]) + b"".join(block(line.encode()) for line in values[group])
    return out.ljust(1919, b"\0")


ADMISSIONS = ["open", "pass", "voucher"]


def read_admission(reader):
    which, token = reader.number(1), reader.take(32)
    if which > 2:
        raise Refused("unknown type")
    allowed(which or not any(token))
    return ADMISSIONS[which], token


def write_admission(value):
    return bytes([ADMISSIONS.index(value[0])]) + value[1]


def numbered(table, at):
    """The table of one entry of a list."""
    return " ".join(entry.replace(":", f"_{at}:") for entry in table.split())


def read_frame(table, limit, data):
    """The type, the number and the fields of a frame."""
    if len(data) > limit:
        raise Refused(TOO_LONG)
    reader = Reader(data)
    kind, number = reader.number(1), reader.number(4)
    if kind not in table:
        raise Refused("unknown type")
    values = read_fields(table[kind], reader)
    if kind in LISTS:
        most, entry = LISTS[kind]
        values["count"] = reader.number(1)
        if values["count"] > most:
            raise Refused(TOO_LONG)
        for at in range(values["count"]):
            values |= read_fields(numbered(entry, at), reader)
    if "there" in values:
        allowed(values["there"] or not any(values["notice"]))
    if "code" in values:
        if not 1 <= values["code"] <= 12:
            raise Refused("unknown type")
        allowed(values["code"] == 11 or not values["seconds"])
    reader.end()
    return kind, number, values


def write_frame(table, kind, number, values):
    out = bytes([kind]) + u32(number) + write_fields(table[kind], values)
    if kind in LISTS:
        out += bytes([values["count"]])
        out += b"".join(write_fields(numbered(LISTS[kind][1], at), values) for at in range(values["count"]))
    return out
