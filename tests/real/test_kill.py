"""A session on the real model that is killed in the middle of an answer: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.transcript import Transcript, chain_faults
from tests import replays
from tests.cli.world import World
from tests.real import raised

pytestmark = pytest.mark.real

KEPT = 3
"""Turns on disk before the kill."""
MIDDLE_S = 0.3
"""How long the next answer is under way; one takes a second or more."""


@pytest.fixture(scope="module")
def killed(model: ResolvedModel, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A host whose first session was killed while it answered the fourth question."""
    world = raised.world(tmp_path_factory.mktemp("killed"))
    process = world.start("sprout", "session", "run")
    try:
        _wait_for_turns(world, process)
        time.sleep(MIDDLE_S)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    return world


def _wait_for_turns(world: World, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + raised.PATIENCE_S
    while len(_turns(world)) < KEPT:
        assert process.poll() is None, "it ended before its fourth question"
        assert time.monotonic() < until
        time.sleep(0.02)


def _turns(world: World) -> list[dict[str, object]]:
    if not (world.state("sprout") / "journals" / "P001.jsonl").exists():
        return []
    return [line["turn"] for line in world.journal("P001") if "turn" in line]


@pytest.fixture(scope="module")
def before(killed: World) -> list[dict[str, object]]:
    """The turns that were on disk when it was killed."""
    turns = _turns(killed)
    assert len(turns) == KEPT
    return turns


@pytest.fixture(scope="module")
def resumed(killed: World, before: list[dict[str, object]]) -> Transcript:
    """The same session, finished by the next start."""
    done = killed.run("sprout", "session", "run")
    assert done.returncode == 0, done.stderr
    papers = raised.transcripts(killed)
    assert list(papers) == ["P001"]
    return papers["P001"]


def test_nothing_is_lost_or_doubled(killed: World, before: list[dict[str, object]], resumed: Transcript) -> None:
    assert [turn.model_dump(mode="json") for turn in resumed.turns[:KEPT]] == before
    assert [turn.step for turn in resumed.turns] == list(range(len(resumed.head.lesson.steps)))
    assert {(turn.attempt, turn.outcome) for turn in resumed.turns} == {(1, "ok")}
    assert (resumed.closing.ending, resumed.closing.resumed) == ("complete", 1)
    assert chain_faults(resumed) == ()
    assert [name for name in killed.papers("sprout") if name.startswith("sessions/")] == [
        "sessions/primary/000/P001.json"
    ]


def test_it_goes_on_in_a_new_memory_and_says_so(resumed: Transcript) -> None:
    cold = [number for number, turn in enumerate(resumed.turns) if turn.reused_tokens == 0]
    assert cold == [0, KEPT]


def test_a_resumed_session_is_said_again_from_its_record(resumed: Transcript, model: ResolvedModel) -> None:
    engine = replays.engine(resumed)
    said = list(replays.replay(resumed, model, engine))
    engine.close()
    assert len(said) == len(resumed.turns)
    assert [replays.differences(turn, again) for turn, again in said] == [()] * len(said)
