"""The check of words (§10)."""

import unicodedata

from .crypto import digest, hkdf
from .encoding import ANSWER, COMMITMENT, OPENING
from .form import Refused
from .session import INVITER, TAKER

TRIES = 3


def near(a, b):
    """At most one letter is inserted, left out or replaced."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), len(a))
    return a[at + (len(a) == len(b)) :] == b[at + 1 :]


def is_letter(character):
    """Alphabetic of Unicode, as far as Python knows it: without the marks that count as letters."""
    return character.isalpha() or unicodedata.category(character) == "Nl"


class Words:
    """The list (§10.4)."""

    def __init__(self, words):
        self.words = words

    def show(self, data):
        return " ".join(self.words[byte] for byte in data)

    def read(self, typed):
        typed = "".join(letter if is_letter(letter) else " " for letter in typed).lower().split(" ")
        typed = [word for word in typed if word]
        if len(typed) != 4:
            raise Refused("no check words")
        found = [[at for at, word in enumerate(self.words) if near(word, word_typed)] for word_typed in typed]
        if any(len(places) != 1 for places in found):
            raise Refused("no check words")
        return bytes(places[0] for places in found)


def binding(t, inviter, taker):
    return digest("check/binding", t, inviter, taker)


class Check:
    """The state of one side (§10.3)."""

    def __init__(self, role, b, words):
        self.role, self.b, self.words = role, b, words
        self.state = "idle"
        self.nonce = self.commitment = self.waits = self.mine = self.theirs = None
        self.newest, self.tries = 0, TRIES

    def commit(self, role, nonce):
        return digest("check/commitment", self.b, bytes([role]), nonce)

    def give_up(self):
        """The person gives the run up."""
        self.state = "idle"

    def begin(self, nonce):
        """The person begins; what is sent, or None."""
        if self.state in ("committed", "answered", "words"):
            return None
        self.nonce, self.tries = nonce, TRIES
        if self.waits is not None:
            return self.answer(self.waits)
        self.state, self.commitment = "committed", self.commit(self.role, nonce)
        return COMMITMENT, self.commitment

    def answer(self, commitment):
        self.state, self.commitment, self.waits = "answered", commitment, None
        return ANSWER, commitment + self.nonce

    def have_words(self, a, b):
        self.state = "words"
        texts = []
        for name in ("check/words-inviter", "check/words-taker"):
            texts.append(hkdf(self.b, a + b, name, self.commitment)[:4])
        self.mine, self.theirs = texts if self.role == INVITER else texts[::-1]

    def come(self, number, kind, payload):
        """A message comes; what is sent, or None."""
        if kind == COMMITMENT:
            if number <= self.newest:
                return None
            self.newest = number
            if self.state == "committed":
                return self.answer(payload) if self.role == TAKER else None
            if self.state in ("answered", "words"):
                self.state = "began again"
            self.waits = payload
        elif kind == ANSWER and self.state == "committed" and payload[:32] == self.commitment:
            self.newest = max(self.newest, number)
            self.have_words(self.nonce, payload[32:])
            return OPENING, self.commitment + self.nonce
        elif kind == OPENING and self.state == "answered" and payload[:32] == self.commitment:
            if self.commit(INVITER + TAKER - self.role, payload[32:]) == self.commitment:
                self.have_words(payload[32:], self.nonce)
            else:
                self.state = "broken"
        return None

    def typed(self, text):
        if self.words.read(text) == self.theirs:
            self.state = "matched"
            return "matched"
        self.tries -= 1
        if not self.tries:
            self.state = "different"
        return "different, " + ["no try", "one try", "two tries"][self.tries] + " left"

    def shown_state(self):
        if self.state in ("committed", "answered"):
            return "committed or answered"
        return "idle, a commitment waits" if self.state == "idle" and self.waits is not None else self.state
