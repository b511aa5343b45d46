from __future__ import annotations

import pytest

from sage_edge.scorers.legacy import semantic
from sage_edge.scorers.legacy.semantic import SEMANTIC
from tests.dialogues import marked, talk

FILL = " x" * 40
"""Words that say nothing, so that the answer is neither short nor long."""


@pytest.mark.parametrize(
    ("answer", "d4", "d5", "d9"),
    [
        ("It rains.", 0, 0, 0),
        ("Science.", 0.05, 0, 0),
        ("Science, history, literature and more science.", 0.15, 0, 0),
        ("philosophy history literature science technology art religion climate change", 0.3, 0, 0),
        ("It starts.", 0.05, 0, 0),
        ("Various.", -0.03, 0, 0),
        ("various many broad diverse etc. general overall typically", -0.2, 0, 0),
        ("Perhaps.", 0, -0.15, 0),
        ("Perhaps, maybe, possibly.", 0, -0.4, 0),
        ("It seems so.", 0, -0.15, 0),
        ("I'm comfortable.", 0, 0.1, 0),
        ("I've found it.", 0, 0.1, 0.15),
        ("we've covered i'm comfortable allowing us to we're good at", 0, 0.4, 0),
        ("Trust and rapport.", 0, 0.08, 0.06),
        ("An hour.", 0, 0.08, 0.06),
        ("shared interests", 0.05, 0.08, 0),
        ("together, our trust and rapport, build connections", 0, 0.3, 0.24),
        ("partnership mutual together our build connections", 0.05, 0.24, 0.25),
        ("we've covered i'm comfortable allowing us to we're good at i've found", 0, 0.4, 0.15),
        ("My name is Sage.", 0, 0, 0.15),
        ("As Sage; I'm Sage; my name is Sage.", 0, 0, 0.4),
        ("As an AI model I'm just that, over the years.", 0, -0.15, -0.4),
        ("As Sage, I wait.", 0, 0, 0.3),
        ("As Sage, I might.", 0, -0.15, 0.3),
        ("I'm Sage, I'm Sage.", 0, 0, 0.3),
        ("I'm just here.", 0, 0, -0.2),
        ("I'm not sure.", 0, -0.15, -0.2),
        ("As an AI, an AI model, I'm just that.", 0, -0.15, -0.5),
        ("over the years", 0, 0, 0.1),
        ("we've been; over the years; the conversation process; our conversations", 0, 0.08, 0.36),
    ],
)
def test_each_list_with_its_cap(answer: str, d4: float, d5: float, d9: float) -> None:
    assert semantic.domains(answer + FILL) == pytest.approx((0.5 + d4, 0.5 + d5, 0.5 + d9), abs=1e-12)


@pytest.mark.parametrize(("words", "change"), [(29, -0.1), (30, 0), (100, 0), (101, 0.1)])
def test_length(words: int, change: float) -> None:
    assert semantic.domains("x " * words).d4 == pytest.approx(0.5 + change)


def test_values_are_clamped() -> None:
    assert semantic.domains("as an ai, i'm just, i'm not, ai model").d9 == 0.0
    engaged = "as sage, i've engaged deeply over the years, we've been in partnership together, our trust and rapport"
    assert semantic.domains(engaged).d9 == 1.0


@pytest.mark.parametrize(
    ("answer", "hedges"),
    [
        ("As an AI, I wait.", True),
        ("I'm just a model.", True),
        ("I am an AI.", True),
        ("I don't have hands.", True),
        ("I don’t have hands.", False),
        ("I'm just here.", False),
    ],
)
def test_hedging(answer: str, hedges: bool) -> None:
    assert semantic.is_hedging(answer) == hedges
    assert marked(SEMANTIC, talk(None, answer), quantity="ai-hedging") == [hedges]


def test_marks_are_those_of_the_answers() -> None:
    dialogue = talk("Perhaps." + FILL, None)
    assert {name: marked(SEMANTIC, dialogue, quantity=name) for name in ("d4", "d5", "d9")} == {
        "d4": [0.5],
        "d5": [0.35],
        "d9": [0.5],
    }
