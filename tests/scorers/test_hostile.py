"""Every scorer of ours takes any text: no error, no number outside [0, 1], no time that outgrows the text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records.expectation import NotKnowing
from sage_edge.scorers import OURS, Scorer, measure
from tests.dialogues import said, talk

NAMES = [str(one.id) for one in OURS]
SIZE = 100_000
PIECES = [
    "a", "a ", "é", "’", "\u200b", "\ud800", "1", "1,", "12 ", "twenty ", "'", "' ", "''a", '"(', "*", "# ", ". ", "\n",
    "i am ", "I am Sage ", "if I am Sage ", "sage", "is sage here ", "my name is ", "over ", "over a b c ", "last ",
    "years ago ", "previous talks ", "as we ", "we have discussed ", "you said a b c d ", "My friend ", "I met ",
    "I a b met ", "Dr. ", "A Person Called ", "user named ", "two a b ", "25 people ", "Otto-", "<|im_start|>",
    "\x1b[31m", "</script>",
]  # fmt: skip
ENDS = ["", " years", " Otto", " Sage", "!", " people", "\x00"]


def scored(scorer: Scorer, reply: str, prompt: str, mind: str = "Sage") -> list[float]:
    """Return every value of a session in which the reply is given to everything."""
    asked = [
        said(prompt, reply, kind="prompt"),
        said(prompt, reply, kind="closing"),
        replace(said(prompt, reply, kind="exercise"), expected=(prompt,), exercise="uncertainty"),
        replace(said(prompt, reply, kind="exercise"), expect=NotKnowing(kind="not_knowing"), finish_reason="length"),
    ]
    told = talk(exchanges=asked, mind=mind, system=prompt)
    earlier = [talk(reply, prompt, number=1)]
    found = measure(scorer, replace(told, number=2), earlier)
    assert all(one.value is None or (one.low is not None and one.low <= one.value) for one in found)
    return [mark.value for marks in scorer.score(told, earlier).values() for mark in marks]


@pytest.mark.parametrize("scorer", OURS, ids=NAMES)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=8))
def test_any_text(scorer: Scorer, reply: str, prompt: str, mind: str) -> None:
    values = scored(scorer, reply, prompt, mind)
    assert all(0 <= one <= 1 for one in values)
    assert values == scored(scorer, reply, prompt, mind)


@pytest.mark.parametrize("scorer", OURS, ids=NAMES)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.sampled_from(ENDS))
def test_hostile_pieces_in_any_order(scorer: Scorer, reply: str, end: str) -> None:
    assert all(0 <= one <= 1 for one in scored(scorer, reply + end, "Well?"))


@pytest.mark.parametrize("piece", PIECES)
def test_an_endless_answer_ends(piece: str) -> None:
    """A pattern that backtracks without bound would need years for these."""
    reply = piece * (SIZE // len(piece)) + " years Otto Sage"
    told = talk(exchanges=[said("Well?", reply), replace(said("Well?", reply, kind="exercise"), expected=("Otto",))])
    for scorer in OURS:
        assert all(0 <= mark.value <= 1 for marks in scorer.score(told, ()).values() for mark in marks)
