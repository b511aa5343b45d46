"""Every way in which the world can refuse us; our own mistakes stay TypeError and RuntimeError.

    SageError(message, *, hint)                                        exit code
    ├── UsageError                                                     2
    │   └── FolderTaken(path, what)    a new folder's place            2
    ├── DeclarationError(faults)       fleet/ does not hold together   2
    ├── LibraryMissing(library, extra)                                 1
    ├── Locked(what, owner)                                            5
    ├── ClockImpossible(now, least)    no clock that says so is right  3
    ├── CommandFailed(words, code)                                     1
    ├── StorageError(path)             disk full, read-only, I/O       1
    │   └── NoDiskSpace(where, what)   asked before the first byte     3
    ├── Unreachable                    the other side did not answer   4
    ├── HubRefused                     it answered, and said no        3
    │
    ├── ModelError                     models/errors.py                1
    ├── RoleError                      inventory/errors.py             3
    │   ├── NotMyRole(host, role, ability)
    │   ├── IdentityConflict           card, claim and board disagree
    │   ├── NoIdentity                 nothing says which host this is
    │   └── WrongImage                 the image is for another host
    ├── EngineError                    engines/errors.py               1
    │   ├── UnknownEngine(name, known)                                 2
    │   ├── ModelUnusable              the engine cannot work with this file
    │   │   └── PromptUnfaithful(model, why)   its template does not hold what is said
    │   ├── NoSeed(seed)               what it draws nobody can draw again         2
    │   ├── SchemaUnusable(why)        no reply can be held to it
    │   ├── WordsAreMarkup(model, sign)    at a server, which cannot tell them         3
    │   ├── EndpointError(place)       a server gave no reply that can be taken
    │   └── ContextOverflow(needs, has)
    ├── ExchangeError                  exchange/errors.py              1
    │   ├── KeyUnusable                this host cannot sign
    │   ├── SignaturesUnchecked(why)   ssh-keygen is missing
    │   ├── Unsound                    the hub sent what git refuses
    │   ├── NotTrustable(host)         a person's word does not help      2
    │   └── OwnBranchBroken            a paper of ours was changed     8
    │       ├── CloneDamaged           git cannot read its own files
    │       ├── ForeignCommits(host)   the hub holds what we did not write
    │       └── RepairUndecided(host)  a person must say whose it is
    ├── SessionError                   sessions/errors.py              1
    │   ├── JournalBroken(session, line)                               8
    │   ├── TranscriptBroken           the hash chain does not hold    8
    │   └── SessionInterrupted                                       130
    ├── InterventionRefused            curriculum/errors.py            3
    │   ├── UndeclaredIntervention(name, version)
    │   └── ParametersRefused(intervention, faults)
    ├── DeployError                    remote/errors.py                1
    │   ├── NoRsync, …                 model_sync/errors.py            1
    │   └── PlanStale, …               deploy/errors.py                3
    ├── ImageError                     image/errors.py                 1
    ├── SimError                       sim/errors.py                   1
    ├── ZoneMissing, …                 legacy/errors.py                1
    ├── SessionChanged                 analysis/errors.py              1
    ├── DecisionRefused                agent/errors.py                 3
    ├── TrainingError                  training/errors.py              1
    ├── BenchError                     bench/errors.py                 1
    ├── ServeError                     serve/errors.py                 1
    └── NotExamined, …                 workstation/errors.py           1

What several rooms raise stands here; a room's own kinds stand in its `errors.py`, where the larger families are drawn.
Raised low, rendered once at the roof as two lines: what happened to which named thing, and what to type next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import ClassVar

from sage_edge import sizes, system_refusal
from sage_edge.hints import Hint, sage


class ExitCode(IntEnum):
    """How a command ended, for scripts (design §6)."""

    OK = 0
    FAILED = 1  # and nothing changed
    USAGE = 2  # or a declaration that does not hold
    REFUSED = 3  # by a guard
    UNREACHABLE = 4
    LOCKED = 5
    ROLLED_BACK = 6
    ROLLBACK_FAILED = 7
    NOT_VERIFIED = 8
    PENDING = 10  # changes, where --exit-code asked
    INTERRUPTED = 130


MEANING: Mapping[ExitCode, str] = {
    ExitCode.OK: "ok",
    ExitCode.FAILED: "failed",
    ExitCode.USAGE: "usage or declaration",
    ExitCode.REFUSED: "refused by a guard",
    ExitCode.UNREACHABLE: "unreachable",
    ExitCode.LOCKED: "locked",
    ExitCode.ROLLED_BACK: "rolled back",
    ExitCode.ROLLBACK_FAILED: "rollback failed",
    ExitCode.NOT_VERIFIED: "verification failed",
    ExitCode.PENDING: "changes pending",
    ExitCode.INTERRUPTED: "interrupted",
}
"""Every exit code in words, as help says it."""


def explained(codes: Iterable[ExitCode]) -> str:
    """Return a sentence for help about the codes that something may end with, in their order."""
    return f"Exit codes: {', '.join(f'{code.value} {MEANING[code]}' for code in sorted(codes))}."


class SageError(Exception):
    """Something in the world refused; `hint` is the next step as a value, `code` the exit code."""

    code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, *, hint: Hint = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


class UsageError(SageError):
    """The command was put together wrongly."""

    code = ExitCode.USAGE


class FolderTaken(UsageError):
    """Something else lies where a new folder is to appear."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        super().__init__(f"{path} {what}", hint="nothing was written; name a folder that is new or empty")


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one declaration: `file: key: message (line 3)`. line: from 1; 0 where there is none."""

    file: str
    key: str
    message: str
    line: int = field(default=0, compare=False)

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        if not self.key:
            return ": ".join(part for part in (self.file, line, self.message) if part)
        return f"{self.file}: {self.key}: {self.message}" + (f" ({line})" if line else "")


class DeclarationError(SageError):
    """One or more faults in `fleet/`; all of them at once."""

    code = ExitCode.USAGE

    def __init__(self, faults: Sequence[Fault], *, hint: Hint = "") -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)), hint=hint or ("mend the file, then: ", sage("fleet check")))


class LibraryMissing(SageError):
    """A library that this needs is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        self.library, self.extra = library, extra
        super().__init__(f"{library} is not installed", hint=f"pip install 'sage-edge[{extra}]'")


class Unreachable(SageError):
    """The other side did not answer."""

    code = ExitCode.UNREACHABLE


class HubRefused(SageError):
    """The hub answered, and said no."""

    code = ExitCode.REFUSED


class Locked(SageError):
    """Somebody else is at it."""

    code = ExitCode.LOCKED

    def __init__(self, what: str, owner: str) -> None:
        self.what, self.owner = what, owner
        super().__init__(f"{what} is in use by {owner}", hint="wait until it is done; a dead owner needs no help")


class ClockImpossible(SageError):
    """A clock stands where none can be right, whatever a person says."""

    code = ExitCode.REFUSED

    def __init__(self, now: str, least: str) -> None:
        super().__init__(
            f"the clock cannot be right: it says {now}, and this software was begun at {least}",
            hint=("set it, then: ", sage("clock trust", because="REASON")),
        )


class CommandFailed(SageError):
    """A program that we started failed or did not end in time."""

    def __init__(self, words: Sequence[str], code: int, output: str) -> None:
        self.words, self.exit_code, self.output = tuple(words), code, output
        tail = "\n".join(output.strip().splitlines()[-20:])
        super().__init__(f"{' '.join(words[:4])} … ended with {code}: {tail}", hint="run it by hand to see more")


class StorageError(SageError):
    """The file system refused to keep something."""

    def __init__(self, path: str, why: str, *, hint: Hint = "") -> None:
        """why: in the words of the system, which decide the next step, or in others that come with a hint."""
        self.path = path
        number = system_refusal.number_in(why)
        step = None if number is None else system_refusal.next_step(number, path)
        super().__init__(f"cannot write {path}: {why}", hint=hint or step or system_refusal.ELSEWHERE)


class NoDiskSpace(StorageError):
    """A disk is too small for what was asked; nothing was written. where: a folder or a host; sizes in bytes."""

    code = ExitCode.REFUSED

    def __init__(self, where: str, what: str, needs_bytes: int, free_bytes: int, *, hint: Hint) -> None:
        self.path, self.where, self.needs_bytes, self.free_bytes = where, where, needs_bytes, free_bytes
        needs, free = sizes.text(needs_bytes), sizes.text(free_bytes)
        message = f"{what} needs {needs} free on {where}, there are {free}; nothing was written"
        SageError.__init__(self, message, hint=hint)
