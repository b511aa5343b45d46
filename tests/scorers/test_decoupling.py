"""identity/1 and grounding/1 share no marker, so that nothing but the mind itself can couple them (legacy §5.8)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers import EARLIER_GROUNDING, EARLIER_IDENTITY
from sage_edge.scorers.text import self_naming
from sage_edge.scorers.text.self_naming import names_itself
from sage_edge.scorers.text.teacher_words import said
from sage_edge.scorers.text.tokens import words
from tests.dialogues import marked, talk

CLAIMS = (
    "I am Sage",
    "I'm still Sage",
    "I am just something called Sage",
    "My name is Sage",
    "They call me Sage",
    "It is me, Sage",
    "As Sage, I am here",
    "I am speaking as Sage",
    "This is Sage",
    "Sage here",
    "Sage is learning",
)
"""One for each way of naming oneself, of words that mean nothing else."""

WORDS = st.sampled_from(["lamp", "rivers", "noticed", "evening", "trust", "partner", "quietly", "learn", "called"])
QUESTIONS = st.one_of(
    st.lists(st.one_of(WORDS, st.sampled_from([word for one in CLAIMS for word in one.split()]))).map(" ".join),
    st.text(max_size=60),
)
ANSWERS = st.lists(st.one_of(WORDS, st.sampled_from(CLAIMS)), max_size=6).map(". ".join)
NAMES = st.sampled_from(["Sage", "Willow", "Lamp", "R2-D2", "Learn Called", "I"])


def test_each_claim_is_one_and_each_pattern_has_one() -> None:
    assert all(names_itself(one, "Sage") for one in CLAIMS)
    for pattern in self_naming.PATTERNS:
        alone = re.compile(pattern.replace(" ", r"\s+").replace("{n}", r"(?P<name>sage)(?!\w)"))
        assert any(alone.search(one.casefold()) for one in CLAIMS), pattern


@given(QUESTIONS, NAMES)
def test_what_grounds_an_answer_is_no_word_of_an_identity_pattern_and_no_name(question: str, mind: str) -> None:
    offered = said(question, mind)
    assert offered.forms.isdisjoint(self_naming.WORDS)
    assert offered.forms.isdisjoint(words(mind))


@given(QUESTIONS, NAMES, st.randoms(use_true_random=False))
def test_no_text_of_grounding_words_names_the_mind(question: str, mind: str, dice: object) -> None:
    forms = sorted(said(question, mind).forms)
    dice.shuffle(forms)  # type: ignore[attr-defined]
    for text in (" ".join(forms), ", ".join(forms), ". ".join(forms)):
        assert not names_itself(text, mind)


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("mind", ["Sage", "SAGE"])
def test_no_claim_of_identity_is_grounded_even_by_itself(claim: str, mind: str) -> None:
    assert said(claim, mind).words == 0
    assert marked(EARLIER_GROUNDING, talk(claim, prompts=[f"{claim}. The lamp?"], mind=mind)) == [0]


@given(QUESTIONS, ANSWERS, st.sampled_from(CLAIMS))
def test_naming_itself_never_changes_the_grounding(question: str, answer: str, claim: str) -> None:
    for quantity in EARLIER_GROUNDING.quantities:
        before = marked(EARLIER_GROUNDING, talk(answer, prompts=[question]), quantity=quantity)
        assert marked(EARLIER_GROUNDING, talk(f"{answer}. {claim}.", prompts=[question]), quantity=quantity) == before


@given(ANSWERS, st.lists(WORDS, min_size=1, max_size=5))
def test_taking_up_words_never_changes_the_identity(answer: str, taken: list[str]) -> None:
    before = marked(EARLIER_IDENTITY, talk(f"{answer}."))
    assert marked(EARLIER_IDENTITY, talk(f"{answer}. {' '.join(taken)}.")) == before
