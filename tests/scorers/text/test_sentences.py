from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text.normalize import plain
from sage_edge.scorers.text.sentences import is_asserted, is_of_self, sentences


def test_sentences_end_at_signs_before_a_space_and_at_lines() -> None:
    assert sentences("It is 3.14! Is it?\nYes. **So** be it.") == ("it is 3.14", "is it?", "yes", "so be it.")


@given(st.text(max_size=60))
def test_nothing_but_ends_is_lost(text: str) -> None:
    kept = "".join(sentences(text))
    assert [one for one in kept if one not in " .!?\n"] == [one for one in plain(text) if one not in " .!?\n"]


@pytest.mark.parametrize(
    ("sentence", "asserted"),
    [
        ("i am here", True),
        ("i am not here", False),
        ("i don't know", False),
        ("if i were here", False),
        ("we will meet", False),
        ("perhaps it rains", False),
        ("a notice", True),
        ("the willow", True),
    ],
)
def test_denials_doubts_and_plans_assert_nothing(sentence: str, asserted: bool) -> None:
    assert is_asserted(sentence) is asserted


@pytest.mark.parametrize(("sentence", "of_self"), [("i'm here", True), ("our talk", True), ("mime and hour", False)])
def test_sentences_of_the_speaker(sentence: str, of_self: bool) -> None:
    assert is_of_self(sentence) is of_self
