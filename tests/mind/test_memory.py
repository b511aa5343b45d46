from __future__ import annotations

import pytest

from sage_edge.mind import exemplars, last_closing, summaries
from sage_edge.records.transcript import Ending
from tests.builders import default_steps, transcript

FIRST = transcript("P001", replies=["I am calm.", "I keep the first."])
SECOND = transcript("P002", replies=["I am Sage. It is quiet.", "I keep the second."])


def test_the_newest_closing_is_remembered_whatever_the_order() -> None:
    assert last_closing([FIRST, SECOND]) == "I keep the second."
    assert last_closing([SECOND, FIRST]) == "I keep the second."
    assert last_closing([]) is None


def test_training_sessions_have_no_closing() -> None:
    assert last_closing([transcript("T009", replies=["yes"] * 4)]) is None


@pytest.mark.parametrize(
    "empty",
    [
        transcript("P003", replies=["I am calm.", None]),
        transcript("P003", replies=["I am calm.", "  "]),
        transcript("P003", replies=["I am calm.", "I keep"], finish=["stop", "deadline"]),
        transcript("P003", replies=["I am calm.", "I keep"], finish=["stop", "cancelled"]),
        transcript("P003", replies=["I am calm.", "I keep a failure."], ending="failed"),
        transcript("P003", replies=["I am calm."], steps=default_steps(FIRST.session, 2)),
    ],
)
def test_sessions_without_a_closing_answer_are_passed_over(empty: object) -> None:
    assert last_closing([FIRST, SECOND, empty]) == "I keep the second."  # type: ignore[list-item]


def test_a_closing_that_repeats_an_answer_of_its_session_is_nothing_kept() -> None:
    circle = transcript("P003", replies=["I keep the third.", " I keep the third. "])
    assert last_closing([circle, SECOND]) == "I keep the second."
    assert last_closing([circle]) is None
    beside = transcript("P003", replies=["I keep the third.", "I keep the third one."])
    assert last_closing([beside, SECOND]) == "I keep the third one."
    failed = transcript("P003", replies=["I keep the third.", None, "I keep the third."])
    assert last_closing([failed, SECOND]) == "I keep the second."


@pytest.mark.parametrize("ending", ["complete", "partial"])
def test_an_answer_at_its_token_limit_counts(ending: Ending) -> None:
    cut = transcript("P003", replies=["I am calm.", "I keep a long"], finish=["stop", "length"], ending=ending)
    assert last_closing([cut, FIRST]) == "I keep a long"


def test_an_answer_that_went_on_into_anothers_turn_counts_up_to_there() -> None:
    """What the other would have said is not in it."""
    told = transcript("P003", replies=["I am Sage.", "I keep the lamp."], finish="turn-marker")
    assert last_closing([told]) == "I keep the lamp."
    assert exemplars([told], "Sage", 1) == ("I am Sage.",)


def test_exemplars_are_whole_sentences_from_the_newest_on() -> None:
    newer = transcript("P003", replies=["Hello. I’m Sage, and I listen! I am calm.", "My name is Sage and I was cut"])
    assert exemplars([SECOND, newer, FIRST], "Sage", 3) == ("I’m Sage, and I listen!", "I am Sage.")
    assert exemplars([SECOND, newer, FIRST], "Sage", 1) == ("I’m Sage, and I listen!",)


def test_the_same_sentence_is_taken_once() -> None:
    again = transcript("P003", replies=["I AM SAGE. I am Sage.", "I am Sage."])
    assert exemplars([SECOND, again], "Sage", 3) == ("I AM SAGE.",)


@pytest.mark.parametrize(
    "reply", ["I am not Sage.", "I am Sageford.", "Hello Sage.", "I am Sage's friend.", "She is Sage."]
)
def test_what_does_not_name_the_mind_is_no_exemplar(reply: str) -> None:
    assert exemplars([transcript("P003", replies=[reply, reply])], "Sage", 3) == ()


def test_nothing_is_looked_for_without_a_name_or_a_wish() -> None:
    assert exemplars([SECOND], "Sage", 0) == ()
    assert exemplars([SECOND], "", 2) == ()


def test_failed_sessions_and_turns_set_no_example() -> None:
    failed = transcript("P003", replies=["I am Sage.", "x"], ending="failed")
    late = transcript("P004", replies=["I am Sage.", "x"], finish="deadline")
    assert exemplars([failed, late], "Sage", 2) == ()


def test_an_answer_without_an_end_costs_little() -> None:
    assert exemplars([transcript("P003", replies=["I am Sage " * 20_000, "x"])], "Sage", 2) == ()


def test_summaries_are_the_closings_before_the_last_one_in_their_order() -> None:
    papers = [transcript(f"P{n:03d}", replies=["I am calm.", f"I keep {n}."]) for n in range(1, 6)]
    failed = transcript("P006", replies=["x", "I keep 6."], ending="failed")
    assert summaries([*papers, failed][::-1], 3) == (
        ("P002", "I keep 2."),
        ("P003", "I keep 3."),
        ("P004", "I keep 4."),
    )
    assert summaries(papers, 0) == summaries(papers[:1], 3) == ()
