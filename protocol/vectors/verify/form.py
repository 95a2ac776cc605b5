"""The form of the vector files (README, "Form" and "Randomness"). A value that nobody reads is an error."""

import json
import re
from hashlib import sha256

LINE = re.compile(r"(random )?([A-Za-z][^:=]*?)(?:(:)(?: ([0-9a-f]+))?| = (.+))")
NUMBER = re.compile(r"0|[1-9][0-9]*")


class Mismatch(Exception):
    """The program and a file do not agree, or a file breaks the form."""


class Refused(Exception):
    """Input that a reader must refuse; the words are those of the README's table."""

    def __init__(self, words):
        super().__init__(words)
        self.words = words


def drawn(seed, case, name, length):
    """The bytes that the rule of the README draws."""
    blocks = (sha256(f"{seed}:{case}:{name}:{i}".encode()).digest() for i in range(-(-length // 32)))
    return b"".join(blocks)[:length]


class Case:
    """One case: its values, each of which must be read or compared once at least."""

    def __init__(self, seed, name):
        self.seed, self.name = seed, name
        self.expect = None
        self.values = {}
        self.random_names = set()
        self.used = set()

    def add(self, name, value, is_random):
        if name in self.values:
            raise Mismatch(f"{name} stands twice")
        self.values[name] = value
        if is_random:
            self.random_names.add(name)

    def __contains__(self, name):
        return name in self.values

    def _get(self, name, kind):
        if name not in self.values:
            raise Mismatch(f"{name} is missing")
        value = self.values[name]
        if type(value) is not kind:
            raise Mismatch(f"{name} is no {kind.__name__}")
        self.used.add(name)
        return value

    def bytes(self, name, length=None):
        value = self._get(name, bytes)
        if length is not None and len(value) != length:
            raise Mismatch(f"{name} has {len(value)} bytes, not {length}")
        return value

    def number(self, name):
        return self._get(name, int)

    def text(self, name):
        return self._get(name, str)

    def random(self, name, length):
        """A drawn value. That it is the one of the rule was checked for all of them before (check_random)."""
        if name not in self.random_names:
            raise Mismatch(f"{name} is not drawn")
        return self.bytes(name, length)

    def draw(self, name, length):
        """A value of the rule that the case need not list."""
        return drawn(self.seed, self.name, name, length)

    def check_random(self):
        for name in self.random_names:
            value = self.values[name]
            if type(value) is not bytes or value != self.draw(name, len(value)):
                raise Mismatch(f"random {name} is not what the rule draws")

    def same(self, name, computed):
        """The case must state what was computed."""
        stated = self._get(name, type(computed))
        if stated != computed:
            show = computed.hex() if isinstance(computed, bytes) else repr(computed)
            raise Mismatch(f"{name}: computed {show[:140]}")

    def same_if_there(self, name, computed):
        if name in self.values:
            self.same(name, computed)

    def done(self):
        unused = sorted(set(self.values) - self.used)
        if unused:
            raise Mismatch(f"not handled: {', '.join(unused)}")


def parse_value(kind, digits, rest):
    if kind == ":":
        return bytes.fromhex(digits or "")
    if NUMBER.fullmatch(rest):
        return int(rest)
    value = json.loads(rest)
    if not isinstance(value, str):
        raise Mismatch("no number and no text")
    return value


def parse(text):
    """A file as its list of cases."""
    seed, cases, empty_before = None, [], False
    if not text.startswith("# ") or not text.endswith("\n"):
        raise Mismatch("no comment at the beginning, or no end of line at the end")
    for at, line in enumerate(text[:-1].split("\n"), 1):
        try:
            if line == "":
                empty_before = True
                continue
            after_empty, empty_before = empty_before, False
            if line.startswith("#"):
                continue
            if not line.isascii():
                raise Mismatch("a character that is not ASCII")
            if line.startswith("seed: "):
                if seed is not None or cases:
                    raise Mismatch("a second seed, or one behind a case")
                seed = line[6:]
            elif line.startswith("case: "):
                name = line[6:]
                if seed is None or not after_empty or any(case.name == name for case in cases):
                    raise Mismatch("a case without seed or empty line, or a name for the second time")
                cases.append(Case(seed, name))
            elif line.startswith("expect: "):
                if not cases or cases[-1].expect is not None or cases[-1].values:
                    raise Mismatch("expect stands at another place")
                words = line[8:]
                if words != "accepted" and not re.fullmatch("refused: .+", words):
                    raise Mismatch("another expectation")
                cases[-1].expect = words
            else:
                match = LINE.fullmatch(line)
                if not match or not cases or cases[-1].expect is None:
                    raise Mismatch("another form")
                is_random, name, kind, digits, rest = match.groups()
                cases[-1].add(name, parse_value(kind, digits, rest), bool(is_random))
        except (Mismatch, ValueError) as error:
            raise Mismatch(f"line {at}: {error}") from None
    if seed is None or not cases or any(case.expect is None for case in cases):
        raise Mismatch("no seed, no case, or a case without expect")
    return cases
