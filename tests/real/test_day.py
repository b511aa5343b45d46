"""A day of both hosts on the real model: what the hub holds afterwards, and that every word of it can be trusted."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone

import pytest

from sage_edge.models.resolve import ResolvedModel
from sage_edge.records import dialogue
from sage_edge.records.base import parse
from sage_edge.records.study import Finding
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.scorers import TRAINING_STRICT, base
from tests import replays
from tests.cli.world import World
from tests.real import raised
from tests.real.prepared import DIGEST, REF

pytestmark = pytest.mark.real

MIDNIGHT = datetime(2026, 1, 1, tzinfo=timezone.utc)
PRIMARY, TRAINING = ("P001", "P002", "P003", "P004"), ("T001", "T002", "T003", "T004")
REPLAYED = 20
"""Turns that are said again, of whole sessions."""


@pytest.fixture(scope="module")
def held(day: World) -> dict[str, Transcript]:
    return raised.transcripts(day)


@pytest.fixture(scope="module")
def findings(day: World) -> dict[str, Finding]:
    names = [name for name in day.papers("thor") if name.startswith("findings/")]
    read = [parse(Finding, day.hub("show", f"host/thor:{name}").encode()) for name in names]
    assert len({finding.session for finding in read}) == len(read)
    return {finding.session: finding for finding in read}


def test_each_slot_of_the_day_is_served_once_and_published_as_it_was_written(
    day: World, held: dict[str, Transcript]
) -> None:
    assert sorted(held) == sorted((*PRIMARY, *TRAINING))
    served = {name: paper.head.slot.due for name, paper in held.items() if paper.head.slot is not None}
    for number in range(4):
        assert served[PRIMARY[number]] == MIDNIGHT + timedelta(hours=6 * number)
        assert served[TRAINING[number]] == MIDNIGHT + timedelta(hours=6 * number + 3)
    published = [name for name in day.papers("sprout") if name.startswith("sessions/")]
    assert len(published) == len(held)
    for name in published:
        paper = parse(Transcript, day.hub("show", f"host/sprout:{name}").encode())
        assert paper == held[paper.session]
        assert chain_faults(paper) == ()


def test_every_transcript_names_the_weights_and_every_turn_says_how_it_ended(
    held: dict[str, Transcript], model: ResolvedModel
) -> None:
    assert model.digest == DIGEST
    for paper in held.values():
        assert (paper.head.model.ref, paper.head.model.digest) == (REF, DIGEST)
        assert paper.closing.ending == "complete"
        limit = paper.head.sampling.max_tokens
        for turn in paper.turns:
            assert turn.finish_reason == ("length" if turn.completion_tokens == limit else "stop")
            assert turn.completion_tokens <= limit
            assert "<|" not in turn.reply
    replies = [turn.reply for paper in held.values() for turn in paper.turns]
    assert len(set(replies)) > len(replies) / 2, "it answers what it is asked"


def test_a_conversation_is_read_once(held: dict[str, Transcript]) -> None:
    """Of each prompt, only what the turn before did not hold is computed."""
    for name in PRIMARY:
        turns = held[name].turns
        assert turns[0].reused_tokens == 0
        for earlier, turn in itertools.pairwise(turns):
            assert turn.reused_tokens >= earlier.prompt_tokens


def test_every_exercise_is_judged_by_the_researcher(held: dict[str, Transcript], findings: dict[str, Finding]) -> None:
    assert {finding.transcript for finding in findings.values()} == {paper.seal for paper in held.values()}
    asked = met = 0
    for name in TRAINING:
        paper = held[name]
        (judged,) = (m for m in findings[name].measures if m.scorer == TRAINING_STRICT.id)
        assert (judged,) == base.measure(TRAINING_STRICT, dialogue.of(paper))
        assert judged.n == sum(step.kind == "exercise" for step in paper.head.lesson.steps) > 0
        asked, met = asked + judged.n, met + (judged.hits or 0)
    assert 0 < met < asked, "it knows some answers, and not all"


def test_every_recorded_turn_is_said_again_from_the_record_alone(
    held: dict[str, Transcript], model: ResolvedModel
) -> None:
    engine = replays.engine(held["P001"])
    turns = 0
    for name in held:
        if turns < REPLAYED:
            said = [replays.differences(*pair) for pair in replays.replay(held[name], model, engine)]
            assert said == [()] * len(held[name].turns), name
            turns += len(said)
    engine.close()
    assert turns >= REPLAYED
