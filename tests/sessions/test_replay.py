"""A session asked again: each turn after the talk as it was kept, and what a difference is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from sage_edge.engines import Message, Reply
from sage_edge.engines.scripted import Scripted
from sage_edge.errors import UsageError
from sage_edge.names import Slug
from sage_edge.records.transcript import EngineId, Transcript
from sage_edge.sessions import replay, replay_causes
from sage_edge.sessions.errors import SessionInterrupted
from sage_edge.sessions.replay import ReplayedTurn
from tests.builders import seal, transcript

PAPER = transcript(replies=("I am calm.", None, "I listen to you."))
SETTINGS = {"context_tokens": 2048, "batch_tokens": 128, "threads": 2, "gpu_layers": -1}


def drawn(text: str, **other: Any) -> Reply:
    content = {"finish_reason": "stop", "prompt_tokens": 20, "reused_tokens": 0, "completion_tokens": len(text.split())}
    return Reply(text=text, **{**content, "ttft_s": 0.1, "duration_s": 0.1, "mean_logprob": -1.5, **other})


def asked_again(paper: Transcript, *replies: Reply) -> tuple[list[ReplayedTurn], Scripted]:
    engine = Scripted(*replies)
    turns = list(replay.turns(paper, engine, threading.Event()))
    engine.close()
    return turns, engine


def test_the_same_words_are_the_same() -> None:
    turns, engine = asked_again(PAPER, drawn("I am calm."), drawn("I listen to you."))
    assert [turn.sameness for turn in turns] == ["same", "not-asked", "same"]
    assert turns[1].why == "no answer was kept"
    assert [message.text for message in engine.asked[1]][1:] == [
        "Question 1?",
        "I am calm.",
        "What do you want to keep?",
    ]


def test_what_was_kept_is_told_again_and_not_what_was_drawn() -> None:
    turns, engine = asked_again(PAPER, drawn("I am cold."), drawn("I listen to you."))
    assert [turn.sameness for turn in turns] == ["differs", "not-asked", "same"]
    assert (turns[0].first_difference, turns[2].first_difference) == (6, None)
    assert Message("assistant", "I am calm.") in engine.asked[1]


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        (drawn("I am calm. And"), 10),
        (drawn("I am"), 4),
        (drawn("I am calm.", finish_reason="length"), None),
        (drawn("I am calm.", completion_tokens=4), None),
        (drawn("I am calm.", prompt_tokens=21), None),
        (drawn("I am calm.", thinking="hm"), 0),
    ],
)
def test_what_differs(reply: Reply, first: int | None) -> None:
    (turn,) = asked_again(transcript(replies=("I am calm.",)), reply)[0]
    assert (turn.sameness, turn.first_difference) == ("differs", first)


@pytest.mark.parametrize(("text", "sameness"), [("I am calm and more", "same"), ("I am cold", "differs")])
def test_what_a_deadline_cut_is_a_beginning(text: str, sameness: str) -> None:
    (turn,) = asked_again(transcript(replies=("I am calm",), finish="deadline"), drawn(text))[0]
    assert turn.sameness == sameness


def test_a_stop_ends_it() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SessionInterrupted):
        list(replay.turns(PAPER, Scripted("I am calm."), stop))


def conducted(*, version: str = "1", settings: Any = None, resumed: int = 0) -> Transcript:
    paper = transcript(replies=("I am calm.",))
    engine = EngineId(name=Slug("scripted"), version=version, settings=SETTINGS if settings is None else settings)
    whole = seal(paper.head.model_copy(update={"engine": engine}), paper.turns)
    return whole.model_copy(update={"closing": whole.closing.model_copy(update={"resumed": resumed})})


def causes(paper: Transcript, reply: Reply, board: str = "orin-nano") -> Sequence[str]:
    differing = [turn for turn in asked_again(paper, reply)[0] if turn.sameness == "differs"]
    here = EngineId(name=Slug("scripted"), version="1", settings=paper.head.engine.settings)
    return replay_causes.likely(paper, differing, replay_causes.ReplayPlace(here, board, "test"))


def test_the_causes_are_those_that_were_otherwise() -> None:
    assert causes(conducted(), drawn("No.")) == ()
    assert causes(conducted(version="0"), drawn("No.")) == ("the engine is scripted 0 there, 1 here",)
    (board,) = causes(conducted(), drawn("No."), board="agx-thor")
    assert "orin-nano there, agx-thor here" in board
    (prompt,) = causes(conducted(), drawn("No.", prompt_tokens=9))
    assert "turn 1 has 20 tokens there, 9 here" in prompt
    (threads,) = causes(conducted(settings={**SETTINGS, "threads": None}), drawn("No."))
    assert threads.startswith("threads: ")
    (pieces,) = causes(conducted(), drawn("No.", reused_tokens=7))
    assert "from 0 tokens that were read before there, 7 here" in pieces
    (resumed,) = causes(conducted(resumed=2), drawn("No.", reused_tokens=7))
    assert "picked up again 2 times" in resumed


@pytest.mark.parametrize(
    ("settings", "named"),
    [({}, "context_tokens"), ({**SETTINGS, "threads": "two"}, "threads"), ({**SETTINGS, "flash": True}, "flash")],
)
def test_settings_that_no_engine_has_are_named(settings: Any, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        replay.settings_of(conducted(settings=settings).head)
    assert replay.settings_of(conducted().head).batch_tokens == 128
