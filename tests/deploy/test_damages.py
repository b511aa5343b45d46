"""Every damage, in every state of the newest deployment, met by every command: each leads out, or a person decides.

After one command that a message names the board runs what is declared and verify is green; or the message says what a
person must decide. Status, plan and verify never contradict each other.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy import near_board
from tests.deploy.damages import DAMAGES, STATES
from tests.deploy.judge import COMMANDS, leads_out
from tests.deploy.near_board import NearBoard
from tests.drawn import commit

CASES = list(itertools.product(DAMAGES, STATES, COMMANDS))
SAMPLE = 60


def sample() -> list[tuple[str, str, str]]:
    """Cases for this commit: each damage at least once, each state, each command."""
    drawn = random.Random(commit())
    rest = [drawn.choice([case for case in CASES if case[0] == damage]) for damage in DAMAGES]
    return list(dict.fromkeys([*rest, *drawn.sample(CASES, SAMPLE)]))[:SAMPLE]


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
    judged(near_board.copied(prepared(state), tmp_path / "work", monkeypatch), damage, command)


@pytest.mark.full
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(14400)
def test_every_case(damage: str, prepared: Callable[[str], NearBoard], tmp_path: Path) -> None:
    for number, (state, command) in enumerate(itertools.product(STATES, COMMANDS)):
        with pytest.MonkeyPatch.context() as patch:
            judged(near_board.copied(prepared(state), tmp_path / f"{number}", patch), damage, command)


def judged(board: NearBoard, damage: str, command: str) -> None:
    leads_out(board, damage, lambda: DAMAGES[damage](board), command)
