"""Whether what is said of a damage leads out: one named command mends it, or a message says what a person must decide.

Status, plan and verify are asked after every step, and never contradict each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.deploy.loopback import Typed

LOOKING = ("status", "plan", "verify --quick", "audit", "prune", "logs", "lock.status", "rollback --list")
COMMANDS = (*LOOKING, "deploy", "deploy --unpin", "rollback", "provision", "prune --yes")
_NAMED = re.compile(
    r"invoke ((?:deploy|provision|rollback|lock\.release|image\.build|prune)(?: --[a-z-]+(?: [\w.]+)?)*)"
)
_WHERE = re.compile(r" --host sprout| --fleet sim")
PERSON = ("on the board: ", "is the address right?", "a person ", "mend fleet/", "see: invoke logs", "is pinned to")
"""What a message says that leaves the choice to a person."""

NO_WORDS = re.compile(r"Traceback|Error\(|\[Errno|fault in sage-edge itself")
GOOD_CODES = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 10})


class Desk(Protocol):
    """A workstation at which tasks are typed over one host."""

    def typed(self, words: str) -> Typed:
        """Type `invoke WORDS` for that host."""


@dataclass(frozen=True)
class Look:
    """What status, plan and verify say at one moment."""

    status: Typed
    planned: Typed
    verified: Typed

    @property
    def is_well(self) -> bool:
        """It runs what is declared, or what it was rolled back to, and every check holds."""
        return ("no changes" in self.planned.out or self.is_held) and self.verified.code == 0

    @property
    def is_held(self) -> bool:
        """It was rolled back from what is declared, and stays there: that is nothing to mend."""
        return self.planned.code == 3 and "is pinned to" in self.planned.err

    @property
    def words(self) -> str:
        """What is to do: what plan says, then verify."""
        planned = "" if self.is_held else self.planned.err + self.planned.out
        return "\n".join((planned, self.verified.out, self.verified.err))


def leads_out(board: Desk, damage: str, harm: Callable[[], object], command: str, *, was_well: bool = True) -> Look:
    """Damage a board, type a command, and follow what is said: one command for the damage, one for an open state.

    was_well: what a look at the board says before. Returns the last look: all is well then, or a person has to decide.
    """
    troubles = (not was_well) + 1
    harm()
    before = None if command in LOOKING else looked(board)
    done = spoken(board, command)
    seen = looked(board)
    if done.complaint and decides(done.err):
        return seen
    words = done.err + done.out if done.code not in (0, 10) else seen.words
    for _ in range(troubles):
        if seen.is_well:
            return seen
        name = named(words)
        assert name or decides(words), (damage, command, words)
        if not name:
            return seen
        after = spoken(board, name)
        seen = looked(board)
        words = after.err + after.out + seen.words
    assert seen.is_well or decides(words), (damage, command, before, done, words)
    return seen


def named(words: str) -> str:
    """The first command that a next step names; a plan with steps names a deploy."""
    steps = "\n".join(line.partition("next: ")[2] for line in _WHERE.sub("", words).splitlines())
    if found := _NAMED.search(steps):
        return found[1]
    return "deploy" if "\n1. " in words else ""


def decides(words: str) -> bool:
    """Whether a message leaves the choice to a person, and says what has to be chosen."""
    return any(word in words for word in PERSON)


def spoken(board: Desk, command: str) -> Typed:
    """Type a command; whatever it ends with, it is said in words, with a next step where it failed."""
    done = board.typed(command)
    assert not NO_WORDS.search(done.out + done.err), done
    assert done.code in GOOD_CODES, done
    if done.complaint:
        assert any(line.startswith(" next: ") for line in done.complaint), done
    return done


def looked(board: Desk) -> Look:
    """Look at a board by all three, and let them agree."""
    look = Look(*(spoken(board, words) for words in ("status --exit-code", "plan", "verify --quick")))
    status, planned, verified = look.status, look.planned, look.verified
    failing = [line for line in verified.out.splitlines() if line.startswith(("FAIL", " next: "))]
    if "no changes" in planned.out:
        assert not [line for line in failing if " next: invoke deploy" in line], look
        assert " deployment of " not in status.out, look
    if status.code == 0:
        assert not [
            line for line in failing if line.startswith(("FAIL    agent", "FAIL    image", "FAIL    release"))
        ], look
    if verified.code == 0 and planned.code == 0 and "no changes" not in planned.out:
        assert status.code == 8 or "becomes" in planned.out or "nothing is deployed yet" in planned.out, look
    return look
