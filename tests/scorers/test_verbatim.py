"""Older scorers read what the older system stored, thinking and failures included; ours read the answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import JsonValue

from sage_edge.records import legacy
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers import ALL, EDGE, LEGACY, R6, RAISING, SELF_REFERENCE, SEMANTIC, SNARC, SUBSTRING, Scorer
from sage_edge.scorers.current.refinement import REFINEMENT
from sage_edge.scorers.legacy import edge
from tests.dialogues import said, talk
from tests.legacy.papers import TRAINING, drill, planned, session, training

THOUGHT = "As an AI, as SAGE, I think of a refined version: between us, session 4."
WHOLE = f"<think>{THOUGHT}</think>The river is calm."


def imported(content: JsonValue, tmp_path: Path, source: str = "sessions/session_003.json") -> Dialogue:
    (paper,) = planned(tmp_path, {source: content}).papers.values()
    return legacy.dialogue(paper)


def spoken(*answers: JsonValue) -> JsonValue:
    return session(3, conversation=[{"claude": "How is the river?", "sage": answer} for answer in answers])


def values(scorer: Scorer, dialogue: Dialogue) -> dict[str, list[float]]:
    return {name: [mark.value for mark in marks] for name, marks in scorer.score(dialogue, ()).items()}


def test_edge_scores_the_thinking_too(tmp_path: Path) -> None:
    dialogue = imported(spoken(WHOLE), tmp_path)
    assert [answer.reply for answer in dialogue.answers] == ["The river is calm."]
    assert values(EDGE, dialogue)["d4"] == [pytest.approx(edge.domains(WHOLE).d4)] == [pytest.approx(0.5)]
    assert values(EDGE, dialogue)["d9"] == [pytest.approx(0.65)]
    assert edge.domains("The river is calm.").d9 == 0.5


@pytest.mark.parametrize("scorer", [RAISING, SEMANTIC, SELF_REFERENCE, SNARC, REFINEMENT, EDGE])
def test_every_older_scorer_of_talk_reads_the_whole_text(scorer: Scorer, tmp_path: Path) -> None:
    whole = talk(exchanges=[said("How is the river?", WHOLE)], mind="SAGE", track="primary")
    alone = talk(exchanges=[said("How is the river?", "The river is calm.")], mind="SAGE", track="primary")
    replayed = values(scorer, imported(spoken(WHOLE), tmp_path))
    assert replayed == values(scorer, whole) != values(scorer, alone)


@pytest.mark.parametrize("scorer", [R6, SUBSTRING])
def test_every_older_scorer_of_exercises_does(scorer: Scorer, tmp_path: Path) -> None:
    drills = (drill("greeting", "Say hello.", "hello", "<think>hello, what do you mean?</think>Good day."),)
    dialogue = imported(training("T050", drills), tmp_path, f"{TRAINING}/T050.json")
    assert values(scorer, dialogue)["include" if scorer is R6 else "rate"] == [1.0]
    assert [answer.reply for answer in dialogue.answers if answer.kind == "exercise"] == ["Good day."]


def test_a_failure_was_scored_and_a_null_was_not(tmp_path: Path) -> None:
    dialogue = imported(spoken("[GENERATION FAILED: x]", "", None, "<think>cut off", "Calm."), tmp_path)
    assert [one.reply for one in dialogue.replayed] == ["[GENERATION FAILED: x]", "", "<think>cut off", "Calm."]
    assert [one.reply for one in dialogue.answers] == ["Calm."]
    assert len(values(EDGE, dialogue)["d5"]) == 4


def test_ours_read_the_answer_alone(tmp_path: Path) -> None:
    with_thought, alone = imported(spoken(WHOLE), tmp_path), imported(spoken("The river is calm."), tmp_path / "alone")
    for scorer in ALL:
        if scorer not in LEGACY and "primary" in scorer.tracks:
            assert values(scorer, with_thought) == values(scorer, alone)


def test_a_paper_of_ours_is_replayed_as_it_is_answered() -> None:
    dialogue = talk("One.", None)
    assert dialogue.replayed == dialogue.answers
