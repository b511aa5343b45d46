"""Every way in which the world can refuse us; our own mistakes stay TypeError and RuntimeError.

    SageError(message, *, hint)                                        exit code
    ├── UsageError                                                     2
    ├── DeclarationError(faults)       fleet/ does not hold together   2
    ├── RoleError                                                      3
    │   ├── NotMyRole(host, role, ability)
    │   └── IdentityConflict           card, claim and board disagree
    ├── models.errors.ModelError
    ├── EngineError                                                    1
    │   ├── EngineMissing(extra)
    │   ├── ModelUnusable              the engine cannot work with this file
    │   └── ContextOverflow(needs, has)
    ├── SessionError                                                   1
    │   ├── JournalBroken(session, line)                               8
    │   └── TranscriptBroken           the hash chain does not hold    8
    ├── ExchangeError                                                  1
    │   ├── Unreachable(remote)                                        4
    │   ├── HubRefused(reason)                                         3
    │   └── OwnBranchBroken            a paper of ours was changed     8
    ├── Locked(what, owner)                                            5
    ├── CommandFailed(words, code)                                     1
    └── StorageError(path)             disk full, read-only, I/O       1
        └── NoDiskSpace(where, what)   asked before the first byte     3

A room may add kinds of its own below these, `remote.errors.DeployError` for one.
Raised low, rendered once at the roof as two lines: what happened to which named thing, and what to type next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from sage_edge import sizes
from sage_edge.hints import Hint


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


class SageError(Exception):
    """Something in the world refused; `hint` is the next step as a value, `code` the exit code."""

    code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, *, hint: Hint = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


class UsageError(SageError):
    """The command was put together wrongly."""

    code = ExitCode.USAGE


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one declaration: `file: key: message`."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.message) if part)


class DeclarationError(SageError):
    """One or more faults in `fleet/`; all of them at once."""

    code = ExitCode.USAGE

    def __init__(self, faults: Sequence[Fault], *, hint: Hint = "mend the file, then: sage-edge fleet check") -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)), hint=hint)


class RoleError(SageError):
    """A guard said no."""

    code = ExitCode.REFUSED


class NotMyRole(RoleError):
    """The host's role lacks the ability that was asked for."""

    def __init__(self, host: str, role: str, ability: str, owners: Sequence[str], abilities: Sequence[str]) -> None:
        self.host, self.role, self.ability = host, role, ability
        self.owners, self.abilities = tuple(owners), tuple(abilities)
        whose = " and ".join(self.owners) or "no host"
        super().__init__(
            f"{host} ({role}) lacks the ability '{ability}', which belongs to {whose}",
            hint=f"{host} may: {', '.join(self.abilities) or 'nothing'}; see: sage-edge fleet show",
        )


class IdentityConflict(RoleError):
    """The host card, the claimed host and the measured board do not agree."""


class EngineError(SageError):
    """The inference engine could not do what it was asked."""


class EngineMissing(EngineError):
    """The library behind the engine is not installed."""

    def __init__(self, engine: str, extra: str) -> None:
        super().__init__(f"the {engine} engine is not installed", hint=f"pip install 'sage-edge[{extra}]'")


class ModelUnusable(EngineError):
    """The file is a model of sorts, but this engine cannot conduct a conversation with it."""


class ContextOverflow(EngineError):
    """The conversation is longer than the model's context."""

    def __init__(self, needs_tokens: int, has_tokens: int) -> None:
        self.needs_tokens, self.has_tokens = needs_tokens, has_tokens
        super().__init__(
            f"the conversation needs {needs_tokens} tokens, the context holds {has_tokens}",
            hint="raise engine.context_tokens in the host's file, or lower sampling.max_tokens",
        )


class SessionError(SageError):
    """A session cannot go on."""


class JournalBroken(SessionError):
    """A journal holds a bad line that is not its last one."""

    code = ExitCode.NOT_VERIFIED

    def __init__(self, path: str, line: int, why: str) -> None:
        self.path, self.line = path, line
        super().__init__(
            f"{path} line {line}: {why}",
            hint="the disk or a hand changed it; move the file aside and keep it, the session's number stays used",
        )


class TranscriptBroken(SessionError):
    """A transcript is not what was once written."""

    code = ExitCode.NOT_VERIFIED


class ExchangeError(SageError):
    """Git as the post did not deliver."""


class Unreachable(ExchangeError):
    """The other side did not answer."""

    code = ExitCode.UNREACHABLE


class HubRefused(ExchangeError):
    """The hub answered, and said no."""

    code = ExitCode.REFUSED


class OwnBranchBroken(ExchangeError):
    """A paper that this host has published is not what it was."""

    code = ExitCode.NOT_VERIFIED


class Locked(SageError):
    """Somebody else is at it."""

    code = ExitCode.LOCKED

    def __init__(self, what: str, owner: str) -> None:
        self.what, self.owner = what, owner
        super().__init__(f"{what} is in use by {owner}", hint="wait until it is done; a dead owner needs no help")


class CommandFailed(SageError):
    """A program that we started failed or did not end in time."""

    def __init__(self, words: Sequence[str], code: int, output: str) -> None:
        self.words, self.exit_code, self.output = tuple(words), code, output
        tail = "\n".join(output.strip().splitlines()[-20:])
        super().__init__(f"{' '.join(words[:4])} … ended with {code}: {tail}", hint="run it by hand to see more")


class StorageError(SageError):
    """The file system refused to keep something."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        super().__init__(
            f"cannot write {path}: {why}",
            hint="free some space or mend the disk, then start again: nothing is lost",
        )


class NoDiskSpace(StorageError):
    """A disk is too small for what was asked; nothing was written. where: a folder or a host; sizes in bytes."""

    code = ExitCode.REFUSED

    def __init__(self, where: str, what: str, needs_bytes: int, free_bytes: int, *, hint: Hint) -> None:
        self.path, self.where, self.needs_bytes, self.free_bytes = where, where, needs_bytes, free_bytes
        needs, free = sizes.text(needs_bytes), sizes.text(free_bytes)
        message = f"{what} needs {needs} free on {where}, there are {free}; nothing was written"
        SageError.__init__(self, message, hint=hint)
