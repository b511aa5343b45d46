"""A session that outgrows its context: the questions that no longer fit fail by name, and nothing is cut to fit."""

from __future__ import annotations

import itertools

import pytest

from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.transcript import Transcript
from tests.real import raised

pytestmark = pytest.mark.real

CONTEXT, ANSWER = 512, 320


@pytest.fixture(scope="module")
def outgrown(model: ResolvedModel, tmp_path_factory: pytest.TempPathFactory) -> Transcript:
    """A first session on a host whose context holds three or four of its seven turns."""
    world = raised.world(tmp_path_factory.mktemp("long"))
    small = {"engine": {"context_tokens": CONTEXT}, "sampling": {"max_tokens": ANSWER}}
    world.overlay({"hosts": {"sprout": small}})
    done = world.run("sprout", "session", "run")
    assert done.returncode == 0, done.stderr
    return raised.transcripts(world)["P001"]


def test_what_fits_is_answered_from_the_whole_conversation(outgrown: Transcript) -> None:
    answered = [turn for turn in outgrown.turns if turn.outcome == "ok"]
    assert answered
    assert [turn.step for turn in answered] == list(range(len(answered)))
    for earlier, turn in itertools.pairwise(answered):
        assert turn.reused_tokens >= earlier.prompt_tokens, "nothing before it was dropped"
        assert turn.prompt_tokens + ANSWER <= CONTEXT


def test_what_does_not_fit_fails_with_both_counts_and_two_such_end_the_session(outgrown: Transcript) -> None:
    failed = [turn for turn in outgrown.turns if turn.outcome == "failed"]
    assert outgrown.turns[-2:] == tuple(failed)
    for turn in failed:
        assert turn.reply == ""
        assert turn.finish_reason is None
        assert f"the context holds {CONTEXT}" in (turn.error or "")
    assert outgrown.closing.ending == "partial"
