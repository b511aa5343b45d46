"""Check who signed the commits of a branch; rules.py says what a commit may do, this says whose it is.

    unsigned       a commit that has to be signed is not
    foreign-key    signed by somebody else, by a key of the host that does not count here, or not over this content
    unrooted       the branch does not hold the commit behind which it is signed: it was cut short, or is another one

Only what is new is checked, and each commit once: `exchange.git/signed/<host>.json` remembers how far.

    {"lines": ["sprout namespaces=…"], "tip": "0a1b…", "passed": ["77aa…"], "serving": 0}

lines: under which this was found. passed: those commits of `after` and `until` that lie at or below the tip. serving:
the last line whose key has signed. Lost or not readable, it is made again from the whole branch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Self

from sage_edge import files, shell
from sage_edge.errors import CommandFailed
from sage_edge.exchange import commands, repairs, rules
from sage_edge.exchange.branch_reader import git_of, here
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.errors import SignaturesUnchecked
from sage_edge.exchange.rules import Breach
from sage_edge.inventory.signers import COMMITS, START, Signer
from sage_edge.shell import Command

LIMIT_BYTES = 64_000
"""A commit that is larger than this is nobody's: ours have less than 2 kB."""

OF_ONE_COMMIT = ("unsigned", "foreign-key")
"""Rules that a commit breaks; the others are of a whole branch."""

_ORDER = re.compile(
    rb"tree [0-9a-f]{40}\n(parent [0-9a-f]{40}\n)?author [^\n]*\ncommitter [^\n]*\n"
    rb"(?P<signature>gpgsig [^\n]*\n( [^\n]*\n)*)?"
)
_GOOD = re.compile(r'Good "git" signature for \S+ with \S+ key (SHA256:[A-Za-z0-9+/]{43})')
_UNABLE = re.compile(r"(illegal|unknown|invalid) option")
"""How an ssh-keygen complains that has never heard of signatures (before OpenSSH 8.1)."""


class Checked(BaseModel):
    """How far the signatures of one branch were checked, as drawn above."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    lines: tuple[str, ...]
    tip: str
    passed: frozenset[str] = frozenset()
    serving: int = 0


@dataclass(frozen=True)
class SignatureVerdict:
    """What the signatures of a branch say. breach: the first one. good: the last commit before it, None: there is none.

    checked: what need not be looked at again.
    """

    breach: Breach | None
    good: str | None
    checked: Checked | None = None


def judge(
    clone: Clone,
    host: str,
    keys: Sequence[Signer],
    tip: str,
    *,
    since: str | None = None,
    believed: str | None = None,
) -> SignatureVerdict:
    """Check every commit up to `tip` that was not checked yet.

    since: a commit on which `tip` is known to stand. believed: a commit at or below the tip, up to which a person
    answers for the branch. Raises SignaturesUnchecked, StorageError.
    """
    if not keys:
        return SignatureVerdict(None, tip)
    walk = _Walk(keys, _answered_for(clone, keys, _known(clone, host, keys, tip, since), believed))
    bodies = list(_bodies(clone, walk.checked.tip, tip))
    passed_over = _passed_over(clone, bodies, walk.checked.tip)
    with _Verifier(clone, host, keys) as verifier:
        for commit, body in bodies:
            signer = partial(verifier.signer, commit, body)
            breach = walk.pass_over(commit, signer) if commit in passed_over else walk.step(commit, signer)
            if breach:
                return SignatureVerdict(breach, walk.checked.tip or None, walk.checked)
    if keys[0].after not in (START, *walk.checked.passed):
        what = f"it does not hold {keys[0].after[:12]}, behind which it is signed"
        return SignatureVerdict(Breach(tip, "unrooted", what), tip)
    return SignatureVerdict(None, tip, walk.checked)


def remember(clone: Clone, host: str, verdict: SignatureVerdict) -> None:
    """Keep how far a branch was checked. Raises StorageError."""
    if verdict.checked is not None:
        files.write_atomic(_memory(clone, host), verdict.checked.model_dump_json().encode())


def is_checked(clone: Clone, host: str, keys: Sequence[Signer], tip: str | None) -> bool:
    """Whether nothing is left to check below a tip under these keys."""
    if not keys or tip is None:
        return True
    checked = _remembered(clone, host)
    return checked is not None and checked.tip == tip and checked.lines == tuple(map(str, keys))


def _memory(clone: Clone, host: str) -> Path:
    return clone.repository / "signed" / f"{host}.json"


def _remembered(clone: Clone, host: str) -> Checked | None:
    try:
        return Checked.model_validate_json(_memory(clone, host).read_bytes())
    except (OSError, ValidationError):
        return None


def _known(clone: Clone, host: str, keys: Sequence[Signer], tip: str, since: str | None) -> Checked:
    """What may be believed of earlier checks: all, while lines were only added and the branch only grew."""
    lines, checked = tuple(map(str, keys)), _remembered(clone, host)
    nothing = Checked(lines=lines, tip="")
    if checked is None or lines[: len(checked.lines)] != checked.lines:
        return nothing
    if checked.tip not in (since, tip) and not is_below(clone, checked.tip, tip):
        return nothing
    if lines == checked.lines:
        return checked
    passed = frozenset(bound for bound in _bounds(keys) if is_below(clone, bound, checked.tip))
    return checked.model_copy(update={"lines": lines, "passed": passed})


def _answered_for(clone: Clone, keys: Sequence[Signer], checked: Checked, believed: str | None) -> Checked:
    """What is known of a branch, once what a person answers for counts as checked."""
    if believed is None or (checked.tip and is_below(clone, believed, checked.tip)):
        return checked
    passed = frozenset(bound for bound in _bounds(keys) if is_below(clone, bound, believed))
    return checked.model_copy(update={"tip": believed, "passed": passed})


def _bounds(keys: Sequence[Signer]) -> frozenset[str]:
    """The commits at which a key begins or ends."""
    return frozenset(bound for key in keys for bound in (key.after, key.until) if bound and bound != START)


def is_below(clone: Clone, older: str, newer: str) -> bool:
    """Whether `newer` stands on `older`; not if the clone has no such commit."""
    return shell.attempt(commands.is_ancestor(clone, older, newer)).code == 0


def _bodies(clone: Clone, old: str, new: str) -> Iterator[tuple[str, bytes]]:
    listed = here(clone, commands.revisions(clone, old, new)).text.split()
    yield from rules.objects(git_of(clone)(["cat-file", "--batch"], "".join(f"{oid}\n" for oid in listed).encode()))


def _passed_over(clone: Clone, bodies: Sequence[tuple[str, bytes]], old: str) -> frozenset[str]:
    """The commits that the host itself says are not its own."""
    revisions = [rules.revision(commit, body) for commit, body in bodies]
    return repairs.read(git_of(clone), revisions, old or None).passed_over


class _Walk:
    """One branch, commit after commit from the oldest: which keys have begun, which have ended, which serves."""

    def __init__(self, keys: Sequence[Signer], checked: Checked) -> None:
        self._keys, self._bounds, self.checked = keys, _bounds(keys), checked

    def step(self, commit: str, signer: Callable[[], int | Breach]) -> Breach | None:
        """Take the next commit. signer: finds out which key has signed it, asked only where one has to."""
        serving = self._serving(commit, signer)
        if isinstance(serving, Breach):
            return serving
        grown = self.checked.passed | ({commit} & self._bounds)
        kept = self.checked.serving if serving is None else serving
        self.checked = self.checked.model_copy(update={"tip": commit, "passed": grown, "serving": kept})
        return None

    def pass_over(self, commit: str, signer: Callable[[], int | Breach]) -> Breach | None:
        """Leave out a commit that the host calls foreign; what it has signed itself it cannot take back."""
        if isinstance(self._serving(commit, signer), int):
            return Breach(commit, "repudiated", "the host signed it, and calls it foreign")
        return None

    def _serving(self, commit: str, signer: Callable[[], int | Breach]) -> int | Breach | None:
        """Which key serves with this commit; None: nobody has to sign here."""
        if not any(self._is_at(key.after) for key in self._keys):
            return None
        number = signer()
        if isinstance(number, Breach):
            return number
        key = self._keys[number]
        if number < self.checked.serving or not self._is_at(key.after) or self._is_at(key.until):
            return _foreign(commit, f"its key {key.fingerprint} does not count here")
        return number

    def _is_at(self, bound: str | None) -> bool:
        return bound == START or bound in self.checked.passed


class _Verifier:
    """Asks ssh-keygen about one commit after the other. Only for the holder of exchange.lock."""

    def __init__(self, clone: Clone, host: str, keys: Sequence[Signer]) -> None:
        self._clone, self._host, self._keys = clone, host, keys
        self._allowed, self._signature = (clone.repository / f".tmp-{name}" for name in ("signers", "signature"))

    def __enter__(self) -> Self:
        listed = (f'{self._host} namespaces="{COMMITS}" {key.key}\n' for key in self._keys)
        self._write(self._allowed, "".join(listed).encode())
        return self

    def __exit__(self, *_: object) -> None:
        for path in (self._allowed, self._signature):
            path.unlink(missing_ok=True)

    def signer(self, commit: str, body: bytes) -> int | Breach:
        """Return the last of the keys that has signed a commit, or what is wrong with it."""
        parts = _ORDER.match(body) if len(body) <= LIMIT_BYTES else None
        if parts is None or body[parts.end() : parts.end() + 1] != b"\n":
            return _foreign(commit, "it holds more than a commit of ours does")
        if not parts["signature"]:
            return Breach(commit, "unsigned", f"{self._host} signs what it writes, and this is not signed")
        begin, end = parts.span("signature")
        armour = body[begin:end].removeprefix(b"gpgsig ").replace(b"\n ", b"\n")
        who = self._asked(body[:begin] + body[end:], armour)
        fitting = [number for number, key in enumerate(self._keys) if key.fingerprint == who]
        return fitting[-1] if fitting else _foreign(commit, f"{self._host} did not sign it, or it was changed since")

    def _asked(self, content: bytes, armour: bytes) -> str | None:
        """Return the fingerprint of the key whose signature over `content` holds; None: it is none of these keys'."""
        self._write(self._signature, armour)
        words = ("-Y", "verify", "-f", str(self._allowed), "-I", self._host, "-n", COMMITS, "-s", str(self._signature))
        try:
            result = shell.attempt(Command(("ssh-keygen", *words), stdin=content, timeout_s=commands.TIMEOUT_S))
        except CommandFailed as failed:
            raise SignaturesUnchecked(failed.output) from None
        if _UNABLE.search(result.complaint):
            raise SignaturesUnchecked(result.complaint)
        good = _GOOD.match(result.text) if result.code == 0 else None
        return good.group(1) if good else None

    def _write(self, path: Path, content: bytes) -> None:
        with files.storing(path):
            path.write_bytes(content)


def _foreign(commit: str, what: str) -> Breach:
    return Breach(commit, "foreign-key", what)
