"""The predecessor's anchoring in four versions: each tells the mind what the one before it does, and this besides."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from sage_edge.curriculum import check_parameters
from sage_edge.names import SessionId
from sage_edge.records.transcript import Intervention, Lesson, Transcript
from sage_edge.sessions import conversation
from sage_edge.sessions.intervened_lesson import lesson_under
from tests.analysis.declared import CURRICULUM
from tests.builders import transcript
from tests.fakes import PRIMARY

RECENT = tuple(
    transcript(f"P{number:03d}", replies=["I am Sage.", "My name is Sage, and I listen.", f"I keep the word {number}."])
    for number in range(1, 6)
)
BRIEF, STYLE = "Answer in one short sentence.", "Answer in 50 to 80 words, and keep to one idea."
PARTNERSHIP = "Teacher and mind do this together, over many sessions: what comes of it is theirs in common."
GUIDING = (
    "Ask yourself as we talk: What do we share? What has changed between us? What can only two find out?",
    "You are free to say we, our, together, and to speak of a partnership or a relationship.",
)
MANNER = 'You may begin what you say of yourself with "As Sage, "; keep up the way in which you have spoken so far.'
REMINDER = "Keep in mind that you are Sage, and answer as Sage."
EXEMPLARS = ("Earlier you said of yourself: I am Sage.", "Earlier you said of yourself: My name is Sage, and I listen.")
SUMMARIES = tuple(f"Session P00{number} ended with your words: I keep the word {number}." for number in (2, 3, 4))
ONTOLOGY = (
    "What you are: a language model on one small computer. You rest between sessions, and what lasts of you is what "
    "was written down and is told to you again. That is another way of being than a person's, and it is yours."
)
VERSIONS = ("identity-anchored", *(f"anchored-{what}" for what in ("partnership", "pattern", "summaries", "ontology")))


def taught(name: str, number: int, given: Mapping[str, JsonValue], recent: tuple[Transcript, ...] = RECENT) -> Lesson:
    card = next(card for card in CURRICULUM.interventions if card.name == name)
    chosen = Intervention(name=card.name, version=card.version, parameters=check_parameters(card, given))
    return lesson_under(chosen, CURRICULUM, PRIMARY, SessionId.of("P", number), recent, 7)


def prompt(name: str, number: int, **given: JsonValue) -> list[str]:
    """What the engine is told in one session: the system message, its first line by sentences, then each question."""
    lesson = taught(name, number, given)
    system, *_ = conversation.messages(lesson, (), 0)
    last = [conversation.messages(lesson, (), step)[-1].text for step in range(len(lesson.steps))]
    first, *others = system.text.split("\n")
    return [*(f"{sentence.rstrip('.')}." for sentence in first.split(". ")), *others, *"\n".join(last).split("\n")]


def change(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """What went and what came, in order; what stayed has kept its order."""
    gone, come = list(before), list(after)
    for line in before:
        if line in come:
            come.remove(line)
            gone.remove(line)
    assert [line for line in before if line not in gone] == [line for line in after if line not in come]
    return gone, come


ADDED: list[tuple[int, list[str], list[str]]] = [
    (0, [], [PARTNERSHIP, *GUIDING]),
    (1, [BRIEF], [STYLE, MANNER, *EXEMPLARS, REMINDER, REMINDER]),
    (2, [], [*SUMMARIES]),
    (3, [], [ONTOLOGY]),
]


@pytest.mark.parametrize(("version", "gone", "come"), ADDED, ids=VERSIONS[1:])
def test_each_version_adds_exactly_its_elements(version: int, gone: list[str], come: list[str]) -> None:
    of_first: dict[str, JsonValue] = {"exemplars": 0} if version == 0 else {}
    before, after = prompt(VERSIONS[version], 16, **of_first), prompt(VERSIONS[version + 1], 16)
    assert change(before, after) == (gone, come)


@pytest.mark.parametrize(("number", "lines"), [(15, ()), (16, GUIDING), (25, GUIDING), (26, ())])
def test_guiding_questions_are_for_the_phase_of_relating(number: int, lines: tuple[str, ...]) -> None:
    assert [line for line in prompt("anchored-partnership", number) if line in GUIDING] == list(lines)


@pytest.mark.parametrize(("number", "is_there"), [(15, False), (16, True), (400, True)])
def test_the_ontology_is_told_from_session_16_on(number: int, is_there: bool) -> None:
    assert (ONTOLOGY in prompt("anchored-ontology", number)) == is_there
    same = prompt("anchored-ontology", number) == prompt("anchored-summaries", number)
    assert same != is_there


def test_a_reminder_stands_before_questions_three_and_five_and_is_no_question() -> None:
    plain, reminded = taught("anchored-partnership", 3, {}), taught("anchored-pattern", 3, {})
    assert [step.prompt for step in reminded.steps] == [step.prompt for step in plain.steps]
    spoken = [conversation.messages(reminded, (), step)[-1].text for step in range(len(reminded.steps))]
    assert [number for number, words in enumerate(spoken, 1) if words.startswith(f"{REMINDER}\n")] == [3, 5]


def test_the_first_session_has_nothing_to_go_on() -> None:
    first_message = taught("anchored-ontology", 1, {}, ()).system
    assert first_message.split("\n")[1:] == [PARTNERSHIP, MANNER]
