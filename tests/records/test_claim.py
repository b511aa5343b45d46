from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from sage_edge import files
from sage_edge.records.base import parse
from sage_edge.records.claim import ClaimFinding, Reading, ScoredBy

BY = ScoredBy.model_validate({"scorer": "raising", "version": 1, "quantity": "d5", "definition": files.digest(b"d5")})


def reading(**change: Any) -> Reading:
    told = {
        "label": "then",
        "measures": "correlation",
        "scored_by": (BY,),
        "sessions": "P001 to P010",
        "n": 10,
        "unit": "sessions",
        "value": 0.95,
        "low": 0.81,
        "high": 0.99,
        "p": 0.001,
        "method": "Pearson",
        "test": "permutation",
        "seed": 7,
    }
    return Reading.model_validate(told | change)


def finding(**change: Any) -> ClaimFinding:
    told = {
        "claim": "coupling",
        "statement": "So.",
        "source": "a note",
        "scope": "law",
        "track": "primary",
        "as_stated": "r = 0.95",
        "stated": 0.95,
        "criterion": "at least 0.5",
        "replayed": reading(),
        "corrected": reading(),
        "verdict": "supported",
        "because": "it is so",
        "p_adjusted": 0.002,
        "adjustment": "Holm 1979",
        "tests": 2,
        "seed": 7,
        "evidence": (),
    }
    return ClaimFinding.model_validate(told | change)


SLOPE = {"measures": "slope", "value": -0.0015, "low": -0.00001, "high": 0}
OPEN = {"verdict": "cannot tell"}
FEW = {"needs": 58, "needs_unit": "sessions", "more": [{"side": "", "n": 50, "more": 8}]}


def test_a_number_needs_the_scorer_that_made_it() -> None:
    with pytest.raises(ValidationError, match="needs the scorer"):
        reading(scored_by=())
    assert reading(scored_by=(), recorded_in="a table").recorded_in == "a table"


def test_a_number_that_does_not_exist_needs_a_reason() -> None:
    with pytest.raises(ValidationError, match="needs a reason"):
        reading(value=None)
    with pytest.raises(ValidationError, match="finite"):
        reading(value=float("nan"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "r = 0.950 (0.810 to 0.990), n = 10 sessions"),
        ({"value": None, "undefined": "no variation"}, "undefined: no variation, n = 10 sessions"),
        ({"low": None, "undefined": "interval: needs n >= 4", "n": 3}, "r = 0.950 (no interval), n = 3 sessions"),
        (SLOPE, "per session -0.0015 (0.0000 to 0.000), n = 10 sessions"),
        ({"measures": "ratio", "unit": "questions", "value": 8.2587}, "times 8.259 (0.810 to 0.990), n = 10 questions"),
    ],
)
def test_a_number_for_people(change: dict[str, Any], told: str) -> None:
    assert reading(**change).told == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "supported"),
        ({"verdict": "not supported"}, "not supported"),
        (OPEN | {"needs": 58, "needs_unit": "answers"}, "cannot tell: needs n >= 58 answers"),
        (OPEN | FEW, "cannot tell: needs 8 sessions more (n >= 58)"),
        (OPEN | FEW | {"closed": True}, "cannot tell: this record is over; n >= 58 sessions would tell"),
        (OPEN | {"closed": True}, "cannot tell: this record is over"),
        (OPEN, "cannot tell: no n can be named"),
        (OPEN | {"corrected": reading(value=None, undefined="no variation")}, "cannot tell: no variation"),
    ],
)
def test_a_verdict_for_people(change: dict[str, Any], told: str) -> None:
    assert finding(**change).told == told


def test_a_finding_of_before_is_still_read() -> None:
    dumped = finding().model_dump(mode="json")
    for later in ("host", "mind", "models", "more", "closed", "published"):
        del dumped[later]
    assert parse(ClaimFinding, json.dumps(dumped)) == finding()


def test_the_name_of_a_quantity() -> None:
    assert BY.name == "raising/1 d5"
