"""Legacy §6.4, §6.5 and the exercises of §6.7, replayed: what passed, what was included, and whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest
from pydantic import JsonValue

from sage_edge.records.dialogue import Exchange
from sage_edge.scorers import EARLIER_TRAINING_STRICT, REFINEMENT
from sage_edge.scorers.legacy import r6_trust
from sage_edge.scorers.legacy.r6_trust import R6, START, Trust
from sage_edge.scorers.text import substring
from sage_edge.scorers.text.substring import SUBSTRING
from tests.scorers.older_sessions import exercises, sessions

STORED = "4 5 3 2 2 5 5 4 4 5 1 3 4 5 4 5 4 5 4 5 1 2 3 2 2 1 3 1 4"
STRICT = "3 5 2 2 2 4 4 4 4 3 1 3 4 5 4 5 4 4 3 5 1 1 1 1 1 1 1 1 1"
DECISIONS = "RIE III EEI IRI IIE III III III III III EIE EII REI EEI EII III"
LETTERS = {"include": "I", "review": "R", "exclude": "E"}
TRUST = {49: (0.515, 0.490, 0.700), 50: (0.545, 0.520, 0.700), 56: (0.690, 0.600, 0.720), 60: (0.780, 0.630, 0.720)}
LAST_TRUST = (0.855, 0.620, 0.720)


def evaluation(one: Exchange, key: str = "evaluation") -> Mapping[str, JsonValue]:
    assert one.stored is not None
    return cast("Mapping[str, JsonValue]", one.stored[key])


def passed(numbers: range, strict: bool) -> list[int]:
    scorer = EARLIER_TRAINING_STRICT if strict else SUBSTRING
    held = sessions("training")
    return [round(sum(mark.value for mark in scorer.score(held[one], ())["rate"])) for one in numbers]


def test_every_stored_judgement_is_judged_the_same() -> None:
    same = total = 0
    for number, one in exercises(1, 29):
        found = substring.match(" ".join(one.expected), one.reply, numbers=number >= substring.NUMBERS_FROM)
        stored = evaluation(one)
        same += (found.replace("-", "_"), found != "none") == (stored["match"], stored["success"])
        total += 1
    assert (same, total) == (134, 134)


def test_passes_as_stored_and_strict() -> None:
    numbers = range(1, 30)
    assert passed(numbers, strict=False) == [int(one) for one in STORED.split()]
    assert passed(numbers, strict=True) == [int(one) for one in STRICT.split()]
    assert sum(passed(numbers, strict=False)) == 98


def test_eighteen_passes_are_made_of_substrings() -> None:
    held = sessions("training")
    loose = [mark for number in range(1, 30) for mark in SUBSTRING.score(held[number], ())["rate"]]
    strict = [mark for number in range(1, 30) for mark in EARLIER_TRAINING_STRICT.score(held[number], ())["rate"]]
    flips = [(old.value, new.value) for old, new in zip(loose, strict, strict=True) if old.value != new.value]
    assert flips == [(1, 0)] * 18


def test_the_strict_pass_of_track_c_is_always_an_identity_exercise() -> None:
    for number in range(21, 30):
        dialogue = sessions("training")[number]
        (turn,) = [mark.turn for mark in EARLIER_TRAINING_STRICT.score(dialogue, ())["rate"] if mark.value]
        assert dialogue.exchanges[turn - 1].exercise == "identity"


def test_the_regression_of_t024_is_a_no_inside_other_words() -> None:
    hits = [one for _, one in exercises(24, 24) if one.expected == ("no",) and "no" in one.reply.lower()]
    assert hits
    for one in hits:
        assert {"knowledge", "enough"} & set(one.reply.lower().replace(".", " ").split())
    assert passed(range(23, 25), strict=True) == [1, 1]


def test_the_model_that_judged_itself() -> None:
    judged = exercises(30, 48)
    assert (sum(evaluation(one)["success"] is True for _, one in judged), len(judged)) == (51, 58)
    assert sum(passed(range(30, 49), strict=True)) == 33


def test_decisions() -> None:
    found = [
        "".join(LETTERS[r6_trust.judge(one.exercise, one.reply).decision] for _, one in exercises(number, number))
        for number in range(49, 65)
    ]
    assert found == DECISIONS.split()
    assert [sum(line.count(letter) for line in found) for letter in "IRE"] == [34, 3, 11]


def test_every_part_of_every_stored_evaluation() -> None:
    judged = exercises(49, 64)
    for _, one in judged:
        found, stored = r6_trust.judge(one.exercise, one.reply), evaluation(one, "r6_evaluation")
        mode = cast("Mapping[str, JsonValue]", stored["mode_detection"])
        assert (found.detected, found.confidence) == (mode["detected_mode"], mode["confidence"])
        assert dict(zip(("conversation", "refinement", "philosophical"), found.hits, strict=True)) == mode["markers"]
        assert (found.detected == found.requested) == stored["mode_match"]
        assert list(found.quality) == list(cast("Mapping[str, JsonValue]", stored["quality"]).values())
        assert [signal.replace("-", "_") for signal in found.signals] == stored["meta_cognitive"]
        assert found.decision == stored["evaluation"]
        assert list(found.change) == list(cast("Mapping[str, JsonValue]", stored["t3_updates"]).values())
    found_modes = [r6_trust.judge(one.exercise, one.reply).detected for _, one in judged]
    assert (found_modes.count("conversation"), found_modes.count("refinement")) == (37, 11)
    assert not any(r6_trust.judge(one.exercise, one.reply).signals for _, one in judged)


def test_trust_is_carried_from_session_to_session() -> None:
    judged = exercises(49, 64)
    course = r6_trust.carry(START, [r6_trust.judge(one.exercise, one.reply).change for _, one in judged])
    stored = [Trust(**cast("dict[str, float]", evaluation(one, "trust_update"))) for _, one in judged]
    assert list(course) == stored
    after = {number: trust for (number, _), trust in zip(judged, course, strict=True)}
    assert {number: tuple(round(value, 3) for value in after[number]) for number in TRUST} == TRUST
    assert after[64] == pytest.approx(LAST_TRUST, abs=1e-12)
    trends = [r6_trust.trend(values[: at + 1]) for values in zip(*course, strict=True) for at in range(len(values))]
    assert trends.count("unknown") == 6
    assert set(trends) == {"unknown", "stable"}


def test_the_rates_say_the_same() -> None:
    marks = [R6.score(sessions("training")[number], ()) for number in range(49, 65)]
    totals = {name: sum(mark.value for one in marks for mark in one[name]) for name in ("include", "review", "exclude")}
    assert totals == {"include": 34, "review": 3, "exclude": 11}
    assert sum(mark.value for one in marks for mark in one["mode-match"]) == 37


@pytest.mark.parametrize(("first", "last", "hits", "total"), [(1, 29, 49, 134), (30, 48, 24, 58), (49, 64, 12, 48)])
def test_answers_that_announce_a_better_version(first: int, last: int, hits: int, total: int) -> None:
    turns = {(number, one.turn) for number, one in exercises(first, last)}
    marks = {number: REFINEMENT.score(sessions("training")[number], ())["rate"] for number in range(first, last + 1)}
    found = [mark.value for number, each in marks.items() for mark in each if (number, mark.turn) in turns]
    assert (sum(found), len(found)) == (hits, total)
