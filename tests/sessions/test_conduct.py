"""The runner against an engine that fails, stops, or says nothing; nothing that is no answer passes for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.engines import Deadline, Draw, Message, Reply
from sage_edge.engines.errors import ContextOverflow, EngineError
from sage_edge.engines.scripted import Scripted
from sage_edge.errors import StorageError
from sage_edge.records import dialogue
from sage_edge.records.base import parse
from sage_edge.records.transcript import Step, Transcript, Turn, chain_faults
from sage_edge.sessions.conduct import TurnContext, conduct, give_up
from sage_edge.sessions.errors import SessionInterrupted
from sage_edge.sessions.journal import Journal, SessionLog
from tests import builders
from tests.fakes import HandClock
from tests.kill.faults import ERRNOS, Refusing

BROKEN = EngineError("the GPU fell off", hint="")


def claimed(folder: Path, steps: int = 4) -> Journal:
    """A journal whose lesson has some steps and no turn yet."""
    paper = builders.transcript(replies=["x"] * steps)
    journal = Journal(folder, paper.session)
    journal.claim(paper.head)
    return journal


def stage(engine: Scripted, stop: threading.Event | None = None) -> TurnContext:
    """A stage around a scripted engine."""
    return TurnContext(engine, HandClock(step=timedelta(seconds=1)), stop or threading.Event(), 60.0)


def played(folder: Path, *replies: str | Reply | EngineError, steps: int = 4) -> Transcript:
    """A session that got these replies, every one of them used."""
    engine = Scripted(*replies)
    transcript = conduct(claimed(folder, steps), stage(engine))
    engine.close()
    assert not chain_faults(transcript)
    return transcript


def outcomes(transcript: Transcript) -> str:
    """The outcomes of the turns by their first letters."""
    return "".join(turn.outcome[0] for turn in transcript.turns)


def reply(text: str, reason: str = "stop") -> Reply:
    """A reply with a finish reason of its own."""
    return Reply(text, reason, 3, 2, 1, 0.1, 0.2, -0.5)  # type: ignore[arg-type]


def test_every_question_gets_its_answer(tmp_path: Path) -> None:
    transcript = played(tmp_path, "a", "b", "c", "d")
    assert [turn.reply for turn in transcript.turns] == ["a", "b", "c", "d"]
    assert (outcomes(transcript), transcript.closing.ending, transcript.closing.turns) == ("oooo", "complete", 4)
    assert transcript.closing.resumed == 0
    assert transcript == Journal(tmp_path, transcript.session).read().transcript()


def test_each_turn_is_on_disk_before_the_next_is_asked(tmp_path: Path) -> None:
    journal = claimed(tmp_path)
    kept: list[int] = []

    class Watching(Scripted):
        def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
            kept.append(len(Journal(tmp_path, journal.session).read().turns))
            return super().reply(messages, draw, deadline)

    conduct(journal, stage(Watching("a", "b", "c", "d")))
    assert kept == [0, 1, 2, 3]


def test_what_the_engine_reports_is_what_is_kept(tmp_path: Path) -> None:
    turn = played(tmp_path, reply("cut", "length"), steps=1).turns[0]
    found = (turn.reply, turn.finish_reason, turn.prompt_tokens, turn.reused_tokens, turn.completion_tokens)
    assert found == ("cut", "length", 3, 2, 1)
    assert (turn.ttft_s, turn.duration_s, turn.mean_logprob) == (0.1, 0.2, -0.5)


def test_thoughts_and_dropped_tokens_are_kept_apart_and_are_not_told_again(tmp_path: Path) -> None:
    thought = replace(reply("yes", "turn-marker"), thinking="who asks?", dropped_tokens=2)
    engine = Scripted(thought, "b", "c", "d")
    transcript = conduct(claimed(tmp_path), stage(engine))
    first, second = transcript.turns[:2]
    assert (first.reply, first.finish_reason, first.thinking, first.dropped_tokens) == (
        "yes",
        "turn-marker",
        "who asks?",
        2,
    )
    assert (second.thinking, second.dropped_tokens) == (None, None)
    assert not any("who asks?" in message.text for talk in engine.asked for message in talk)
    assert transcript == Journal(tmp_path, transcript.session).read().transcript()
    assert parse(Transcript, transcript.pretty()) == transcript
    assert chain_faults(transcript) == ()
    assert {"thinking", "dropped_tokens"}.isdisjoint(json.loads(second.canonical()))


def test_a_thought_without_an_answer_is_kept_and_is_no_answer(tmp_path: Path) -> None:
    transcript = played(tmp_path, replace(reply("", "length"), thinking="well, let me"), "b", "c", "d")
    first = transcript.turns[0]
    assert (outcomes(transcript), transcript.closing.ending) == ("fooo", "partial")
    assert (first.reply, first.thinking, first.finish_reason) == ("", "well, let me", "length")
    assert first.error == "the model thought, and ended before it answered"
    assert [turn.reply for _, turn in transcript.answers()] == ["b", "c", "d"]
    assert not any("let me" in answer.reply for answer in dialogue.of(transcript).answers)


def test_a_deadline_is_a_finish_reason_and_no_failure(tmp_path: Path) -> None:
    transcript = played(tmp_path, reply("as far as it", "deadline"), "b", "c", "d")
    assert (outcomes(transcript), transcript.turns[0].finish_reason) == ("oooo", "deadline")


def test_a_failing_engine_is_an_outcome_and_never_an_answer(tmp_path: Path) -> None:
    transcript = played(tmp_path, "a", BROKEN, "c", "d")
    assert (outcomes(transcript), transcript.closing.ending) == ("ofoo", "partial")
    failed = transcript.turns[1]
    assert (failed.reply, failed.error, failed.finish_reason) == ("", "the GPU fell off", None)


@pytest.mark.parametrize("ending", ["failed", "partial"])
def test_two_failures_in_a_row_end_it(tmp_path: Path, ending: str) -> None:
    before = ["a"] if ending == "partial" else []
    transcript = played(tmp_path, *before, BROKEN, BROKEN)
    assert transcript.closing.ending == ending
    assert len(transcript.turns) == len(before) + 2


def test_failures_that_do_not_follow_each_other_do_not(tmp_path: Path) -> None:
    assert outcomes(played(tmp_path, BROKEN, "b", BROKEN, "d")) == "fofo"


def test_silence_is_no_answer(tmp_path: Path) -> None:
    transcript = played(tmp_path, "a", reply(""), "c", "d")
    assert (outcomes(transcript), transcript.turns[1].error) == ("ofoo", "the model ended without a word")


def test_too_long_a_conversation_is_an_outcome(tmp_path: Path) -> None:
    transcript = played(tmp_path, "a", "b", ContextOverflow(600, 512), "d")
    assert "needs 600 tokens" in (transcript.turns[2].error or "")
    assert outcomes(transcript) == "oofo"


def test_our_own_mistake_is_no_outcome(tmp_path: Path) -> None:
    journal = claimed(tmp_path)
    with pytest.raises(AssertionError, match="asked once too often"):
        conduct(journal, stage(Scripted("a")))
    assert len(journal.read().turns) == 1


def test_a_stop_request_keeps_what_was_said_and_the_next_start_goes_on(tmp_path: Path) -> None:
    journal, stop = claimed(tmp_path), threading.Event()
    first = Scripted("a", reply("half", "cancelled"), "never asked for")
    with pytest.raises(SessionInterrupted) as stopped:
        conduct(journal, stage(first, stop))
    assert stopped.value.code == 130
    story = journal.read()
    assert [(turn.outcome, turn.reply) for turn in story.turns] == [("ok", "a"), ("interrupted", "half")]
    second = Scripted("b", "c", "d")
    transcript = conduct(journal, stage(second))
    second.close()
    assert second.asked[0] == first.asked[1]
    assert (outcomes(transcript), [turn.attempt for turn in transcript.turns]) == ("oiooo", [1, 1, 2, 1, 1])
    assert transcript.turns[1].seed != transcript.turns[2].seed
    assert transcript.closing.ending == "complete"
    assert all(message.text != "half" for talk in second.asked for message in talk)


def test_a_stop_request_between_turns_asks_nothing_more(tmp_path: Path) -> None:
    journal, stop = claimed(tmp_path), threading.Event()
    stop.set()
    with pytest.raises(SessionInterrupted):
        conduct(journal, stage(Scripted(), stop))
    assert journal.read().turns == ()


def test_a_stop_request_does_not_stop_a_session_that_is_over(tmp_path: Path) -> None:
    journal, stop = claimed(tmp_path, steps=1), threading.Event()

    class Last(Scripted):
        def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
            answer = super().reply(messages, draw, deadline)
            stop.set()
            return answer

    assert conduct(journal, stage(Last("a"), stop)).closing.ending == "complete"


def test_an_engine_that_kills_is_asked_three_times_and_not_again(tmp_path: Path) -> None:
    journal = claimed(tmp_path, steps=2)
    for _ in range(3):
        journal.resume(builders.START)
    transcript = conduct(journal, stage(Scripted("b")))
    assert (outcomes(transcript), transcript.closing.resumed) == ("fo", 3)
    assert transcript.turns[0].error == "the process died 3 times while asking this"


def test_an_interruption_is_asked_again_only_so_often(tmp_path: Path) -> None:
    journal = claimed(tmp_path, steps=2)
    for _ in range(3):
        with pytest.raises(SessionInterrupted):
            conduct(journal, stage(Scripted(reply("half", "cancelled"))))
    assert outcomes(conduct(journal, stage(Scripted("b")))) == "iiio"


@pytest.mark.parametrize("number", ERRNOS)
@pytest.mark.parametrize("ever", [False, True])
def test_a_turn_that_could_not_be_kept_did_not_happen(tmp_path: Path, number: int, ever: bool) -> None:
    expected = conduct(claimed(tmp_path / "calm"), stage(Scripted("a", "b", "c", "d")))
    for at in range(1, 11):
        folder = tmp_path / str(at)
        journal = claimed(folder)
        disk = Refusing(at, number, for_ever=ever, below=folder)
        with disk.active(), pytest.raises(StorageError):
            conduct(journal, stage(Scripted("a", "b", "c", "d")))
        kept = journal.read().turns
        transcript = conduct(journal, stage(Scripted(*"abcd"[len(kept) :])))
        assert [turn.reply for turn in transcript.turns] == [turn.reply for turn in expected.turns]
        assert not chain_faults(transcript)


def test_giving_up_closes_with_what_is_there(tmp_path: Path) -> None:
    journal = claimed(tmp_path)
    with pytest.raises(SessionInterrupted):
        conduct(journal, stage(Scripted("a", reply("half", "cancelled"))))
    transcript = give_up(journal, journal.read(), HandClock())
    assert (transcript.closing.ending, len(transcript.turns)) == ("partial", 2)
    assert give_up(journal, journal.read(), HandClock()) == transcript


def test_whoever_watches_sees_each_question_and_answer_once(tmp_path: Path) -> None:
    seen: list[str] = []

    class Watcher:
        def asked(self, story: SessionLog, step: Step) -> None:
            seen.append(f"{len(story.turns)} {step.prompt}")

        def answered(self, story: SessionLog, turn: Turn) -> None:
            seen.append(f"{len(story.turns)} {turn.reply}")

    watched = TurnContext(Scripted("a", "b"), HandClock(), threading.Event(), 60.0, Watcher())
    conduct(claimed(tmp_path, steps=2), watched)
    assert seen == ["0 Question 1?", "1 a", "1 What do you want to keep?", "2 b"]


def test_the_engine_hears_the_words_of_the_lesson(tmp_path: Path) -> None:
    engine = Scripted("a", "b")
    transcript = conduct(claimed(tmp_path, steps=2), stage(engine))
    assert engine.asked[1] == (
        Message("system", transcript.head.lesson.system),
        Message("user", "Question 1?"),
        Message("assistant", "a"),
        Message("user", "What do you want to keep?"),
    )
