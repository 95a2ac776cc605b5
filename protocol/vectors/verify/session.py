"""Ratchet (§5), envelope (§6), history (§8) and the clock (§5.6): one side of a conversation."""

import copy
from dataclasses import dataclass, field

from . import crypto
from .crypto import KEM_768, dh, digest, hkdf, label, seal, unseal
from .encoding import Body, Header, exact
from .form import Refused

INVITER, TAKER = 1, 2
SKIP_STEP, SKIP_TOTAL, OLD_CHAINS = 512, 2048, 5
SKIP_SECONDS, TICK_SECONDS = 1209600, 86400
UNCONFIRMED, CONTROL_RESERVE = 480, 16


# §8 History


def history_start(t, role):
    return digest("history/start", t, bytes([role]))


def history_step(before, envelope):
    return digest("history/step", before, envelope)


class Received:
    """One direction, for the one who receives it (§8.2, §8.4)."""

    def __init__(self, start):
        self.mark, self.hash = 0, start
        self.known = {}  # above the mark: number -> (H before it as it states it, H of it)
        self.lost = set()
        self.differs = False

    def check(self, number):
        if number > self.mark + 2048 or number >= 1 << 63:
            raise Refused("too many skipped")
        if number <= self.mark or number in self.known:
            raise Refused("come again")

    def receive(self, number, before, envelope):
        self.check(number)
        self.known[number] = (before, history_step(before, envelope))
        self.advance()

    def lose(self, numbers):
        self.lost |= {number for number in numbers if number > self.mark and number not in self.known}
        self.advance()

    def advance(self):
        while True:
            behind = self.mark + 1
            while behind in self.lost:
                behind += 1
            if behind not in self.known:
                return
            before, after = self.known.pop(behind)
            # Behind a run of lost numbers the H that the message states is taken over.
            if behind == self.mark + 1 and before != self.hash:
                self.differs = True
            self.lost -= set(range(self.mark + 1, behind))
            self.mark, self.hash = behind, after

    def missing(self):
        top = max(self.known, default=self.mark)
        return [n for n in range(self.mark + 1, top) if n not in self.known and n not in self.lost]


class Sent:
    """The other direction: what we sent, and what the peer states of it (§8.3)."""

    def __init__(self, start):
        self.hashes = [start]
        self.confirmed = 0
        self.differs = False

    @property
    def last(self):
        return len(self.hashes) - 1

    def send(self, envelope):
        self.hashes.append(history_step(self.hashes[-1], envelope))

    def confirm(self, number, stated):
        if number < self.confirmed:
            return
        if number > self.last or self.hashes[number] != stated:
            self.differs = True
        else:
            self.confirmed = number


# §5.2, §5.3


def step(root, role, new, peer, ct, shared, ss):
    """c, RK', CK and NHK; new is (D, ek) of the one who steps, peer the other's newest."""
    c = digest("ratchet/step", bytes([role]), new[0], peer[0], new[1], peer[1], ct)
    names = ("ratchet/root-key", "ratchet/chain-key", "ratchet/next-header-key")
    return c, *(hkdf(root, shared + ss, name, c) for name in names)


def chain_step(ck):
    """MK and CK'."""
    return hkdf(b"", ck, "chain/message-key"), hkdf(b"", ck, "chain/next-key")


# §6 Envelope


def sealed_parts(t, role, hk, mk, salt, header, body):
    """Every value between the keys and the envelope."""
    out = {"header key": hkdf(salt, hk, "envelope/header-key")}
    out["body key"] = hkdf(salt, mk, "envelope/body-key")
    out["commitment"] = hkdf(salt, hk + mk, "envelope/commitment")
    out["header"] = header
    who = bytes([role]) + t
    out["body data"] = label("envelope/body") + who + header
    out["sealed body"] = seal(out["body key"], out["body data"], body)
    out["header data"] = label("envelope/head") + who + out["commitment"] + out["sealed body"]
    out["sealed header"] = seal(out["header key"], out["header data"], header)
    out["envelope"] = salt + out["commitment"] + out["sealed header"] + out["sealed body"]
    return out


def open_header(t, role, hk, envelope):
    data = label("envelope/head") + bytes([role]) + t + envelope[32:64] + envelope[2392:]
    return unseal(hkdf(envelope[:32], hk, "envelope/header-key"), data, envelope[64:2392])


def open_body(t, role, hk, mk, header, envelope):
    salt = envelope[:32]
    if envelope[32:64] != hkdf(salt, hk + mk, "envelope/commitment"):
        raise Refused("commitment")
    data = label("envelope/body") + bytes([role]) + t + header
    try:
        return unseal(hkdf(salt, mk, "envelope/body-key"), data, envelope[2392:])
    except Refused:
        raise Refused("body") from None


# §5 Ratchet


@dataclass
class Chain:
    """A receiving chain."""

    hk: bytes
    ck: bytes
    base: int
    publics: tuple  # D, ek, ct; ct is None as long as nothing of chain 0 came
    next: int = 0
    keys: dict = field(default_factory=dict)  # index -> (MK, when it was skipped)
    is_old: bool = False
    retired: int = 0  # when it became an old chain

    def check(self, header):
        if self.is_old and self.publics[2] is None:
            return  # It opened nothing, and nothing of it is kept to compare with (§5.6).
        if self.publics[:2] != header.publics[:2] or self.publics[2] not in (None, header.publics[2]):
            raise Refused("header")

    def skip_to(self, index, now):
        while self.next < index:
            mk, self.ck = chain_step(self.ck)
            self.keys[self.next] = (mk, now)
            self.next += 1


class Session:
    """One side. The taker's ratchet pair is (d, seed of ek); random is the ct of chain 0."""

    def __init__(
        self, role, t, root, chain, header, next_taker, next_inviter, d_and_ek, pair=None, random=None
    ):
        self.role, self.t, self.root = role, t, root
        self.peer_role = INVITER + TAKER - role
        self.sent = Sent(history_start(t, role))
        self.received = Received(history_start(t, self.peer_role))
        self.clock, self.last_look = 0, None
        self.old = []  # newest first
        self.pair = pair
        self.send_count = 0  # messages in the sending chain
        self.send_previous = 0
        if role == TAKER:
            self.peer = self.current = None
            self.step_due = False
            self.send_hk, self.send_ck, self.send_publics = header, chain, (*d_and_ek, random)
            self.next_send_hk, self.next_receive_hk = next_taker, next_inviter
        else:
            self.peer, self.step_due = d_and_ek, True
            self.current = Chain(header, chain, 0, (*d_and_ek, None))
            self.send_hk = self.send_ck = self.send_publics = None
            self.next_send_hk, self.next_receive_hk = next_inviter, next_taker

    @property
    def differs(self):
        return self.sent.differs or self.received.differs

    # Sending

    def may_write(self, shown):
        if self.differs:
            raise Refused("both accounts differ")
        if self.sent.last - self.sent.confirmed >= UNCONFIRMED + (0 if shown else CONTROL_RESERVE):
            raise Refused("480 unconfirmed")

    def make_step(self, d, ek_seed, m):
        """§5.2, for the one who sends."""
        new = crypto.x25519_public(d), KEM_768.public(ek_seed)
        ct, ss = KEM_768.encaps(self.peer[1], m)
        c, self.root, self.send_ck, nhk = step(
            self.root, self.role, new, self.peer, ct, dh(d, self.peer[0]), ss
        )
        self.send_hk, self.next_send_hk = self.next_send_hk, nhk
        self.send_publics, self.pair, self.step_due = (*new, ct), (d, ek_seed), False
        self.send_previous, self.send_count = self.send_count, 0
        names = ["D", "ek", "ct", "RK'", "CK of the new chain", "NHK"]
        return dict(zip(names, [*new, ct, self.root, self.send_ck, nhk]))

    def seal_next(self, body, salt):
        """The next envelope of the sending chain, and every value on the way."""
        assert not self.step_due
        header = self.next_header()
        hk, (mk, self.send_ck) = self.send_hk, chain_step(self.send_ck)
        out = {"previous": header.previous, "index": header.index, "HK": hk, "MK": mk, "CK'": self.send_ck}
        out |= sealed_parts(self.t, self.role, hk, mk, salt, header.encode(), body)
        self.send_count += 1
        self.sent.send(out["envelope"])
        return out | {"H(number)": self.sent.hashes[-1]}

    def next_header(self):
        d, ek, ct = self.send_publics
        return Header(previous=self.send_previous, index=self.send_count, D=d, ek=ek, ct=ct)

    def next_body(self, content, time):
        number, before = self.sent.last + 1, self.sent.hashes[-1]
        fields = {"received": self.received.mark, "known": self.received.hash, "time": time, **vars(content)}
        return Body(number=number, before=before, **fields)

    def write(self, content, time, salt):
        """An envelope and what the vectors state of it; a step that is due was made before."""
        body = self.next_body(content, time)
        out = self.seal_next(body.encode(), salt)
        names = ("previous", "index", "HK", "MK", "CK'", "envelope", "H(number)")
        return {name: out[name] for name in names} | named(body, BODY_NAMES) | {"body": body.encode()}

    # Receiving

    def copy(self):
        after = copy.copy(self)
        for name in ("sent", "received", "current", "old"):
            setattr(after, name, copy.deepcopy(getattr(self, name)))
        return after

    def receive_plain(self, envelope):
        """The plain body alone, for bodies that are none; the session stays as it was."""
        return self.copy().open_plain(envelope)[2]

    def receive(self, envelope, now):
        """The session afterwards, the body, and the numbers that were lost; self stays as it was (§5.5)."""
        after = self.copy()
        body, lost = after.open(envelope, now)
        return after, body, lost

    def look(self, now):
        """A look at the clock, which wipes (§5.6): what was lost."""
        self.tell_time(now)
        return self.wipe()

    def tell_time(self, now):
        if self.last_look is not None:
            self.clock += min(max(now - self.last_look, 0), TICK_SECONDS)
        self.last_look = now

    def wipe(self):
        lost, oldest = [], self.clock - SKIP_SECONDS
        for chain in self.chains():
            for index in [index for index, (_, when) in chain.keys.items() if when <= oldest]:
                del chain.keys[index]
                lost.append(chain.base + index + 1)
        self.old = [chain for chain in self.old if chain.retired > oldest]
        self.received.lose(lost)
        return sorted(lost)

    def chains(self):
        """Oldest first."""
        return self.old[::-1] + ([self.current] if self.current else [])

    def open(self, envelope, now):
        """§5.5; on a copy, so that a refusal leaves nothing behind. The keys that are skipped are as old as this look,
        which wipes only when the envelope has opened."""
        self.tell_time(now)
        before = self.current
        chain, index, plain = self.open_plain(envelope)
        try:
            body = Body.decode(plain)
        except Refused:
            raise Refused("body") from None
        if body.number != chain.base + index + 1:
            raise Refused("body")
        self.received.receive(body.number, body.before, envelope)
        self.sent.confirm(body.received, body.known)
        lost = self.wipe() + self.make_room(chain is self.current and before is not chain)
        self.received.lose(lost)
        return body, sorted(lost)

    def open_plain(self, envelope):
        """Chain, index and plain body: §5.5 up to the opening of the body."""
        exact(envelope, 4096)
        candidates = [self.current, "next", *self.old]
        for chain in candidates:
            hk = self.next_receive_hk if chain == "next" else chain and chain.hk
            try:
                plain = open_header(self.t, self.peer_role, hk, envelope) if hk else None
            except Refused:
                continue
            if plain is not None:
                break
        else:
            raise Refused("not of this conversation")
        header = Header.decode(plain)
        if chain == "next":
            chain = self.receive_step(header, hk)
        else:
            chain.check(header)
        chain.publics = header.publics
        if header.index < chain.next or chain is not self.current:
            if header.index not in chain.keys:
                raise Refused("come again")
            mk, _ = chain.keys.pop(header.index)
        else:
            if header.index - chain.next > SKIP_STEP:
                raise Refused("too many skipped")
            chain.skip_to(header.index, self.clock)
            mk, chain.ck = chain_step(chain.ck)
            chain.next += 1
        return chain, header.index, open_body(self.t, self.peer_role, hk, mk, plain, envelope)

    def receive_step(self, header, hk):
        """§5.5, 3: a new chain of the peer. The old one becomes old, the pair goes."""
        d, ek, ct = header.publics
        old = self.current
        had = old.next if old else 0
        # Without a pair of ours the peer can't have stepped honestly; the page has no word for it.
        if self.pair is None or header.previous < had or (old is None and header.previous):
            raise Refused("header")
        if header.previous - had + header.index > SKIP_STEP:
            raise Refused("too many skipped")
        try:
            KEM_768.check(ek)
            shared = dh(self.pair[0], d)
        except Refused:
            raise Refused("header") from None
        mine = crypto.x25519_public(self.pair[0]), KEM_768.public(self.pair[1])
        ss = KEM_768.decaps(self.pair[1], ct)
        _, self.root, ck, nhk = step(self.root, self.peer_role, (d, ek), mine, ct, shared, ss)
        if old:
            old.skip_to(header.previous, self.clock)
            old.ck, old.is_old, old.retired = None, True, self.clock
            self.old.insert(0, old)
        base = old.base + header.previous if old else 0
        self.current = Chain(hk, ck, base, header.publics)
        self.next_receive_hk, self.peer = nhk, (d, ek)
        self.pair, self.step_due = None, True
        return self.current

    def make_room(self, is_new_chain):
        """At most 5 old chains and 2,048 keys (§5.6): what was lost. What a new chain skips is kept last."""
        fresh = {}
        if is_new_chain:
            fresh, self.current.keys = self.current.keys, fresh
        lost = self.keep_total()
        while len(self.old) > OLD_CHAINS:
            gone = next((chain for chain in reversed(self.old) if not chain.keys), self.old[-1])
            self.old.remove(gone)
            lost += [gone.base + index + 1 for index in gone.keys]
        self.current.keys |= fresh
        return lost + self.keep_total()

    def keep_total(self):
        lost = []
        kept = [(chain, index) for chain in self.chains() for index in sorted(chain.keys)]
        for chain, index in kept[: max(len(kept) - SKIP_TOTAL, 0)]:
            del chain.keys[index]
            lost.append(chain.base + index + 1)
        return lost


PIECE_NAMES = {name: name for name in ("message", "piece", "pieces", "shown", "kind", "payload")}
BODY_NAMES = {"number": "number", "before": "H(number - 1)", "received": "received", "known": "H(received)"}
BODY_NAMES |= {"time": "time of sending", **PIECE_NAMES}


def named(record, names):
    """The fields of a record under the names of the vectors."""
    return {name: getattr(record, field) for field, name in names.items()}
