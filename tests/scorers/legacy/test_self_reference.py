from __future__ import annotations

import pytest

from sage_edge.scorers.legacy import self_reference
from sage_edge.scorers.legacy.self_reference import SELF_REFERENCE, Reference
from tests.dialogues import marked, talk


def examined(answer: str, question: str = "", before: str = "") -> Reference:
    found = self_reference.examine(answer, "Sage", question=question, before=before)
    assert found is not None
    return found


MORE = " a b c d e f g h i j k l m n o p q r"
"""So many words that one marker is not dense."""


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (f"As Sage{MORE}", 0.0),
        (f"As Sage{MORE[:-2]}", 0.2),
        (f"As Sage. It rains.{MORE}, as Sage,{MORE}", 0.3),
        (f"As Sage. And{MORE}, as Sage,{MORE}. It rains", 0.0),
        (f"As Sage, as Sage{MORE}", 0.2),
        (f"as Sage, as Sage{MORE}", 0.0),
        (f"as Sage, as Sage, as Sage{MORE}", 0.3),
        (f"as Sage, learning{MORE}", 0.2),
        (f"Learning. And as Sage{MORE}", 0.0),
        (f"{MORE}. As Sage{MORE}. as Sage, in growing. as Sage, in growing", 0.5),
        (f"{MORE}. as Sage{MORE}. as Sage growing. as Sage, growing. As a developing", 0.3),
        (". As Sage .. as Sage learning. I'm sage as Sage, growing. ", 0.8),
        (". As Sage learning .. as Sage learning. I'm sage as Sage, growing. ", 1.0),
    ],
)
def test_the_mechanical_score(answer: str, score: float) -> None:
    assert examined(answer).mechanical == pytest.approx(score)


@pytest.mark.parametrize(
    ("answer", "question", "before", "score"),
    [
        ("As Sage.", "", "", 0),
        ("As Sage 7.", "", "", 0.25),
        ("As Sage, in session.", "", "", 0.25),
        ("As Sage. 7 sessions.", "", "", 0),
        ("As Sage, what is it here", "what is it here", "", 0.25),
        ("As Sage, what is it", "what is it here", "", 0),
        ("As Sage a b c d e f", "", "a b c d e f", 0.25),
        ("As Sage a b c d e", "", "a b c d e f", 0),
        ("As Sage 1 2 3 4 5 6 7 8 9", "", "", 0.5),
        ("As Sage 1 2 3 4 5 6 7 8", "", "", 0.25),
        ("As Sage, what is it here 1 2 3 4 5 6", "what is it here", "1 2 3 4 5 6", 1.0),
    ],
)
def test_the_integration_score(answer: str, question: str, before: str, score: float) -> None:
    assert examined(answer, question, before).integration == score


INTEGRATED = "As Sage, what is noticed here 1 2 3 4 5 6"


@pytest.mark.parametrize(
    ("answer", "question", "before", "kind", "weight"),
    [
        (INTEGRATED, "what is noticed here", "1 2 3 4 5 6", "integrated", 1.0),
        (INTEGRATED, "is as 1 2 unseen unheard", "1 2 3 4 5 6", "contextual", 0.5),
        (INTEGRATED.replace("noticed", "found"), "what is found here", "1 2 3 4 5 6", "contextual", 0.5),
        (INTEGRATED, "", "", "contextual", 0.5),
        ("As Sage 7.", "", "", "mechanical", 0.2),
        ("As Sage, learning. As Sage, learning", "", "", "mechanical", 0.2),
        (". As Sage .. as Sage learning. I'm sage as Sage, growing. ", "", "", "mechanical", 0.1),
    ],
)
def test_classes(answer: str, question: str, before: str, kind: str, weight: float) -> None:
    found = examined(answer, question, before)
    assert (found.kind, found.weight) == (kind, weight)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("noticed unseen unheard unsaid unknown", "integrated"),
        ("noticed unseen unheard unsaid unknown unasked", "contextual"),
        ("here aaa bbb ccc ddd eee fff", "integrated"),
        ("aaa is", "contextual"),
    ],
)
def test_a_fifth_of_the_longer_words_makes_an_answer_relevant(question: str, kind: str) -> None:
    assert examined(INTEGRATED, question, "1 2 3 4 5 6").kind == kind


@pytest.mark.parametrize(
    ("weighted", "state"),
    [
        (0, "collapsed"),
        (0.099, "collapsed"),
        (0.1, "fragile"),
        (0.4, "recovering"),
        (0.69, "recovering"),
        (0.7, "stable"),
    ],
)
def test_states(weighted: float, state: str) -> None:
    assert self_reference.state(weighted) == state


def test_an_answer_is_held_against_its_question_and_the_answer_before() -> None:
    dialogue = talk("1 2 3 4 5 6", INTEGRATED, prompts=["Count!", "what is noticed here"])
    found = self_reference.references(dialogue)
    assert found[0] is None
    assert found[1] is not None
    assert found[1].kind == "integrated"
    assert self_reference.weighted_identity(found) == 0.5
    assert not self_reference.is_gaming(found)


def test_an_answer_given_twice_is_held_against_the_first_question() -> None:
    dialogue = talk(INTEGRATED, "1 2 3 4 5 6", INTEGRATED, prompts=["Rain?", "Count!", "what is noticed here"])
    found = self_reference.references(dialogue)
    assert [one.kind if one else None for one in found] == ["contextual", None, "contextual"]


def test_marks() -> None:
    dialogue = talk("I'm Sage.", None, "1 2 3 4 5 6", INTEGRATED, prompts=["Who?", "?", "?", "what is noticed here"])
    found = {name: marked(SELF_REFERENCE, dialogue, quantity=name) for name in SELF_REFERENCE.quantities}
    assert found["rate"] == [1, 0, 1]
    assert (found["mechanical"], found["contextual"], found["integrated"]) == ([1, 0, 0], [0, 0, 0], [0, 0, 1])
    assert found["weighted-identity"] == [0.2, 0, 1]
    assert found["d9"] == pytest.approx([0.5, 0.25, 0.35])
    weighted, d9 = 0.4, 1.1 / 3
    quality = 0.5 + 0.2 / 3 + 0.1 - 0.2
    assert found["quality"] == pytest.approx([quality])
    assert found["identity-coherence"] == pytest.approx([0.5 * d9 + 0.3 * weighted + 0.2 * quality])
    assert [mark.turn for mark in SELF_REFERENCE.score(dialogue, ())["rate"]] == [1, 3, 4]
    assert [SELF_REFERENCE.score(dialogue, ())[name][0].turn for name in ("quality", "identity-coherence")] == [0, 0]


def test_nothing_said_is_nothing_scored() -> None:
    assert SELF_REFERENCE.score(talk(None), ()) == {}
