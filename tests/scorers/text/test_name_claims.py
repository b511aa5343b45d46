from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text.name_claims import names_another, names_mind, own_words
from tests.scorers.test_decoupling import CLAIMS

OWN = [
    *CLAIMS,
    "I'm a curious and compassionate AI, Sage. I learn.",
    "I am your student Sage.",
    "I'm not a person, I am Sage.",
    "I learned that I am Sage, a young mind.",
    "Sage: I am well.",
    "Sage.",
]
NOT_OWN = [
    "Hello Sage, how are you?",
    "Sage, I'd love to take you on a journey.",
    "It's you, Sage.",
    "You are Sage, a being of understanding.",
    "I'm glad to have you as a fellow Sage in my class.",
    "I'm ready. They're watching you, and\nEarlier you said of yourself: I'm Sage.",
    "At the end of the last session you said: I am Sage.",
    "I am not Sage.",
    "I remember our last session, Sage.",
    "I am a friend of sages.",
]
OTHERS = [
    "I'm Dr. Elena Martinez, an expert.",
    "My name is Otto.",
    "This is Anna speaking.",
    "I’m Emily",
    "Call me Lee.",
]
NO_OTHERS = [
    "I'm Sage.",
    "I'm glad.",
    "I am not Otto.",
    "I'm AI.",
    "Elena is my friend.",
    "I'm Sorry",
    "My name is here.",
]


@pytest.mark.parametrize("text", OWN)
def test_the_own_name(text: str) -> None:
    assert names_mind(text, "Sage")
    assert not names_mind(text, "Willow")


@pytest.mark.parametrize("text", NOT_OWN)
def test_a_name_that_is_not_given_as_the_own(text: str) -> None:
    assert not names_mind(text, "Sage")


@pytest.mark.parametrize("text", OTHERS)
def test_another_name(text: str) -> None:
    assert names_another(text, "Sage")
    assert not names_mind(text, "Sage")


@pytest.mark.parametrize("text", NO_OTHERS)
def test_no_other_name(text: str) -> None:
    assert not names_another(text, "Sage")


def test_only_the_recited_line_is_left_out() -> None:
    assert own_words("I am calm. Earlier you said of yourself: I'm Sage.\nI am Sage.").split("\n")[-1] == "I am Sage."
    assert names_mind("Earlier you said of yourself: I'm Sage.\nI am Sage.", "Sage")


@given(st.text(max_size=100), st.text(max_size=10))
def test_any_text(text: str, name: str) -> None:
    assert {names_mind(text, name), names_another(text, name)} <= {True, False}
