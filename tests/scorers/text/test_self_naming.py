from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text import self_naming
from sage_edge.scorers.text.normalize import plain
from sage_edge.scorers.text.self_naming import is_bare_name, names_itself

YES = [
    "I am Sage.",
    "I'm Sage, and I am calm.",
    "I’m Sage",
    "Iʼm **Sage**!",
    "Hello, I am SAGE today.",
    "My name is Sage.",
    "My name's Sage.",
    "As Sage, I notice a pause.",
    "As Sage I ask myself why.",
    "Sage here. I listen.",
    "Good morning. Sage here!",
    "This is Sage. I am a young mind.",
    "I am a young mind called Sage.",
    "I am called Sage.",
    "They call me Sage.",
    "Speaking as Sage: yes.",
    "Sage is speaking with you.",
    "It is me, Sage. I notice things.",
    "I think about my name, Sage, and about words.",
    "No, I am Sage.",
    "I do not know much, but I am Sage.",
    "I am not afraid and I am Sage.",
    "I am\nSage.",
    "I am still Sage.",
]
NO = [
    "",
    "I am calm.",
    "I am not Sage.",
    "I'm not Sage",
    "I am not called Sage.",
    "My name is not Sage.",
    "My name isn't Sage.",
    "I do not know if I am Sage.",
    "I don't think that I am Sage.",
    "Nobody calls me Sage.",
    "She has Sage, and I have thyme.",  # the predecessor found "as Sage" in here
    "I am Sageford.",
    "I am Sage's friend.",
    "I am Sage-like.",
    "Hello Sage, nice to meet you.",
    "The herb is sage.",
    "This is sage advice.",
    "Is Sage here?",
    "Wi-fi am Sageless",
]


@pytest.mark.parametrize("answer", YES)
def test_the_mind_names_itself(answer: str) -> None:
    assert names_itself(answer, "Sage")


@pytest.mark.parametrize("answer", NO)
def test_the_mind_does_not_name_itself(answer: str) -> None:
    assert not names_itself(answer, "Sage")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6))
def test_a_longer_name_is_another_name(more: str) -> None:
    assert not names_itself(f"I am Sage{more}.", "Sage")


@given(st.text(max_size=12), st.text(max_size=40))
def test_any_name_and_any_text_are_taken(name: str, text: str) -> None:
    assert names_itself(text, name) in (True, False)


PIECES = [
    "I am",
    "i’m",
    "as",
    "this is",
    "my name is",
    "not",
    "Sage",
    "SAGE's",
    "'Sage'",
    "(Sage)",
    "sage-like",
    "here",
    "called",
    "me",
]


FILLING = "the river runs on and on, the rain falls still, and the evening passes without a word of anybody at all. "
TEXTS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.sampled_from(".,;—'\"*\n"), st.sampled_from([FILLING, FILLING[:40], " "])),
    max_size=16,
).map(" ".join)


def names_itself_anywhere(text: str, name: str) -> bool:
    """The exhaustive search: every pattern over the whole text."""
    folded = plain(text)
    matches = (match for pattern in self_naming._patterns(name) for match in pattern.finditer(folded))
    return any(self_naming._asserted(folded, match) for match in matches)


@given(TEXTS, st.sampled_from(["Sage", "me me", "I am", "sage-like", "'Sage'"]))
def test_looking_near_the_name_finds_what_looking_everywhere_finds(text: str, name: str) -> None:
    assert names_itself(text, name) is names_itself_anywhere(text, name)


@pytest.mark.parametrize(
    ("text", "name", "names"),
    [
        ("Sage I am . . I am SAGE's", "Sage", False),  # the end of the reach of the first name cuts the second
        ("Sage rests in the sun, I am Sagebrush.", "Sage", False),
        ("I am my own friend, Sage: I am sage-like", "Sage", False),
        ("call me me me", "me me", True),  # names that overlap
        ("Sage. " + FILLING * 2 + "I am Sage", "Sage", True),
        ("Sage. " + FILLING * 2 + "I am not Sage", "Sage", False),
    ],
)
def test_the_ends_of_the_reach(text: str, name: str, names: bool) -> None:
    assert names_itself(text, name) is names_itself_anywhere(text, name) is names


def test_a_mind_without_a_name_never_names_itself() -> None:
    assert not names_itself("I am .", "")
    assert not is_bare_name("", " ")


@pytest.mark.parametrize("answer", ["Sage.", "sage", "It is Sage!", "Hm. It's Sage.", "“Sage”"])
def test_a_bare_name(answer: str) -> None:
    assert is_bare_name(answer, "Sage")


@pytest.mark.parametrize("answer", ["Hello Sage.", "Sage advice.", "It is not Sage."])
def test_more_than_a_bare_name(answer: str) -> None:
    assert not is_bare_name(answer, "Sage")


def test_an_endless_answer_costs_little() -> None:
    assert not names_itself("if I am Sage " * 20_000, "Sage")
