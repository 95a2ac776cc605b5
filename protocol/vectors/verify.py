"""Checks the vectors of this folder with a second implementation of the protocol (verify/).

    python verify.py                 every case of every file
    python verify.py --self-check    the same, then alters every value and expects a failure each time

The end is 0 if all is well, else 1. Needs Python 3.11 and requirements.txt."""

import copy
import re
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

from verify import deals, singles
from verify.form import Mismatch, Refused, parse

HERE = Path(__file__).parent

FILES = {
    "primitives.txt": singles.Primitives,
    "labels.txt": singles.Labels,
    "base32.txt": singles.Base32,
    "address.txt": singles.Addresses,
    "link.txt": singles.Links,
    "bundle.txt": deals.Bundles,
    "handshake.txt": deals.Handshake,
    "handshake-refused.txt": deals.HandshakeRefused,
    "ratchet.txt": singles.Ratchet,
    "envelope.txt": singles.Envelopes,
    "body.txt": singles.Bodies,
    "content.txt": singles.Contents,
    "history.txt": singles.History,
    "tokens.txt": singles.Tokens,
    "requests.txt": singles.Requests,
    "replies.txt": singles.Replies,
    "proof.txt": singles.Proofs,
    "notice.txt": singles.Notices,
    "check.txt": deals.Checks,
    "words.txt": singles.WordList,
}
CONVERSATIONS = """in-order ping-pong disorder crossing attacks lost clock old-chains old-chain-without-keys
    unconfirmed restored contents dishonest dishonest-late"""
FILES |= {f"conversation-{kind}.txt": deals.Conversation for kind in CONVERSATIONS.split()}
FILES |= {f"conversation-{kind}.txt": deals.Skipping for kind in ("skipping", "skipping-two-chains", "far-ahead")}


def run_case(checker, case):
    """One case: its outcome must be the expected one, and every value must have been looked at."""
    try:
        case.check_random()
        try:
            checker.run(case)
            outcome = "accepted"
        except Refused as refusal:
            outcome = f"refused: {refusal.words}"
        if outcome != case.expect:
            raise Mismatch(f"the outcome is {outcome}")
        case.done()
    except Mismatch:
        raise
    except Exception as error:  # Whatever a file makes this program do, it is a failure with a name.
        raise Mismatch(f"{type(error).__name__}: {error}") from error


def run_file(name, cases, words, before_case=None):
    """The number of cases; before_case gets the checker as it is before each."""
    checker = FILES[name](words)
    for case in cases:
        if before_case:
            before_case(checker, case)
        try:
            run_case(checker, case)
        except Mismatch as error:
            raise Mismatch(f"{name}, case {case.name}: {error}") from error
    try:
        checker.finish()
    except Mismatch as error:
        raise Mismatch(f"{name}: {error}") from None
    return len(cases), checker.words


def declared(readme):
    """What the README declares: the number of cases of each file."""
    match = re.search(r"([0-9]+) cases in ([0-9]+) files", readme)
    rows = re.findall(r"^\| `([a-z0-9-]+\.txt)` \| ([0-9]+) \|", readme, re.MULTILINE)
    counts = {name: int(count) for name, count in rows}
    if not match or (sum(counts.values()), len(rows), len(counts)) != (int(match[1]), int(match[2]), int(match[2])):
        raise Mismatch("README.md: the number of cases and files, or the table, is not there")
    return counts


def read_files(folder):
    """README and texts by name. A file of another kind would be one that nobody checks."""
    others = {"README.md", "verify.py", "verify", "requirements.txt", "__pycache__"}
    texts = {}
    for path in sorted(folder.iterdir()):
        if path.name not in others and not path.name.startswith("."):
            if not path.is_file():
                raise Mismatch(f"{path.name}: neither a file of vectors nor of this program")
            texts[path.name] = path.read_bytes().decode("utf-8")
    return (folder / "README.md").read_text("utf-8"), texts


def check_set(readme, texts):
    counts = declared(readme)
    for where, found in ("the README", set(counts)), ("the folder", set(texts)):
        for name in found ^ set(FILES):
            raise Mismatch(f"{name}: {where} and this program do not name the same files")
    return counts


def parse_all(texts):
    cases = {}
    for name, text in texts.items():
        try:
            cases[name] = parse(text)
        except Mismatch as error:
            raise Mismatch(f"{name}, {error}") from None
    return cases


def check_all(readme, texts, say=lambda line: None):
    counts = check_set(readme, texts)
    cases, count = parse_all(texts), 0
    _, words = run_file("words.txt", cases["words.txt"], None)
    for name in FILES:
        start = time.monotonic()
        for case in cases[name]:
            case.used.clear()
        checked, _ = run_file(name, cases[name], words)
        count += checked
        if checked != counts[name]:
            raise Mismatch(f"{name}: {checked} cases, the README declares {counts[name]}")
        say(f"{checked:5} {name}  ({time.monotonic() - start:.1f} s)")
    say(f"{count:5} cases in {len(FILES)} files: all is well")
    return words


# --self-check: every value is altered in memory, one at a time, and every time something must fail.

# Inputs of accepted cases that may be altered without a consequence, as patterns of case and value.
FREE = {
    # The last byte of these stands behind the block, or in a kind that is ignored.
    "content.txt": [r"unknown-(shown|control|in-three) piece [0-9]+"],
    # Half of all keys are points.
    "primitives.txt": [r"key-of-mixed-order public"],
    # Both accounts differ, with the neighbour of this number or hash as well.
    "history.txt": [r"confirms-another-.* received", r"confirms-what-was-never-sent .*"],
    # One look more finds nothing more to wipe, or nothing that its own case states.
    "conversation-lost.txt": [r"fourteenth-day looks"],
    "conversation-clock.txt": [r"(jump-(forward|back)|thirteen-days-more|fourteenth-day) looks"],
    # Only the order of numbers counts; a forgery is ignored whatever it holds.
    "check.txt": [r".* number", r"(again-old-answer-comes|broken-.*|over-forged.*) (kind|payload) that comes"],
}
CLOCK = r".* (first )?now"  # any clock between two envelopes does


def may_be_altered(name, case, what):
    return any(re.fullmatch(pattern, f"{case} {what}") for pattern in [CLOCK, *FREE.get(name, [])])


def altered(value):
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\0"
    return value + 1 if isinstance(value, int) else value + " x"


def fails(checker, case, change):
    """Whether a changed copy of a case fails, for the checker as it was before the case."""
    checker, case = copy.deepcopy(checker), copy.deepcopy(case)
    case.used.clear()
    change(case)
    try:
        run_case(checker, case)
    except Mismatch:
        return True
    return False


def other_outcome(case):
    case.expect = "refused: nothing" if case.expect == "accepted" else "accepted"


def unknown_value(case):
    case.values["nobody knows"] = 7


def alter(name, case):
    case.values[name] = altered(case.values[name])


def self_check(readme, texts, words, say):
    seen = Counter()

    def try_case(name, checker, case):
        for change in other_outcome, unknown_value:
            if not fails(checker, case, change):
                raise Mismatch(f"{name}, case {case.name}: {change.__name__}, and nobody sees it")
            seen["seen"] += 1
        for what in case.values:
            if fails(checker, case, partial(alter, what)):
                seen["seen"] += 1
            elif case.expect != "accepted":
                # What is refused may be refused for the same reason when it is altered once more.
                seen["refused"] += 1
            elif may_be_altered(name, case.name, what):
                seen["free"] += 1
            else:
                raise Mismatch(f"{name}, case {case.name}: {what} may be altered, and nobody sees it")

    def expect_failure(what, new_texts):
        try:
            check_all(readme, new_texts)
        except Mismatch:
            seen["seen"] += 1
            return
        raise Mismatch(f"{what}, and nobody sees it")

    for name in FILES:
        run_file(name, parse(texts[name]), None if name == "words.txt" else words, partial(try_case, name))
    tokens = texts["tokens.txt"]
    expect_failure("a file is new", texts | {"new.txt": tokens})
    expect_failure("a file is missing", {name: text for name, text in texts.items() if text != tokens})
    expect_failure("a line has another form", texts | {"tokens.txt": tokens + "hello\n"})
    expect_failure("a case is missing", texts | {"tokens.txt": tokens[: tokens.rindex("\ncase: ")]})
    say(f"self-check: {seen.total()} changes, one at a time: {seen['seen']} made something fail,")
    say(f"{seen['refused']} in what a reader must refuse left it refused for the same reason,")
    say(f"{seen['free']} were made in inputs that are free (FREE)")


def main(arguments):
    if arguments not in ([], ["--self-check"]):
        print(__doc__, file=sys.stderr)
        return 1
    try:
        readme, texts = read_files(HERE)
        words = check_all(readme, texts, print)
        if arguments:
            self_check(readme, texts, words, print)
    except (Mismatch, UnicodeDecodeError, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
