"""Every damage, in every state of the newest deployment, met by every command: each leads out, or a person decides.

After one command that a message names the board runs what is declared and verify is green; or the message says what a
person must decide. Status, plan and verify never contradict each other.
"""

from __future__ import annotations

import functools
import itertools
import random
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy import near_board
from tests.deploy.damages import DAMAGES, STATES
from tests.deploy.loopback import Typed
from tests.deploy.near_board import NearBoard

LOOKING = ("status", "plan", "verify --quick", "audit", "prune", "logs", "lock.status", "rollback --list")
COMMANDS = (*LOOKING, "deploy", "deploy --unpin", "rollback", "provision", "prune --yes")
CASES = list(itertools.product(DAMAGES, STATES, COMMANDS))
SAMPLE = 60
_NAMED = re.compile(
    r"invoke ((?:deploy|provision|rollback|lock\.release|image\.build|prune)(?: --[a-z-]+(?: [\w.]+)?)*)"
)
PERSON = ("on the board: ", "is the address right?", "a person ", "mend fleet/", "see: invoke logs", "is pinned to")
"""What a message says that leaves the choice to a person."""

NO_WORDS = re.compile(r"Traceback|Error\(|\[Errno|fault in sage-edge itself")
GOOD_CODES = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 10})


def commit() -> str:
    ran = subprocess.run(("git", "rev-parse", "HEAD"), cwd=Path(__file__).parent, capture_output=True, text=True)
    return ran.stdout.strip() or "no checkout"


def sample() -> list[tuple[str, str, str]]:
    """Cases for this commit: each damage at least once, each state, each command."""
    drawn = random.Random(commit())
    rest = [drawn.choice([case for case in CASES if case[0] == damage]) for damage in DAMAGES]
    return list(dict.fromkeys([*rest, *drawn.sample(CASES, SAMPLE)]))[:SAMPLE]


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


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], NearBoard]:
    """A board in a state, made once; copy it."""

    @functools.cache
    def make(state: str) -> NearBoard:
        with pytest.MonkeyPatch.context() as patch:
            board = near_board.made(tmp_path_factory.mktemp("state") / "work", patch)
            STATES[state](board)
            return board

    return make


@pytest.mark.slow
@pytest.mark.parametrize(("damage", "state", "command"), sample())
def test_a_sample_of_this_commit(
    damage: str,
    state: str,
    command: str,
    prepared: Callable[[str], NearBoard],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leads_out(near_board.copied(prepared(state), tmp_path / "work", monkeypatch), damage, command)


@pytest.mark.full
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(14400)
def test_every_case(damage: str, prepared: Callable[[str], NearBoard], tmp_path: Path) -> None:
    for number, (state, command) in enumerate(itertools.product(STATES, COMMANDS)):
        with pytest.MonkeyPatch.context() as patch:
            leads_out(near_board.copied(prepared(state), tmp_path / f"{number}", patch), damage, command)


def leads_out(board: NearBoard, damage: str, command: str) -> None:
    """Damage a board, type a command, and follow what is said: one command for the damage, one for an open state."""
    troubles = (not looked(board).is_well) + 1
    DAMAGES[damage](board)
    before = looked(board)
    done = spoken(board, command)
    seen = looked(board)
    if done.complaint and decides(done.err):
        return
    words = done.err + done.out if done.code not in (0, 10) else seen.words
    for _ in range(troubles):
        if seen.is_well:
            return
        name = named(words)
        assert name or decides(words), (damage, command, words)
        if not name:
            return
        after = spoken(board, name)
        seen = looked(board)
        words = after.err + after.out + seen.words
    assert seen.is_well or decides(words), (damage, command, before, done, words)


def named(words: str) -> str:
    """The first command that a next step names; a plan with steps names a deploy."""
    steps = "\n".join(line.partition("next: ")[2] for line in words.replace(" --host sprout", "").splitlines())
    if found := _NAMED.search(steps):
        return found[1]
    return "deploy" if "\n1. " in words else ""


def decides(words: str) -> bool:
    """Whether a message leaves the choice to a person, and says what has to be chosen."""
    return any(word in words for word in PERSON)


def spoken(board: NearBoard, command: str) -> Typed:
    """Type a command; whatever it ends with, it is said in words, with a next step where it failed."""
    done = board.typed(command)
    assert not NO_WORDS.search(done.out + done.err), done
    assert done.code in GOOD_CODES, done
    if done.complaint:
        assert any(line.startswith(" next: ") for line in done.complaint), done
    return done


def looked(board: NearBoard) -> Look:
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
