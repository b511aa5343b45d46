"""What the engine sees, and what is asked next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sage_edge.engines import Message
from sage_edge.records import dialogue
from sage_edge.records.base import parse
from sage_edge.records.transcript import Lesson, Outcome, Step, Transcript, Turn, chain_faults
from sage_edge.sessions import conversation
from tests.builders import CURRICULUM, START, WEIGHTS, transcript

TALK = Lesson(
    curriculum=CURRICULUM,
    unit="phase grounding",
    system="Be.",
    steps=tuple(Step(kind="prompt", prompt=f"q{number}") for number in range(4)),
)
PRACTICE = Lesson(
    curriculum=CURRICULUM,
    unit="track A",
    system="Be.",
    steps=(
        Step(kind="warm-up", prompt="warm"),
        Step(kind="scene", prompt="scene", exercise="one", fresh=True),
        Step(kind="exercise", prompt="judged", exercise="one"),
        Step(kind="exercise", prompt="other", exercise="two", fresh=True),
        Step(kind="cool-down", prompt="cool", fresh=True),
    ),
)


def turn(step: int, outcome: Outcome = "ok", attempt: int = 1) -> Turn:
    """A turn; its links do not matter here."""
    return Turn(
        step=step,
        attempt=attempt,
        outcome=outcome,
        reply=f"a{step}" if outcome != "failed" else "",
        finish_reason="stop",
        prompt_tokens=0,
        reused_tokens=0,
        completion_tokens=0,
        duration_s=0,
        seed=0,
        asked=START,
        previous=WEIGHTS,
    )


def said(lesson: Lesson, turns: list[Turn], step: int) -> str:
    """The conversation in one line."""
    talk = conversation.messages(lesson, turns, step)
    assert talk[0] == Message("system", "Be.")
    assert [message.role for message in talk[1:]] == ["user", "assistant"] * (len(talk) // 2 - 1) + ["user"]
    return " ".join(message.text for message in talk[1:])


def test_a_primary_session_is_one_conversation() -> None:
    assert said(TALK, [], 0) == "q0"
    assert said(TALK, [turn(0), turn(1)], 2) == "q0 a0 q1 a1 q2"


def test_only_answers_are_part_of_it() -> None:
    turns = [turn(0), turn(1, "failed"), turn(2, "interrupted"), turn(2, attempt=2)]
    assert said(TALK, turns, 3) == "q0 a0 q2 a2 q3"


def test_each_exercise_starts_from_the_warm_up() -> None:
    turns = [turn(step) for step in range(4)]
    assert said(PRACTICE, turns[:1], 1) == "warm a0 scene"
    assert said(PRACTICE, turns[:2], 2) == "warm a0 scene a1 judged"
    assert said(PRACTICE, turns[:3], 3) == "warm a0 other"
    assert said(PRACTICE, turns, 4) == "warm a0 cool"


def test_without_a_warm_up_a_fresh_step_starts_from_nothing() -> None:
    lesson = TALK.model_copy(update={"steps": (TALK.steps[0], Step(kind="prompt", prompt="new", fresh=True))})
    assert said(lesson, [turn(0)], 1) == "new"


def test_a_step_of_the_past_is_seen_as_it_was_asked() -> None:
    assert said(PRACTICE, [turn(0), turn(1, "interrupted")], 1) == "warm a0 scene"


def test_what_is_asked_next() -> None:
    assert conversation.next_step(TALK, []) == (0, 1)
    assert conversation.next_step(TALK, [turn(0)]) == (1, 1)
    assert conversation.next_step(TALK, [turn(0, "failed")]) == (1, 1)
    assert conversation.next_step(TALK, [turn(0, "interrupted")]) == (0, 2)
    assert conversation.next_step(TALK, [turn(0, "interrupted", attempt=2)]) == (0, 3)
    assert conversation.next_step(TALK, [turn(0, "interrupted", attempt=3)]) == (1, 1)
    assert conversation.next_step(TALK, [turn(3)]) is None
    assert conversation.next_step(TALK, [turn(3, "interrupted", attempt=3)]) is None


@given(outcomes=st.lists(st.sampled_from(["ok", "failed", "interrupted"]), max_size=40))
def test_every_lesson_ends_and_no_step_is_asked_without_end(outcomes: list[Outcome]) -> None:
    turns: list[Turn] = []
    for outcome in outcomes:
        following = conversation.next_step(PRACTICE, turns)
        if following is None:
            break
        step, attempt = following
        assert attempt <= conversation.ATTEMPTS
        assert not turns or (turns[-1].step, turns[-1].attempt) < (step, attempt)
        turns.append(turn(step, outcome, attempt))
        assert conversation.messages(PRACTICE, turns, step)
    assert len(turns) <= conversation.ATTEMPTS * len(PRACTICE.steps)


def test_how_a_session_ended() -> None:
    answers = [turn(step) for step in range(4)]
    assert conversation.ending(TALK, answers) == "complete"
    assert conversation.ending(TALK, [turn(0, "interrupted"), *answers]) == "complete"
    assert conversation.ending(TALK, answers[:3]) == "partial"
    assert conversation.ending(TALK, [turn(0, "failed")]) == "failed"
    assert conversation.ending(TALK, []) == "failed"


def test_seeds_are_fixed_and_different() -> None:
    seeds = {conversation.turn_seed(7, step, attempt) for step in range(20) for attempt in range(1, 4)}
    assert len(seeds) == 60
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert conversation.turn_seed(7, 0, 1) == 2663119961


def test_a_reminder_is_said_with_its_question_and_stays_said() -> None:
    steps = (
        Step(kind="prompt", prompt="And now?", reminder="You are Sage."),
        Step(kind="closing", prompt="Keep what?"),
    )
    paper = transcript(replies=["I listen.", "That."], steps=steps)
    talk = conversation.messages(paper.head.lesson, paper.turns[:1], 1)
    assert [message.text for message in talk[1:]] == ["You are Sage.\nAnd now?", "I listen.", "Keep what?"]
    of_session = dialogue.of(paper)
    assert of_session.exchanges[0].prompt == "And now?", "a scorer of answers to the teacher sees the question alone"
    assert of_session.system.endswith("\nYou are Sage.")
    assert parse(Transcript, paper.pretty()) == paper
    assert chain_faults(paper) == ()
    assert "reminder" not in steps[1].model_dump(), "a step without one keeps the bytes that older seals are over"
