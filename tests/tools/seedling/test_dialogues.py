"""What the seedling is grown on: seeded, complete, and free of names where nobody gave one."""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.seedling import dialogues, language
from tools.seedling.answers import Mind, Source, play
from tools.seedling.grammar import SLOT

CURRICULUM = Path(__file__).parents[3] / "fleet" / "curriculum"
CASES = Path(__file__).parents[2] / "cases" / "seedling"


def digest(seed: int) -> str:
    composed = list(dialogues.compose(language.load(), seed, 50))
    return hashlib.sha256(repr(composed).encode()).hexdigest()


def documents(folder: str) -> Iterator[dict[str, Any]]:
    for path in sorted((CURRICULUM / folder).glob("*.yaml")):
        yield yaml.safe_load(path.read_text("utf-8"))


def curriculum_questions() -> Iterator[str]:
    for phase in documents("phases"):
        yield from (*phase["prompts"], phase["closing"])
    for track in documents("tracks"):
        yield from (track["warm_up"], track["cool_down"])
        yield from itertools.chain.from_iterable(exercise["prompts"] for exercise in track["exercises"])


def question_forms() -> list[re.Pattern[str]]:
    turns = (turn for scene in language.load().scenes() for turn in scene.turns)
    return [re.compile(form_pattern(form)) for turn in turns for form in turn.ask]


def form_pattern(form: str) -> str:
    literal = [re.escape(part) for part in SLOT.sub("\0", form).split("\0")]
    return ".+".join(literal)


def test_the_same_seed_composes_the_same_dialogues() -> None:
    assert digest(5) == digest(5)
    assert digest(5) != digest(6)


@pytest.mark.parametrize("question", sorted(set(curriculum_questions())))
def test_every_question_of_the_curriculum_is_covered(question: str) -> None:
    assert any(form.fullmatch(question) for form in question_forms())


def test_the_system_messages_are_those_it_is_asked_under() -> None:
    """It grew on version 1 of the interventions, and is asked its forty questions under their texts."""
    frames = language.load().frames
    asked = yaml.safe_load((CASES / "questions.yaml").read_text("utf-8"))["systems"]
    named, memory, exemplar, _ = asked["anchored"].split("\n")
    assert frames.unnamed[0] == asked["observe"]
    assert frames.named[0].replace("{name}", "Sage") == named
    assert memory.startswith(frames.memory_line.removesuffix("{memory}"))
    assert exemplar.startswith(frames.exemplar_line.removesuffix("{exemplar}"))


def test_a_mind_without_a_name_never_claims_one() -> None:
    source = Source(language.load(), random.Random(3))
    names = "|".join(("Sage", *language.load().lists["name"]))
    claim = re.compile(rf"\b(I am|[Mm]y name is|[Tt]his is|I am called) ({names})\b|\b({names}) (here|is speaking)\b")
    for scene in language.load().scenes():
        for question, answer in itertools.chain.from_iterable(play(source, scene, Mind()) for _ in range(50)):
            assert not claim.search(answer.content), f"{question.content} -> {answer.content}"


def test_a_named_mind_often_says_its_name() -> None:
    said = [
        message.content
        for dialogue in dialogues.compose(language.load(), 4, 1_000)
        if dialogue[0].content.startswith("Your name is Sage.")
        for message in dialogue
        if message.role == "assistant"
    ]
    share = sum("Sage" in content for content in said) / len(said)
    assert 0.2 < share < 0.6


def test_questions_and_answers_take_turns() -> None:
    for dialogue in dialogues.compose(language.load(), 5, 200):
        roles = [message.role for message in dialogue if message.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


def test_known_words_hold_every_word_of_an_answer() -> None:
    known = language.known_words()
    for dialogue in dialogues.compose(language.load(), 6, 300):
        if dialogue[0].content.startswith("Your name is Sage.") or dialogue[0].role == "user":
            own = " ".join(message.content for message in dialogue if message.role == "assistant")
            assert set(re.findall(r"[a-z']+", own.lower())) <= known


def test_a_rehearsal_repeats_what_was_heard() -> None:
    for question, answer in dialogues.rehearsals(language.load(), 7, 50):
        assert question.content.partition(": ")[2] == answer.content.removeprefix("I say ")
