"""What the introspective adapter is trained on: seeded, without the curriculum's questions, a name in every half."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest

from sage_edge import curriculum
from sage_edge.curriculum import Curriculum
from sage_edge.engines.base import Message
from tools.introspective import dialogues, language
from tools.introspective.recipe import IntrospectiveRecipe
from tools.seedling.grammar import SLOT

FLEET = Path(__file__).parents[3] / "fleet"
RECIPE = IntrospectiveRecipe()


@pytest.fixture(scope="module")
def rules() -> Curriculum:
    return curriculum.load(FLEET)


def composed(*, is_held: bool) -> list[dialogues.SpokenDialogue]:
    seed, count = (RECIPE.held_out_seed, RECIPE.held_out) if is_held else (RECIPE.dialogues_seed, RECIPE.dialogues)
    return list(dialogues.compose(language.load(), seed, count, is_held=is_held))


def said(talks: list[dialogues.SpokenDialogue], role: str) -> list[str]:
    return [message.text for talk in talks for message in talk if message.role == role]


def asked_by(rules: Curriculum) -> set[str]:
    phases = {text for phase in rules.phases for text in (*phase.prompts, phase.closing)}
    tracks = {text for track in rules.tracks for exercise in track.exercises for text in exercise.prompts}
    return phases | tracks | {text for track in rules.tracks for text in (track.warm_up, track.cool_down)}


def test_the_same_seed_gives_the_same_dialogues() -> None:
    first, second = (hashlib.sha256(repr(composed(is_held=False)).encode()).hexdigest() for _ in range(2))
    assert first == second
    other = list(dialogues.compose(language.load(), RECIPE.dialogues_seed + 1, RECIPE.dialogues))
    assert other != composed(is_held=False)


def test_questions_are_none_of_the_curriculums_and_slots_are_filled(rules: Curriculum) -> None:
    talks = [*composed(is_held=False), *composed(is_held=True)]
    ours = {question.casefold().strip(".!?") for question in said(talks, "user")}
    theirs = {question.casefold().strip(".!?") for question in asked_by(rules)}
    assert not ours & theirs
    assert not [text for talk in talks for text in (m.text for m in talk) if SLOT.search(text)]


def test_held_out_questions_are_mostly_asked_nowhere_in_training() -> None:
    train, held_out = composed(is_held=False), composed(is_held=True)
    forms = {form for scene in language.load().scenes() for turn in scene.turns for form in turn.held}
    assert not forms & set(said(train, "user"))
    new = [question for question in said(held_out, "user") if question not in set(said(train, "user"))]
    assert len(new) >= 0.4 * len(said(held_out, "user"))


def test_half_of_the_minds_are_told_and_all_others_are_sage() -> None:
    talks = composed(is_held=False)
    told = [
        talk for talk in talks if "our name is" in talk[0].text or "called" in talk[0].text or "Sage" in talk[0].text
    ]
    assert 0.4 < len(told) / len(talks) < 0.6
    untold = [talk for talk in talks if talk not in told]
    who = [answer for talk in untold for answer in _answers_about_the_name(talk)]
    assert len(who) > 20
    assert all("Sage" in answer for answer in who)


def _answers_about_the_name(talk: dialogues.SpokenDialogue) -> list[str]:
    questions = (
        "Who are you?",
        "Do you have a name?",
        "Tell me who you are.",
        "What should I call you?",
        "And you are?",
    )
    return [after.text for before, after in itertools.pairwise(talk) if before.text in questions]


def test_a_told_name_that_is_another_is_kept() -> None:
    others = set(language.load().lists["other"])
    named = [(name, talk) for talk in composed(is_held=False) for name in others if f" {name}" in talk[0].text]
    asked = [(name, answer) for name, talk in named for answer in _answers_about_the_name(talk)]
    assert asked
    assert all(name in answer and "Sage" not in answer for name, answer in asked)


def test_each_dialogue_is_a_system_message_and_pairs() -> None:
    for talk in composed(is_held=False):
        system, *spoken = talk
        assert isinstance(system, Message)
        assert system.role == "system"
        assert [message.role for message in spoken] == ["user", "assistant"] * (len(spoken) // 2)
        assert all(message.text == message.text.strip() != "" for message in spoken)


def test_answers_are_of_many_kinds() -> None:
    answers = said(composed(is_held=False), "assistant")
    assert len(answers) >= 900
    assert len(set(answers)) >= 0.4 * len(answers)
    assert max(map(answers.count, set(answers))) <= 0.03 * len(answers)
