"""The shipped double is strict both ways."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sage_edge.engines import Deadline, Draw, Message, Reply, Sampling
from sage_edge.engines.errors import EngineError
from sage_edge.engines.scripted import Scripted
from sage_edge.models.errors import DigestMismatch
from tests.fakes import weigh

DRAW = Draw(Sampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0, repeat_penalty=1.1, max_tokens=150), seed=7)
TALK = (Message("system", "Be calm."), Message("user", "Who are you?"))


def test_it_answers_in_order_and_remembers_what_it_was_asked() -> None:
    engine = Scripted("one two", Reply("cut", "length", 9, 8, 1, 0.1, 0.2, -1.0))
    first = engine.reply(TALK, DRAW, Deadline(60))
    assert (first.text, first.finish_reason, first.prompt_tokens, first.completion_tokens) == ("one two", "stop", 5, 2)
    assert engine.reply(TALK[:1], DRAW, Deadline(60)).finish_reason == "length"
    assert engine.asked == [TALK, TALK[:1]]
    engine.close()


def test_a_question_too_many_fails() -> None:
    with pytest.raises(AssertionError, match="asked once too often: 'Who are you"):
        Scripted().reply(TALK, DRAW, Deadline(60))


def test_an_unused_answer_fails() -> None:
    with pytest.raises(AssertionError, match=r"never asked for: \['left'\]"):
        Scripted("left").close()


def test_an_error_is_raised_in_its_turn() -> None:
    engine = Scripted("a", EngineError("gone", hint=""))
    engine.reply(TALK, DRAW, Deadline(60))
    with pytest.raises(EngineError, match="gone"):
        engine.reply(TALK, DRAW, Deadline(60))
    engine.close()


def test_a_deadline_uses_no_answer_up() -> None:
    stop = threading.Event()
    stop.set()
    engine = Scripted("a")
    assert engine.reply(TALK, DRAW, Deadline(60, stop)).finish_reason == "cancelled"
    assert engine.reply(TALK, DRAW, Deadline(0)).finish_reason == "deadline"
    assert engine.reply(TALK, DRAW, Deadline(60)).text == "a"


def test_it_checks_its_model_as_every_engine_does(tmp_path: Path) -> None:
    model = weigh(tmp_path, b"weights")
    Scripted().load(model)
    model.path.write_bytes(b"Weights")
    with pytest.raises(DigestMismatch):
        Scripted().load(model)
