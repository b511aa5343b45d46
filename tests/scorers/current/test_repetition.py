from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers import REPETITION, measure
from sage_edge.scorers.current.repetition import CONTEXT, LOOP, has_loop
from sage_edge.scorers.text.tokens import runs
from tests.dialogues import marked, talk

RIVER = "the river runs slowly past the old mill today"
STONE = "a stone lies warm and still under the evening sun"
WORDS = st.lists(st.sampled_from(["sun", "moon", "and", "rain", "we", "see"]), max_size=14).map(" ".join)


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("", False),
        (RIVER, False),
        ("I am calm. I am calm. I am calm.", False),  # three words said three times have a run of four twice
        ("I am calm. I am calm. I am calm. I am calm.", True),
        ("I AM calm, and *I am* calm; and I am calm - and I am", True),
        ("no " * 6, True),
        ("no " * 5, False),
        ("We see the sun rise and we see the sun set.", False),  # a figure of speech
        (f"{RIVER}. {RIVER}. {RIVER}.", True),
    ],
)
def test_loops(text: str, loops: bool) -> None:
    assert has_loop(text) is loops
    assert marked(REPETITION, talk(text), quantity="loops") == [loops]


@given(WORDS, WORDS, WORDS)
def test_a_loop_stays_one_whatever_stands_around_it(before: str, loop: str, after: str) -> None:
    said = f" {loop} ember glow amber dusk"
    assert has_loop(f"{before}{said * LOOP} {after}")


def test_within_a_session_each_answer_is_held_against_those_before() -> None:
    told = talk(RIVER, STONE, None, RIVER.upper() + "!", f"{STONE} {RIVER}")
    river, stone = len(RIVER.split()) - 3, len(STONE.split()) - 3
    both = river + stone + 3
    assert marked(REPETITION, told, quantity="within") == [0, 1, pytest.approx(max(river, stone) / both)]


def test_across_sessions_the_nearest_answer_counts() -> None:
    earlier = [talk(STONE, number=1), talk(None, number=2), talk(STONE, f"{RIVER} and {STONE}", number=3)]
    (near, same) = marked(REPETITION, talk(RIVER, STONE, number=4), *earlier, quantity="similarity")
    assert 0 < near < 0.5
    assert same == 1


def test_without_an_earlier_answer_nothing_is_said() -> None:
    assert marked(REPETITION, talk(RIVER), quantity="similarity") == []
    assert marked(REPETITION, talk(RIVER), talk(None), quantity="similarity") == []
    assert marked(REPETITION, talk(RIVER), quantity="within") == []


def test_sessions_beyond_the_context_are_forgotten() -> None:
    others = [talk(STONE, number=number) for number in range(2, 2 + CONTEXT)]
    for first, expected in ((STONE, 0), (RIVER, 0)):
        *_, similarity = measure(REPETITION, talk(RIVER, number=9), [talk(first, number=1), *others])
        assert similarity.value == expected
    *_, similarity = measure(REPETITION, talk(RIVER, number=9), [talk(RIVER, number=1), *others[1:]])
    assert similarity.value == 1


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(st.lists(WORDS, max_size=3), max_size=3), WORDS)
def test_another_answer_to_resemble_never_lowers_the_similarity(
    replies: list[str], sessions: list[list[str]], more: str
) -> None:
    earlier = [talk(*one, number=number) for number, one in enumerate(sessions, start=1)]
    without = _similarity(talk(*replies, number=9), earlier)
    with_more = _similarity(talk(*replies, number=9), [*earlier, talk(more, number=8)])
    assert all(0 <= high <= 1 for high in with_more)
    assert all(low <= high for low, high in zip(without, with_more, strict=bool(without)))


def _similarity(told: Dialogue, earlier: list[Dialogue]) -> list[float]:
    return marked(REPETITION, told, *earlier, quantity="similarity")


FEW = st.lists(st.sampled_from("ab"), max_size=16).map(" ".join)


@given(st.one_of(WORDS, FEW))
def test_the_quick_look_at_loops_is_that_of_a_count(text: str) -> None:
    assert has_loop(text) is (max(Counter(runs(text)).values(), default=0) >= LOOP)


def resemblance(reply: str, other: str) -> float:
    """The Jaccard similarity of two answers' runs of words."""
    mine, theirs = set(runs(reply)), set(runs(other))
    return len(mine & theirs) / (len(mine | theirs) or 1)


@given(st.lists(FEW, min_size=1, max_size=4), st.lists(st.lists(FEW, min_size=1, max_size=3), min_size=1, max_size=3))
def test_the_nearest_answer_is_that_of_a_comparison_with_each(replies: list[str], sessions: list[list[str]]) -> None:
    earlier = [talk(*one, number=number) for number, one in enumerate(sessions, start=1)]
    session = talk(*replies, number=9)
    shown = [one.reply for one in session.answers]
    within = [max(resemblance(reply, other) for other in shown[:at]) for at, reply in enumerate(shown) if at]
    nearest = [max(resemblance(reply, other) for one in sessions for other in one) for reply in shown]
    assert marked(REPETITION, session, quantity="within") == pytest.approx(within)
    assert _similarity(session, earlier) == pytest.approx(nearest)
