"""Every damage, in every state of the newest deployment, met by every command: each leads out, or a person decides.

A sample is drawn by commit and done over a real sshd; `--full` does them all in one process (`near_board`).

After one command that a message names the board runs what is declared and verify is green; or the message says what a
person must decide. Status, plan and verify never contradict each other.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy import near_board, near_sshd
from tests.deploy.boards import needs_ssh
from tests.deploy.damages import DAMAGES, STATES
from tests.deploy.judge import COMMANDS, leads_out, looked
from tests.deploy.near_board import NearBoard
from tests.deploy.near_sshd import NearSshd
from tests.drawn import commit

CASES = list(itertools.product(DAMAGES, STATES, COMMANDS))
SAMPLE = 60


def sample() -> list[tuple[str, str, str]]:
    """Cases for this commit: each damage at least once, each state, each command."""
    drawn = random.Random(commit())
    rest = [drawn.choice([case for case in CASES if case[0] == damage]) for damage in DAMAGES]
    return list(dict.fromkeys([*rest, *drawn.sample(CASES, SAMPLE)]))[:SAMPLE]


@dataclass(frozen=True)
class Prepared:
    """A board in a state, to be copied. is_well: whether a look at it finds nothing to do."""

    board: NearBoard
    is_well: bool


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Prepared]:
    """Make a board in a state, once."""

    @functools.cache
    def make(state: str) -> Prepared:
        with pytest.MonkeyPatch.context() as patch:
            board = near_board.made(tmp_path_factory.mktemp("state") / "work", patch)
            STATES[state](board)
            return Prepared(board, looked(board).is_well)

    return make


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearSshd]:
    with near_sshd.running(tmp_path_factory.mktemp("sshd")) as one:
        yield one


@needs_ssh
@pytest.mark.slow
def test_there_is_no_way_to_the_board_but_sshd(
    prepared: Callable[[str], Prepared], sshd: NearSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = sshd.copied(prepared("first release").board, tmp_path / "work", monkeypatch)
    assert board.typed("status --exit-code").code == 0
    (board.here.fleet / "known_hosts").write_text("# nobody\n", "utf-8")
    assert "holds no key for sprout" in board.typed("status --exit-code").out


@needs_ssh
@pytest.mark.slow
@pytest.mark.parametrize(("damage", "state", "command"), sample())
def test_a_sample_of_this_commit(
    damage: str,
    state: str,
    command: str,
    prepared: Callable[[str], Prepared],
    sshd: NearSshd,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = prepared(state)
    judged(sshd.copied(start.board, tmp_path / "work", monkeypatch), damage, command, start.is_well)


@pytest.mark.full
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(14400)
def test_every_case(damage: str, prepared: Callable[[str], Prepared], tmp_path: Path) -> None:
    for number, (state, command) in enumerate(itertools.product(STATES, COMMANDS)):
        start = prepared(state)
        with pytest.MonkeyPatch.context() as patch:
            judged(near_board.copied(start.board, tmp_path / f"{number}", patch), damage, command, start.is_well)


def judged(board: NearBoard, damage: str, command: str, was_well: bool) -> None:
    leads_out(board, damage, lambda: DAMAGES[damage](board), command, was_well=was_well)
