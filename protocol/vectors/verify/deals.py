"""The files whose cases hang together: invitations, handshakes, conversations and runs of the check."""

from functools import partial

from . import crypto
from .check import Check, binding
from .crypto import KEM_1024, hkdf, label
from .encoding import Bundle, Piece, PrivatePart, cut, link_text, parse_link, read_content
from .form import drawn
from .handshake import Invitation, Keys, from_secret, link_secret, open_bundle, open_outer, seal_bundle, take
from .session import INVITER, PIECE_NAMES, TAKER, chain_step, named, open_header, sealed_parts
from .singles import KEYS, Checker, need, ranges, sessions

ROLES = {"inviter": INVITER, "taker": TAKER}


def secret_values(secrets):
    values = [secrets.root, secrets.chain, secrets.header, secrets.next_taker, secrets.next_inviter]
    return {"T": secrets.transcript, **dict(zip(KEYS, values))}


def taker_keys(c):
    lengths = {"IK_t Ed25519 private": 32, "IK_t X25519 private": 32, "E private": 32}
    lengths |= {"ek private": 64, "D private": 32}
    return Keys(*(c.random(name, length) for name, length in lengths.items()))


class Deal(Checker):
    """invite, take and accept (§3, §4)."""

    whole = False  # whether every value in between must be stated

    def compare(self, c, values):
        for name, value in values.items():
            if self.whole or name in c:
                c.same(name, value)

    def place(self, c):
        """Where a side wants to get its envelopes, and its name."""
        place = {"host": c.text("host"), "port": c.number("port"), "pin": c.random("pin", 16)}
        place |= {"mailbox": c.random("mailbox", 32), "capability": c.random("send capability", 32)}
        return place | {"name": c.text("name")}

    def invite(self, c):
        keys = Keys(
            c.random("IK_i Ed25519 private", 32),
            c.random("IK_i X25519 private", 32),
            c.random("P private", 32),
            c.random("K private", 64),
        )
        publics = {
            "IK_i Ed25519": crypto.ed_public(keys.signing),
            "IK_i X25519": crypto.x25519_public(keys.agreement),
            "P": crypto.x25519_public(keys.prekey),
            "K": KEM_1024.public(keys.kem),
        }
        bundle = Bundle(
            random=c.random("bundle random", 32),
            **dict(zip(["signing", "agreement", "prekey", "kem"], publics.values())),
            **self.place(c),
            voucher=c.random("voucher", 32),
            end=c.number("end of the invitation"),
            credential=b"",
        )
        plain = bundle.encode()
        need(Bundle.decode(plain) == bundle, "the bundle reads as another one")
        secret, link = link_secret(plain), link_text(bundle.address, link_secret(plain))
        need(parse_link(link) == (bundle.address, secret), "the link reads as another one")
        for name, value in {**publics, "bundle": plain, "L": secret, "link": link}.items():
            c.same(name, value)
        sealed = seal_bundle(plain)
        need(open_bundle(bundle.address, secret, sealed) == (plain, bundle), "another bundle comes out")
        self.compare(
            c,
            {
                "slot": from_secret(secret, "invitation/slot"),
                "bundle key": from_secret(secret, "invitation/bundle-key"),
                "first key": from_secret(secret, "first-envelope/key"),
                "psk": from_secret(secret, "handshake/pre-shared-key"),
                "sealed bundle": sealed,
                "bundle data": label("invitation/bundle-data"),
            },
        )
        self.link, self.sealed = link, sealed
        return Invitation(bundle, keys)

    def take(self, c):
        part = PrivatePart(**self.place(c))
        keys = taker_keys(c)
        taken = take(self.link, self.sealed, keys, part, c.random("m", 32), c.random("salt", 32))
        c.same("first envelope", taken.envelope)
        self.random_ct = c.random("ct of chain 0", 1088)
        secrets = taken.secrets
        values = dict(zip(["DH1", "DH2", "DH3", "ss", "psk"], secrets.parts)) | secret_values(secrets)
        values |= {"private key": secrets.private, "first key": taken.first_key, "seal key": taken.seal_key}
        values |= {"public part": taken.public, "private part": taken.private, "commitment": taken.commitment}
        self.compare(c, values)
        return taken, keys, part

    def accept(self, c):
        secrets, public, private = self.invitation.accept(self.taken.envelope)
        need(secrets == self.taken.secrets, "both sides come to other keys")
        need(private == self.part, "another private part comes out")
        for name, value in secret_values(secrets).items():
            c.same(name, value)
        values = {"IK_t Ed25519": public.signing, "IK_t X25519": public.agreement, "name": private.name}
        values |= {"host": private.host, "port": private.port, "pin": private.pin}
        values |= {"mailbox": private.mailbox, "send capability": private.capability}
        values |= {"hash that is kept": self.invitation.kept}
        self.compare(c, values)
        keys = list(secret_values(secrets).values())[1:]
        pair = self.keys.ratchet, self.keys.kem
        self.sides = sessions(secrets.transcript, keys, (public.ratchet, public.ek), pair, self.random_ct)
        self.identities = self.invitation.plain[34:98], public.signing + public.agreement

    def run(self, c):
        if c.name == "invite":
            self.invitation = self.invite(c)
        elif c.name == "take":
            self.taken, self.keys, self.part = self.take(c)
        elif c.name == "accept":
            self.accept(c)
        else:
            self.other(c)

    def other(self, c):
        need(False, "a case that this program does not know")


class Handshake(Deal):
    """§3, §4"""

    whole = True


class Bundles(Deal):
    """§3.1, §3.4"""

    def run(self, c):
        if c.name == "good":
            self.good = self.invite(c)
            stated = ("slot", "bundle key", "first key", "psk", "sealed bundle")
            need(all(name in c for name in stated), "a value of §3.4 is missing")
        elif "bundle" in c:
            plain = c.bytes("bundle")
            secret = link_secret(plain)
            c.same("L", secret)
            need(plain != self.good.plain, "the bundle of good")
            taker = "m" in c and (taker_keys(c), c.random("m", 32))
            read, bundle = open_bundle(None, secret, seal_bundle(plain))
            need(read == plain and bundle.encode() == plain, "another encoding")
            if taker:
                # The salt and the private part do not matter: the agreement is refused before.
                part = PrivatePart(mailbox=b"", capability=b"", host="a", port=1, pin=b"", name="")
                link = link_text(bundle.address, secret)
                take(link, seal_bundle(plain), taker[0], part, taker[1], bytes(32))
            c.same("name", bundle.name)
            c.same("credential", bundle.credential)
        else:
            c.same("L", self.good.secret)
            address = self.good.bundle.address
            if "link" not in c:
                sealed = c.bytes("sealed bundle", 4112)
            else:
                c.same("sealed bundle of", "good")
                sealed = self.sealed
                address, secret = parse_link(c.text("link"))
                need(secret == self.good.secret, "another L")
                need(address != self.good.bundle.address, "the address of good")
            open_bundle(address, c.bytes("L"), sealed)


class HandshakeRefused(Deal):
    """§4.5"""

    def other(self, c):
        if c.name == "other-invitation":
            c.same("first envelope", self.taken.envelope)
            mine = self.link, self.sealed
            other = self.invite(c)
            self.link, self.sealed = mine
            other.accept(c.bytes("first envelope"))
        elif "envelope of" in c:
            c.same("envelope of", "take")
            self.invitation.accept(self.taken.envelope)
        elif c.name == "another-taker":
            taken, _, _ = self.take(c)
            need(taken.envelope != self.taken.envelope, "the same taker")
            self.invitation.accept(taken.envelope)
        elif c.name == "no-first-envelope":
            self.invitation.accept(c.random("envelope", 4096))
        else:
            envelope = c.bytes("envelope", 4096)
            self.one_change(c.name, envelope)
            self.invitation.accept(envelope)

    def one_change(self, name, envelope):
        """The case differs from the honest envelope in one thing; made by who knows the link (or a relay)."""
        honest = self.taken.envelope
        need(envelope != honest, "nothing is changed")
        if name.startswith("flipped-"):
            bits = sum((a ^ b).bit_count() for a, b in zip(envelope, honest))
            need(bits == 1, "more than one bit")
            return
        if name == "other-commitment":
            need(envelope[32:64] != honest[32:64], "the commitment is the same")
            return
        plain, good = (open_outer(self.taken.first_key, data) for data in (envelope, honest))
        fields = [(0, 1), (1, 2), (2, 34), (34, 66), (66, 98), (98, 1666), (1666, 1698), (1698, 2882)]
        changed = sum(plain[a:b] != good[a:b] for a, b in fields)
        need(changed + (plain[2882:] != good[2882:]) == 1, "not one thing is changed")

    def accept(self, c):
        super().accept(c)
        c.same("hash that is kept", self.invitation.kept)
        c.same("first key", self.invitation.first_key)


# check.txt: messages that the other side did not send.
FORGED = {"again-old-answer-comes", "broken-opening-of-another-run", "broken-opening-comes"}
FORGED |= {"over-forged-opening-comes"}


class Checks(Deal):
    """§10"""

    def other(self, c):
        if c.name == "binding":
            c.same("T", self.taken.secrets.transcript)
            for name, value in zip(["identity of the inviter", "identity of the taker"], self.identities):
                c.same(name, value)
            self.b = binding(c.bytes("T"), *self.identities)
            c.same("B", self.b)
            self.run_name = None
            return
        name = c.name.split("-")[0]
        if name != self.run_name:
            self.run_name = name
            self.people = {who: Check(role, self.b, self.words) for who, role in ROLES.items()}
            self.sent = []
        person, event, sent = self.people[c.text("who")], c.text("event"), None
        if event == "the person begins":
            sent = person.begin(c.random("nonce", 32) if "nonce" in c else bytes(32))
        elif event == "a message comes":
            kind, payload = c.number("kind that comes"), c.bytes("payload that comes")
            read_content([Piece(message=b"", piece=0, pieces=1, shown=0, kind=kind, payload=payload)])
            honest = (INVITER + TAKER - person.role, kind, payload) in self.sent
            need(honest != (c.name in FORGED), "nobody sent this, or it is no forgery")
            sent = person.come(c.number("number"), kind, payload)
        elif event == "the person gives up":
            person.give_up()
        elif event == "the person types":
            c.same("came of it", person.typed(c.text("typed")))
        else:
            need(False, "another event")
        if sent:
            c.same("kind that is sent", sent[0])
            c.same("payload that is sent", sent[1])
            self.sent.append((person.role, *sent))
        c.same("state", person.shown_state())
        c.same("a commitment waits", int(person.waits is not None))
        if person.state == "words":
            c.same("words", self.words.show(person.mine))


TEXT = (1, 1)  # shown, kind

class Conversation(Deal):
    """§5 to §8, both sides"""

    limit = True  # whether the writers keep to §7.4

    def accept(self, c):
        super().accept(c)
        self.by_step = {}  # name of the step -> envelope
        self.written = set()
        self.after = {}  # name of the step -> both sides
        self.message = {}  # role -> the message whose pieces are being written
        self.pieces = {}  # role of the reader, message -> pieces

    def other(self, c):
        if "from" in c:
            role = ROLES[c.text("from")]
            self.write_many(c, role) if "case of each" in c else self.write(c, role)
        elif "to" in c:
            self.get(c, ROLES[c.text("to")])
        elif "state after" in c:
            role = ROLES[c.text("who")]
            self.sides[role] = self.after[c.text("state after")][role].copy()
        elif "looks" in c:
            self.look(c, ROLES[c.text("who")])
        else:
            need(False, "a step that this program does not know")
        self.after[c.name] = {role: side.copy() for role, side in self.sides.items()}

    # Writing

    def write(self, c, role):
        # On a copy, which stays only if all of it fits.
        side = self.sides[role].copy()
        shown, kind = c.number("shown"), c.number("kind")
        side.may_write(shown)
        if "message" in c.random_names:
            self.message[role] = c.random("message", 16)
        need(self.message[role] == c.bytes("message"), "pieces of one message have one name")
        need(side.step_due == ("D private" in c), "a hybrid step, or none")
        if side.step_due:
            made = side.make_step(c.random("D private", 32), c.random("ek private", 64), c.random("m", 32))
            for name, value in made.items():
                c.same(name, value)
        of_piece = {"piece": c.number("piece"), "pieces": c.number("pieces"), "payload": c.bytes("payload")}
        content = Piece(message=self.message[role], shown=shown, kind=kind, **of_piece)
        if content.pieces == 1:
            read_content([content])
        for name, value in side.write(content, c.number("time of sending"), c.random("salt", 32)).items():
            c.same(name, value)
        self.sides[role] = side
        self.by_step[c.name] = c.bytes("envelope")

    def write_many(self, c, role):
        """Envelopes that the file does not show, with the randomness of the rule."""
        side = self.sides[role].copy()
        first, last = c.number("first number"), c.number("last number")
        time = c.number("first time of sending")
        shown, kind, apart = c.number("shown"), c.number("kind"), c.number("seconds apart")
        need(apart == 60, "another distance in time than all others have")
        draw = partial(drawn, c.seed)
        for number in range(first, last + 1):
            need(side.sent.last + 1 == number, "the first number is not the next one")
            name = c.text("case of each").replace("NUMBER", str(number))
            if self.limit:
                side.may_write(shown)
            if side.step_due:
                side.make_step(draw(name, "D private", 32), draw(name, "ek private", 64), draw(name, "m", 32))
            payload = str(number).encode() if (shown, kind) == TEXT else b""
            (content,) = cut(draw(name, "message", 16), shown, kind, payload)
            out = side.write(content, time + 1000 * apart * (number - first), draw(name, "salt", 32))
            self.written.add(out["envelope"])
            self.by_step[name] = out["envelope"]
        c.same("H(last number)", side.sent.hashes[-1])
        self.sides[role] = side

    # Getting

    def get(self, c, role):
        now = c.number("now")
        is_lie = c.name.startswith("lie-")
        if "envelope of" in c:
            envelope = bytearray(self.by_step[c.text("envelope of")])
            if "changed byte" in c:
                envelope[c.number("changed byte")] ^= c.bytes("xor", 1)[0]
            envelope = bytes(envelope)
        else:
            envelope = c.bytes("envelope", 4096)
            self.known_envelope(c, role, envelope, is_lie)
        side, body, lost = self.sides[role].receive(envelope, now)
        if is_lie:
            c.same("number", body.number)
        else:
            self.sides[role] = side
            stated = {"number": "number", "time": "time of sending", **PIECE_NAMES}
            for name, value in named(body, stated).items():
                c.same(name, value)
            self.collect(role, body)
        if lost or "lost" in c:
            c.same("lost", ranges(lost))
        self.state(c, side)

    def state(self, c, side):
        c.same("mark", side.received.mark)
        c.same("H(mark)", side.received.hash)
        c.same("missing", ranges(side.received.missing()))
        c.same("confirmed", side.sent.confirmed)
        c.same("differs", int(side.differs))

    def collect(self, role, piece):
        """Content is read when all its pieces are there (§7.3)."""
        pieces = self.pieces.setdefault((role, piece.message), {})
        pieces[piece.piece] = piece
        if len(pieces) == piece.pieces:
            read_content([pieces[at] for at in sorted(pieces)])
            del self.pieces[role, piece.message]

    def look(self, c, role):
        side, lost = self.sides[role].copy(), []
        for at in range(c.number("looks")):
            lost += side.look(c.number("first now") + 86400 * at)
        c.same("lost", ranges(lost))
        self.state(c, side)
        self.sides[role] = side

    def known_envelope(self, c, role, envelope, is_lie):
        """Where an envelope that stands in the step itself comes from."""
        one, two = self.by_step.get("taker-1"), self.by_step.get("taker-2")
        if is_lie:
            self.lie(c, role, envelope)
        elif c.name == "spliced-body":
            need(envelope == two[:2392] + one[2392:], "spliced in another way")
        elif c.name == "spliced-header":
            need(envelope == two[:64] + one[64:2392] + two[2392:], "spliced in another way")
        elif c.name == "noise":
            need(envelope == c.draw("envelope", 4096), "not what the rule draws")
        else:
            need(envelope in self.written, "nobody wrote this envelope")

    def lie(self, c, role, envelope):
        """Made with the listed randomness, and honest but for one thing; it must come out byte for byte."""
        sides = self.after[c.text("state of the liar")] if "state of the liar" in c else self.sides
        side = sides[INVITER + TAKER - role].copy()
        message, salt = c.random("message", 16), c.random("salt", 32)
        need(side.step_due == ("D private" in c), "a hybrid step, or none")
        if side.step_due:
            side.make_step(c.random("D private", 32), c.random("ek private", 64), c.random("m", 32))
        (content,) = cut(message, *TEXT, c.bytes("payload"))
        plain = {"header": side.next_header().encode()}
        plain["body"] = side.next_body(content, c.number("time of sending")).encode()
        hk, ck = side.send_hk, side.send_ck
        if "changed part" in c:
            part, there = c.text("changed part"), c.bytes("changed to")
            if part == "chain key":
                ck = there
            elif part == "header key":
                need(there == side.next_send_hk, "not the header key of the next chain")
                hk = there
            else:
                at = c.number("changed from")
                need(plain[part][at : at + len(there)] != there, "nothing is changed")
                plain[part] = plain[part][:at] + there + plain[part][at + len(there) :]
        mk, _ = chain_step(ck)
        out = sealed_parts(side.t, side.role, hk, mk, salt, plain["header"], plain["body"])
        need(out["envelope"] == envelope, "another envelope")


class Skipping(Conversation):
    limit = False
