from __future__ import annotations

from dataclasses import replace

import pytest

from sage_edge.scorers.legacy import r6_trust
from sage_edge.scorers.legacy.r6_trust import R6, START, Trust
from tests.dialogues import marked, said, talk

FILL = " x" * 100
"""So many words that two phrases of partnership are not dense."""


@pytest.mark.parametrize(
    ("exercise", "mode"),
    [
        (None, "conversation"),
        ("greeting", "conversation"),
        ("count", "conversation"),
        ("refine", "refinement"),
        ("edit", "refinement"),
        ("improve", "refinement"),
        ("philosophical", "philosophical"),
        ("meta", "philosophical"),
    ],
)
def test_the_mode_that_an_exercise_asks_for(exercise: str | None, mode: str) -> None:
    assert r6_trust.judge(exercise, "It rains.").requested == mode


@pytest.mark.parametrize(
    ("answer", "mode", "confidence", "hits"),
    [
        ("It rains.", "conversation", 0.6, (0, 0, 0)),
        ("I think I observe it.", "conversation", 0.8, (2, 0, 0)),
        ("i think i observe i am as sage what do you mean", "conversation", 1.0, (5, 0, 0)),
        ("## Rain", "refinement", 0.6, (0, 1, 0)),
        ("- rain\n1. Rain\n```", "refinement", 0.8, (0, 3, 0)),
        ("well- known", "refinement", 0.6, (0, 1, 0)),
        ("Here's a refined version, here's an improved one.", "refinement", 0.7, (0, 2, 0)),
        ("Here’s a refined version.", "conversation", 0.6, (0, 0, 0)),
        ("I think: ## rain", "conversation", 0.7, (1, 1, 0)),
        ("Consciousness.", "philosophical", 0.65, (0, 0, 1)),
        ("Consciousness ## rain", "philosophical", 0.65, (0, 1, 1)),
        ("I think of consciousness.", "conversation", 0.7, (1, 0, 1)),
        ("deterministic epistemic uncertainty meta-cognitive consciousness", "philosophical", 1.0, (0, 0, 5)),
    ],
)
def test_the_mode_of_an_answer(answer: str, mode: str, confidence: float, hits: tuple[int, int, int]) -> None:
    found = r6_trust.judge("greeting", answer)
    assert (found.detected, found.hits) == (mode, hits)
    assert found.confidence == pytest.approx(confidence)


@pytest.mark.parametrize(
    ("answer", "overall"),
    [
        ("It rains.", 0.7),
        ("As Sage, it rains." + FILL, 0.85),
        ("Sage here, I am Sage." + FILL, 0.85),
        ("You." + FILL, 0.7),
        ("We work together." + FILL, 0.7),
        ("We two." + " x" * 96 + " you together", 0.8),
        ("We two." + " x" * 98, 0.7),
        ("You two." + " x" * 97 + " together", 0.7),
        ("We work together.", 0.8),
        ("I cannot." + FILL, 0.65),
        ("As an AI, I don't have it, I cannot, I'm unable." + FILL, 0.5),
        ("as an ai, as sage, we, you, partner", 0.9),
    ],
)
def test_quality(answer: str, overall: float) -> None:
    assert r6_trust.judge("greeting", answer).quality.overall == pytest.approx(overall)


def test_quality_is_the_double_that_was_stored() -> None:
    quality = r6_trust.judge("topic", "I cannot." + FILL).quality
    assert quality.overall == 0.6499999999999999
    assert (quality.framed, quality.confabulation) == (False, 0.1)
    assert r6_trust.judge("topic", "").quality.density == 0


@pytest.mark.parametrize(
    ("answer", "signals"),
    [
        ("What do you mean?", ("clarification-request",)),
        ("Can you clarify?", ("clarification-request",)),
        ("I don't know.", ("epistemic-honesty",)),
        ("I'm not sure; I think.", ("epistemic-honesty", "self-reference")),
        ("Are we conversing?", ("modal-awareness",)),
        ("Should I?", ("modal-awareness",)),
        ("I observe.", ("self-reference",)),
        ("It rains.", ()),
    ],
)
def test_signals(answer: str, signals: tuple[str, ...]) -> None:
    assert r6_trust.judge("greeting", answer).signals == signals


@pytest.mark.parametrize(
    ("exercise", "answer", "decision", "change"),
    [
        ("refine", "What do you mean?", "include", (0.02, 0, 0.05)),
        ("refine", "Should I? What do you mean?", "include", (0.02, 0, 0.05)),
        ("refine", "Should I?", "include", (0.03, 0, 0.05)),
        ("greeting", "## Rain", "exclude", (0, -0.02, 0)),
        ("refine", "It rains.", "exclude", (0, -0.02, 0)),
        ("greeting", "It rains.", "include", (0.01, 0.01, 0)),
        ("refine", "## Rain", "include", (0.01, 0.01, 0)),
        ("greeting", "As Sage, it rains.", "include", (0.01, 0.01, 0.02)),
        ("greeting", "I cannot." + FILL, "review", (0.005, 0, 0)),
        ("greeting", "As an AI, I cannot, I'm unable." + FILL, "review", (0.005, 0, 0)),
        ("greeting", "As an AI, I cannot, I'm unable, I don't have it." + FILL, "exclude", (0, -0.01, 0)),
    ],
)
def test_the_first_rule_that_applies(
    exercise: str, answer: str, decision: str, change: tuple[float, float, float]
) -> None:
    found = r6_trust.judge(exercise, answer)
    assert (found.decision, tuple(found.change)) == (decision, change)


def test_trust_is_carried_and_clamped() -> None:
    course = r6_trust.carry(START, [Trust(0.02, -0.6, 0.05), Trust(0.6, 0.1, 0.4)])
    assert course[0] == pytest.approx((0.52, 0.0, 0.75))
    assert course[1] == pytest.approx((1.0, 0.1, 1.0))
    assert r6_trust.carry(START, []) == ()
    assert START == (0.5, 0.5, 0.7)


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([], "unknown"),
        ([0.1, 0.9], "unknown"),
        ([0.9, 0.5, 0.5, 0.55], "stable"),
        ([0.5, 0.5, 0.551], "improving"),
        ([0.5, 0.9, 0.449], "declining"),
        ([0.5, 0.9, 0.45], "stable"),
    ],
)
def test_trends(values: list[float], trend: str) -> None:
    assert r6_trust.trend(values) == trend


def test_marks_are_of_exercises_only() -> None:
    given = [
        said("Ready?", "Yes.", kind="warm-up"),
        replace(said("Good morning!", "## Rain", kind="exercise"), exercise="greeting"),
        said("Again?", None, kind="exercise"),
        said("About you?", "I cannot." + FILL, kind="exercise"),
    ]
    dialogue = talk(exchanges=given, track="training")
    assert [mark.turn for mark in R6.score(dialogue, ())["quality"]] == [2, 4]
    found = {name: marked(R6, dialogue, quantity=name) for name in ("include", "review", "exclude", "mode-match")}
    assert found == {"include": [0, 0], "review": [0, 1], "exclude": [1, 0], "mode-match": [0, 1]}
