"""Answer and thoughts of a reply are told apart, and nothing of either is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.engines import thoughts


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("Yes.", "Yes.", None),
        ("<think>Hm.</think>Yes.", "Yes.", "Hm."),
        ("\n<think>\n\n</think>\n\nYes.", "Yes.", None),
        ("<think>Hm.", "", "Hm."),
        ("<think>", "", None),
        ("Hm.</think>Yes.", "Yes.", "Hm."),
        ("Well, <think>Hm.</think>yes.", "Well, yes.", "Hm."),
        ("<think>A</think>Yes <think>B</think>indeed.<think>C", "Yes indeed.", "A\n\nB\n\nC"),
        ("<think>A <think>B</think>Yes.", "Yes.", "A <think>B"),
        ("<think>A</think>B</think>Yes.", "Yes.", "A\n\nB"),
        ("[THINK]Hm.[/THINK]Yes.", "Yes.", "Hm."),
        ("<thinking>Hm.</thinking>Yes.", "Yes.", "Hm."),
        ("<think>Hm.</thinking>Yes.", "", "Hm.</thinking>Yes."),
        ("I think <thin> yes.", "I think <thin> yes.", None),
        ("", "", None),
    ],
)
def test_a_reply_is_parted(text: str, answer: str, thinking: str | None) -> None:
    assert thoughts.parted(text) == (answer, thinking)


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [("Hm.</think>Yes.", "Yes.", "Hm."), ("Hm.", "", "Hm."), ("</think>Yes.", "Yes.", None), ("", "", None)],
)
def test_a_reply_inside_a_thought_is_parted(text: str, answer: str, thinking: str | None) -> None:
    assert thoughts.parted(text, "</think>") == (answer, thinking)


@pytest.mark.parametrize(
    ("markup", "closes"),
    [
        ("<|im_start|>assistant\n", None),
        ("<|im_start|>assistant\n<think>\n", "</think>"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", None),
        ("[THINK]", "[/THINK]"),
    ],
)
def test_whether_a_prompt_begins_a_thought(markup: str, closes: str | None) -> None:
    assert thoughts.open_at_the_end(markup) == closes


PIECES = st.sampled_from(["<think>", "</think>", "[THINK]", "[/THINK]", "a", "b", " ", "\n"])


@given(st.lists(PIECES, max_size=9).map("".join), st.sampled_from([None, "</think>"]))
def test_no_word_is_lost_and_none_is_made_up(text: str, closes: str | None) -> None:
    answer, thinking = thoughts.parted(text, closes)
    assert sorted(sign for sign in text if sign in "ab") == sorted(s for s in answer + (thinking or "") if s in "ab")
    assert thoughts.parted(answer).answer == answer, "an answer holds no thought"
