"""The files whose cases stand alone, or nearly so: one class for a file, run() for a case."""

import re
from hashlib import sha256

from . import crypto
from .check import Words
from .crypto import KEM_768, KEM_1024, LABELS, PREFIX, base32, digest, hkdf, label, read_base32
from .encoding import (
    NOTICE_GROUPS,
    REPLIES,
    REQUESTS,
    TEXT,
    Address,
    Body,
    Piece,
    Reader,
    cut,
    link_check,
    link_text,
    parse_link,
    read_content,
    read_frame,
    read_statement,
    u64,
    write_frame,
    write_statement,
)
from .form import Mismatch, Refused
from .session import (
    BODY_NAMES,
    INVITER,
    TAKER,
    Received,
    Sent,
    Session,
    chain_step,
    history_start,
    history_step,
    named,
    sealed_parts,
    step,
)


class Checker:
    def __init__(self, words):
        self.words = words

    def finish(self):
        """What can be said only when all cases were seen."""


def need(condition, words):
    if not condition:
        raise Mismatch(words)


class Primitives(Checker):
    """§1.2"""

    def run(self, c):
        if "info" in c:
            salt, names = c.random("salt drawn", 32), [name for name in ("ikm 1", "ikm 2") if name in c]
            need(c.bytes("salt") in (salt, b""), "another salt")
            need(c.bytes("ikm") == b"".join(c.random(name, 32) for name in names), "another ikm")
            c.same("info", label("envelope/header-key"))
            c.same("output", crypto.hkdf_raw(c.bytes("salt"), c.bytes("ikm"), c.bytes("info")))
        elif "sealed" in c:
            key, data, sealed = c.bytes("key", 32), c.bytes("data"), c.bytes("sealed")
            if "text" in c:
                c.same("sealed", crypto.seal(key, data, c.bytes("text")))
            plain = crypto.unseal(key, data, sealed)
            c.same("text", plain)
        elif "a private" in c:
            a, public = c.random("a private", 32), c.bytes("b public", 32)
            shared = crypto.dh(a, public)
            c.same("a public", crypto.x25519_public(a))
            c.same("b public", crypto.x25519_public(c.random("b private", 32)))
            c.same("DH(a, B)", shared)
            c.same("DH(a, B)", crypto.dh(c.bytes("b private"), c.bytes("a public")))
        elif c.name.startswith("KEM-"):
            self.kem(c, KEM_1024 if c.name.startswith("KEM-1024") else KEM_768)
        else:
            self.ed25519(c)

    def ed25519(self, c):
        if "private" in c:
            private, statement = c.random("private", 32), c.random("statement", 32)
            c.same("public", crypto.ed_public(private))
            c.same("signature", crypto.ed_sign(private, statement))
        if "signature" in c:
            public, statement = c.bytes("public", 32), c.bytes("statement")
            signature = c.bytes("signature", 64)
            if c.name == "signature-R-of-low-order":
                need(crypto.ed_equation(public, statement, signature)[1], "the equation does not hold")
            if c.name == "signature-large-S":
                # Nothing but the size of S is wrong.
                s = int.from_bytes(signature[32:], "little") - crypto.ORDER
                crypto.ed_verify(public, statement, signature[:32] + s.to_bytes(32, "little"))
            crypto.ed_verify(public, statement, signature)
        else:
            point = crypto.ed_key(c.bytes("public", 32))
            prime = crypto.ed_encode(crypto.ed_times(crypto.ORDER, point)) == crypto.ed_encode(crypto.NEUTRAL)
            need(prime != (c.name == "key-of-mixed-order"), "mixed order, or not")

    def kem(self, c, kem):
        if "m" in c:
            ct, ss = kem.encaps(c.bytes("ek"), c.random("m", 32))
            c.same("ek", kem.public(c.random("private", 64)))
            c.same("ct", ct)
            c.same("ss", ss)
        elif "ek" in c:
            kem.check(c.bytes("ek"))
        if "ct" in c:
            c.same("ss", kem.decaps(c.bytes("private", 64), c.bytes("ct", kem.ct_bytes)))


class Labels(Checker):
    """§1.4"""

    def run(self, c):
        if c.name == "values":
            self.values = [c.random(name, 32) for name in ("part", "salt", "ikm", "context")]
            self.seen = []
            return
        part, salt, ikm, context = self.values
        c.same("label", PREFIX + c.name)
        need(c.name in LABELS, "a label that the page does not have")
        c.same("prefixed", label(c.name))
        c.same("hash", digest(c.name, part))
        c.same("output", hkdf(salt, ikm, c.name, context))
        self.seen.append(c.name)

    def finish(self):
        need(sorted(self.seen) == sorted(LABELS), "not every label of §1.4 has a case")


class Base32(Checker):
    """§3.2"""

    def run(self, c):
        length = c.number("length") if "length" in c else len(c.bytes("bytes"))
        if "bytes of all" in c:
            c.same("bytes", c.random("bytes of all", 53)[:length])
        if "bytes" in c:
            c.same("text", base32(c.bytes("bytes")))
            c.same("bytes", read_base32(c.text("text"), length))
        if "typed" in c:
            c.same("bytes", read_base32(c.text("typed"), length))


class Addresses(Checker):
    """§3.2"""

    def run(self, c):
        if c.name == "pin":
            # SubjectPublicKeyInfo of an Ed25519 key: RFC 8410.
            c.same("key", bytes.fromhex("302a300506032b6570032100") + c.random("raw key", 32))
            c.same("SHA-256", digest("relay/pin", c.bytes("key")))
            self.pin = c.bytes("SHA-256")[:16]
            c.same("pin", self.pin)
        elif "typed" in c:
            address = Address.parse(c.text("typed"))
            c.same("text", address.text())
            need(address.pin == self.pin, "another pin")
        else:
            c.same("pin", self.pin)
            address = Address(host=c.text("host"), port=c.number("port"), pin=c.bytes("pin"))
            c.same("check", address.check())
            c.same("text", address.text())
            need(Address.parse(c.text("text")) == address, "text reads as another address")
            need(Address.read(Reader(address.encode())) == address, "bytes read as another address")


class Links(Checker):
    """§3.3"""

    def run(self, c):
        if c.name == "values":
            self.pin, self.secret = c.random("pin", 16), c.random("L", 32)
        elif "typed" in c:
            c.same("text", link_text(*parse_link(c.text("typed"))))
        else:
            c.same("version", 1)
            c.same("pin", self.pin)
            c.same("L", self.secret)
            address = Address(host=c.text("host"), port=c.number("port"), pin=c.bytes("pin"))
            c.same("check", link_check(c.number("version"), address, c.bytes("L")))
            text = link_text(address, c.bytes("L"))
            c.same("text", text)
            c.same("characters", len(text))
            need(parse_link(text) == (address, self.secret), "text reads as another link")


class Ratchet(Checker):
    """§5.2, §5.3"""

    def run(self, c):
        if "CK" in c and "role" not in c:
            ck = c.random("CK", 32)
            for at in range(5):
                mk, ck = chain_step(ck)
                c.same(f"MK {at}", mk)
                c.same(f"CK after {at}", ck)
            return
        d, peer_public = c.random("d", 32), c.bytes("D'", 32)
        shared = crypto.dh(d, peer_public)
        need(c.name == f"step-of-the-{'inviter' if c.number('role') == INVITER else 'taker'}", "another role")
        new = crypto.x25519_public(d), KEM_768.public(c.random("ek private", 64))
        peer_private, peer_seed = c.random("d'", 32), c.random("ek' private", 64)
        peer = crypto.x25519_public(peer_private), KEM_768.public(peer_seed)
        ct, ss = KEM_768.encaps(peer[1], c.random("m", 32))
        need(crypto.dh(peer_private, new[0]) == shared, "both sides agree on other bytes")
        need(KEM_768.decaps(peer_seed, ct) == ss, "both sides have another ss")
        made = step(c.random("RK", 32), c.number("role"), new, peer, ct, shared, ss)
        names = ["D", "ek", "D'", "ek'", "ct", "DH(d, D')", "ss", "c", "RK'", "CK", "NHK"]
        for name, value in zip(names, [*new, *peer, ct, shared, ss, *made]):
            c.same(name, value)


def sessions(t, keys, d_and_ek, pair, random):
    """Both sides after a handshake, by their roles."""
    return {
        TAKER: Session(TAKER, t, *keys, d_and_ek, pair, random),
        INVITER: Session(INVITER, t, *keys, d_and_ek),
    }


KEYS = ["RK", "CK of the taker's chain 0", "HK of the taker's chain 0", "HK of the taker's chain 1"]
KEYS += ["HK of the inviter's first chain"]


class Envelopes(Checker):
    """§6"""

    def run(self, c):
        if "CK of the other reader" in c:
            self.two_readers(c)
            return
        if "MK of the commitment" in c:
            self.forged(c)
            return
        if "role" not in c:
            # Before it has opened anything.
            self.first_inviter.receive_plain(c.bytes("envelope", 4096))
            return
        if "T" in c:
            self.sides = self.start(c)
            if not hasattr(self, "first_inviter"):
                self.first_inviter = self.sides[INVITER].copy()
                self.first_header, self.first_body = self.sides[TAKER].next_header().encode(), c.bytes("body")
        role = c.number("role")
        need(role in (INVITER, TAKER), "another role")
        writer, reader = self.sides[role], self.sides[INVITER + TAKER - role]
        need(writer.step_due == ("D private" in c), "a hybrid step, or none")
        if writer.step_due:
            made = writer.make_step(c.random("D private", 32), c.random("ek private", 64), c.random("m", 32))
            for name, value in made.items():
                c.same(name, value)
        out = writer.seal_next(c.random("body", 1688), c.random("salt", 32))
        del out["H(number)"]
        for name, value in out.items():
            c.same(name, value)
        need(reader.receive_plain(out["envelope"]) == c.bytes("body"), "another body comes out")

    def start(self, c):
        pair = c.random("D private of the taker", 32), c.random("ek private of the taker", 64)
        public = crypto.x25519_public(pair[0]), KEM_768.public(pair[1])
        c.same("D of the taker", public[0])
        c.same("ek of the taker", public[1])
        keys = [c.random(name, 32) for name in KEYS]
        return sessions(c.random("T", 32), keys, public, pair, c.random("ct of chain 0", 1088))

    def forged(self, c):
        """From header and body of the first case; the keys, T, role and salt stand there."""
        reader, role, t, salt = self.first_inviter, c.number("role"), c.bytes("T", 32), c.bytes("salt", 32)
        hk, header, body_key = reader.current.hk, self.first_header, c.bytes("MK of the body", 32)
        sealed = sealed_parts(t, role, hk, body_key, salt, header, self.first_body)["sealed body"]
        commitment = hkdf(salt, hk + c.bytes("MK of the commitment", 32), "envelope/commitment")
        data = label("envelope/head") + bytes([role]) + t + commitment + sealed
        sealed_header = crypto.seal(hkdf(salt, hk, "envelope/header-key"), data, header)
        c.same("envelope", salt + commitment + sealed_header + sealed)
        reader.receive_plain(c.bytes("envelope"))

    def two_readers(self, c):
        """One envelope, and both readers: their sealed bodies are the same bytes, the commitment is of one."""
        if "envelope of" in c:
            c.same("envelope of", self.two_keys_case)
            c.same("CK of the other reader", self.other.current.ck)
            reader, envelope, header = self.other, self.two_keys, self.two_keys_header
        else:
            sides, envelope = self.start(c), c.bytes("envelope", 4096)
            reader, self.other = sides[INVITER], sides[INVITER].copy()
            self.other.current.ck = c.random("CK of the other reader", 32)
            header = sides[TAKER].next_header().encode()
            c.same("header", header)
            need(envelope[:32] == c.random("salt", 32), "another salt")
            c.same("HK", reader.current.hk)
            self.two_keys_case, self.two_keys, self.two_keys_header = c.name, envelope, header
        hk, (mk, _) = reader.current.hk, chain_step(reader.current.ck)
        c.same("MK", mk)
        keys = sealed_parts(reader.t, TAKER, hk, mk, envelope[:32], header, b"")
        c.same("body key", keys["body key"])
        # Without a look at the commitment the body opens for both.
        body = crypto.unseal(keys["body key"], keys["body data"], envelope[2392:])
        c.same_if_there("body", body)
        reader.receive_plain(envelope)


class Bodies(Checker):
    """§7.1"""

    def run(self, c):
        raw = c.bytes("body")
        body = Body.decode(raw)
        for name, length in ("H(number - 1)", 32), ("H(received)", 32), ("message", 16):
            c.random(name, length)
        for name, value in named(body, BODY_NAMES).items():
            c.same(name, value)
        need(body.encode() == raw, "another encoding")


# The names of what a kind says.
NAMES = {1: ["text"], 2: [], 3: ["first", "last"], 4: ["commitment"]}
NAMES |= dict.fromkeys((5, 6), ["commitment", "nonce"]) | {7: ["days"]}


class Contents(Checker):
    """§7.2, §7.3"""

    def run(self, c):
        if c.name == "values":
            self.message = c.random("message", 16)
            return
        names = [name for name in c.values if name.startswith("piece ")]
        raw = [c.bytes(name) for name in names]
        if "letter" in c:
            text = c.text("letter").encode() * c.number("length")
            pieces = cut(self.message, 1, TEXT, text, limit=1 << 20)
            need(names == [f"piece {len(pieces) - 1}"] and raw == [pieces[-1].encode()], "another last piece")
        else:
            need(names == [f"piece {at}" for at in range(len(names))], "pieces that are not in order")
            pieces = []
            for data in raw:
                reader = Reader(data)
                pieces.append(Piece.read(reader))
                reader.end()
        says = read_content(pieces)
        c.same_if_there("pieces", len(pieces))
        need([piece.encode() for piece in pieces] == raw or "letter" in c, "another encoding")
        if pieces[0].kind in NAMES:
            joined = b"".join(piece.payload for piece in pieces)
            again = cut(self.message, pieces[0].shown, pieces[0].kind, joined)
            need([piece.encode() for piece in again] == [piece.encode() for piece in pieces], "another encoding")
        if "letter" in c:
            need(says == text.decode(), "another text")
        elif says is not None:
            parts = says if isinstance(says, list) else [says]
            for name, part in zip(NAMES.get(pieces[0].kind, ["text instead"]), parts, strict=True):
                c.same(name, int.from_bytes(part, "big") if pieces[0].kind in (3, 7) else part)


def ranges(numbers):
    """First and last number of each run."""
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(f"{first}-{last}" for first, last in runs)


class History(Checker):
    """§8"""

    def run(self, c):
        if c.name == "hashes":
            self.t = c.random("T", 32)
            self.chain = [history_start(self.t, TAKER)]
            for number in range(1, 6):
                self.chain.append(history_step(self.chain[-1], bytes([number]) * 4096))
            for number, value in enumerate(self.chain):
                c.same(f"H({number}) of the taker", value)
            c.same("H(0) of the inviter", history_start(self.t, INVITER))
        elif c.name.startswith("number-"):
            received = Received(self.chain[0])
            self.come(received, 1)
            self.come(received, 3)
            received.check(c.number("number"))
        elif c.name.startswith("confirms-"):
            sent = Sent(self.chain[0])
            for number in range(1, 6):
                sent.send(bytes([number]) * 4096)
            sent.confirm(c.number("received"), c.bytes("H(received)", 32))
            c.same("confirmed", sent.confirmed)
            c.same("differs", int(sent.differs))
        else:
            self.events(c)

    def come(self, received, number, byte=None):
        received.receive(number, self.chain[number - 1], bytes([byte or number]) * 4096)

    def events(self, c):
        received = Received(self.chain[0])
        marks = [name for name in c.values if name.startswith("mark after ")]
        for event in [name.removeprefix("mark after ") for name in marks]:
            numbers = [int(number) for number in re.findall("[0-9]+", event)]
            if event.endswith("lost"):
                received.lose(numbers)
            else:
                self.come(received, numbers[0], 0x99 if c.name == "replaced" and numbers == [1] else None)
            c.same(f"mark after {event}", received.mark)
            c.same(f"H(mark) after {event}", received.hash)
            c.same(f"missing after {event}", ranges(received.missing()))
            c.same(f"differs after {event}", int(received.differs))


class Tokens(Checker):
    """§9.1"""

    def run(self, c):
        if c.name == "value":
            self.token = c.random("token", 32)
            return
        c.same("token", self.token)
        c.same("label", f"{PREFIX}token/{c.name}")
        c.same("hash", digest(f"token/{c.name}", self.token))


class Frames(Checker):
    """§9.1, §9.2"""

    table, limit, kinds = None, None, None

    def run(self, c):
        if "each" in c:
            read_frame(self.table, self.limit, c.bytes("each", 1) * c.number("bytes"))
            return
        frame = c.bytes("frame")
        kind, number, values = read_frame(self.table, self.limit, frame)
        need(c.name.startswith(self.kinds[kind]), "another type than the name says")
        c.same("request number", number)
        if "owner key private" in c:
            c.same("owner key", crypto.ed_public(c.random("owner key private", 32)))
        if "admission" in values:
            way = next((way for way in ("pass", "voucher") if way in c), "open")
            token = bytes(32) if way == "open" else c.random(way, 32)
            need(values.pop("admission") == (way, token), "another admission")
        for name, value in values.items():
            c.same(name.replace("_", " "), value)
        stated = {name: c.values[name.replace("_", " ")] for name in values}
        if "admission" in self.table[kind]:
            stated["admission"] = way, token
        c.same("frame", write_frame(self.table, kind, number, stated))
        self.seen.add(kind)

    def __init__(self, words):
        super().__init__(words)
        self.seen = set()

    def finish(self):
        need(self.seen == set(self.table), "not every type of frame has a case")


class Requests(Frames):
    table, limit = REQUESTS, 8192
    names = "hello notice create-mailbox delete-mailbox subscribe fetch acknowledge put put-bundle take-bundle"
    kinds = dict(zip(REQUESTS, (names + " bundle-status revoke-bundle").split()))


class Replies(Frames):
    table, limit = REPLIES, 163840
    kinds = dict(zip(REPLIES, ["welcome", "done", ("page", "empty-page"), "bundle", "state", "notice", "refused"]))


class Proofs(Checker):
    """§9.3"""

    def run(self, c):
        channel, mailbox, mark = c.bytes("channel", 32), c.bytes("mailbox", 32), c.bytes("mark", 16)
        operation, generation = c.number("operation"), c.number("generation")
        parts = channel, mailbox, bytes([operation]), u64(generation), mark
        statement = digest("mailbox/owner-statement", *parts)
        c.same_if_there("statement", statement)
        proof = c.bytes("proof", 64)
        if operation == 2:
            need(generation == 0 and not any(mark), "generation and mark of delete are zero")
        if "owner key private" in c:
            private = c.bytes("owner key private", 32)
            c.same_if_there("owner key", crypto.ed_public(private))
            c.same("proof", crypto.ed_sign(private, statement))
            crypto.ed_verify(crypto.ed_public(private), statement, proof)
        else:
            crypto.ed_verify(c.bytes("owner key", 32), statement, proof)


class Notices(Checker):
    """§9.5"""

    whole = None

    def run(self, c):
        if "changed at" in c:
            at, to = c.number("changed at"), c.bytes("changed to")
            notice = self.whole[:at] + to + self.whole[at + len(to) :]
            need(len(notice) == 2048 and notice != self.whole, "nothing is changed")
        else:
            notice = c.bytes("notice", 2048)
        point, signature, statement = notice[:65], notice[65:129], notice[129:]
        message = crypto.label("notice/statement") + statement
        if "private" in c:
            # Whoever signs has this key; accepted or not, the signature is theirs.
            private = c.bytes("private", 32)
            need(crypto.p256_point(private) == point, "another key than the private half's")
            need(crypto.p256_sign(private, message) == signature, "another signature than the private half's")
        c.same_if_there("point", point)
        c.same_if_there("signature", signature)
        c.same_if_there("message", message)
        pin = digest("relay/pin", crypto.KEY_INFO + point)[:16]
        if c.bytes("pin", 16) != pin:
            raise Refused("another key")
        crypto.p256_verify(point, message, signature)
        values = read_statement(statement)
        for name in "set", "last day", "center":
            c.same(name, values[name])
        for group in NOTICE_GROUPS:
            c.same(group, len(values[group]))
            for at, line in enumerate(values[group]):
                c.same(f"{group} {at}", line)
        need(write_statement(values) == statement, "a second encoding")
        self.whole = self.whole or notice


def distance_below_3(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1] < 3


# §10.4
LIST_HASH = "09af1c31a4aa254140d3ff52956b6fd9e18c1c2749d9f0ee07acd74b0c440261"


class WordList(Checker):
    """§10.4"""

    def run(self, c):
        if c.name == "list":
            words = c.text("list").split(" ")
            need(len(words) == 256, "no list of 256 words")
            c.same("SHA-256", sha256(c.text("list").encode()).digest())
            need(c.bytes("SHA-256").hex() == LIST_HASH, "the list is not the one of the page")
            need(all(re.fullmatch("[a-z]+", word) for word in words), "a word of other letters")
            for at, word in enumerate(words):
                need(not any(distance_below_3(word, other) for other in words[:at]), f"{word} is too near")
            self.words = Words(words)
        elif "typed" in c:
            c.same("bytes", self.words.read(c.text("typed")))
        else:
            c.same("words", self.words.show(c.bytes("bytes", 4)))
            need(self.words.read(c.text("words")) == c.bytes("bytes"), "words read as other bytes")
