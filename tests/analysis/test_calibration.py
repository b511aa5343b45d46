"""A prediction counts if it came before its session; the table says how many were right, and how far that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sage_edge import files
from sage_edge.analysis.calibration import AnsweredPrediction, PredictionOutcome, calibrations, came_before, outcome
from sage_edge.records import dialogue
from sage_edge.records.study import Check, Decision
from sage_edge.scorers import wilson
from tests.analysis.declared import SPROUT
from tests.analysis.test_prediction_check import BEFORE, FINGERPRINT, RECOMMENDED, anchored, verify
from tests.builders import START

SESSION = anchored()
TOLD = dialogue.of(SESSION)


def checked(hits: int = 5, n: int = 7) -> Check:
    found = verify(BEFORE, anchored(hits=hits, n=n))
    assert found is not None
    return found


DECLINED = Decision(
    author=SPROUT, recommendation=FINGERPRINT, verdict="declined", reason="no", decided_by="person", created=START
)
CONFIRMED = AnsweredPrediction(RECOMMENDED, check=checked(), sessions=(TOLD,))
AFTER = replace(TOLD, recommendation=None, started=RECOMMENDED.created - timedelta(seconds=1))
OTHER = checked().model_copy(update={"prediction": RECOMMENDED.prediction.model_copy(update={"value": 0.1})})
CASES: list[tuple[AnsweredPrediction, PredictionOutcome]] = [
    (CONFIRMED, "confirmed"),
    (replace(CONFIRMED, sessions=()), "confirmed"),
    (replace(CONFIRMED, check=checked(hits=0, n=10)), "refuted"),
    (replace(CONFIRMED, check=checked().model_copy(update={"verdict": "cannot-tell"})), "cannot tell"),
    (AnsweredPrediction(RECOMMENDED), "open"),
    (AnsweredPrediction(RECOMMENDED, decision=DECLINED), "declined"),
    (AnsweredPrediction(RECOMMENDED, decision=DECLINED.model_copy(update={"verdict": "accepted"})), "open"),
    (replace(CONFIRMED, sessions=(TOLD, AFTER)), "late"),
    (replace(CONFIRMED, check=OTHER), "void"),
    (replace(CONFIRMED, check=checked().model_copy(update={"recommendation": files.digest(b"x")})), "void"),
]


@pytest.mark.parametrize(("forecast", "became"), CASES, ids=range(len(CASES)))
def test_what_became_of_a_prediction(forecast: AnsweredPrediction, became: PredictionOutcome) -> None:
    assert outcome(forecast) == became


def test_an_older_check_is_read_by_the_rule_of_today() -> None:
    for hits, verdict, today in (
        (4, "confirmed", "cannot tell"),
        (2, "refuted", "cannot tell"),
        (7, "confirmed", None),
    ):
        older = checked(hits).model_copy(update={"verdict": verdict, "rule": "value"})
        assert outcome(replace(CONFIRMED, check=older)) == (today or verdict)


def test_a_named_digest_proves_more_than_two_clocks() -> None:
    early = replace(TOLD, started=START)
    assert early.recommendation == FINGERPRINT
    assert came_before(RECOMMENDED, early)
    assert not came_before(RECOMMENDED, replace(early, recommendation=None))
    assert not came_before(RECOMMENDED, replace(early, recommendation=files.digest(b"another")))
    assert came_before(RECOMMENDED, replace(early, recommendation=None, started=RECOMMENDED.created))


def test_the_table_counts_each_researcher() -> None:
    said = [forecast for forecast, _ in CASES]
    foreign = [
        replace(CASES[0][0], recommendation=RECOMMENDED.model_copy(update={"author": "willow"})),
        AnsweredPrediction(RECOMMENDED.model_copy(update={"author": "willow"})),
    ]
    thor, willow = calibrations([*said, *foreign])
    assert (thor.author, thor.predictions, thor.decided) == ("thor", len(CASES), 3)
    assert thor.rate == (2 / 3, *wilson(2, 3))
    assert dict(thor.outcomes) == {
        "confirmed": 2,
        "refuted": 1,
        "cannot tell": 1,
        "open": 2,
        "declined": 1,
        "late": 1,
        "void": 2,
    }
    assert (willow.author, willow.predictions, willow.decided, willow.rate) == ("willow", 2, 0, None)


def test_no_predictions_no_table() -> None:
    assert list(calibrations([])) == []
