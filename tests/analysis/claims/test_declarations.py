from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.analysis.claims import declarations
from sage_edge.analysis.claims.schema import split
from sage_edge.errors import DeclarationError
from sage_edge.names import Slug

FLEET = Path(__file__).parents[3] / "fleet"

PAIR = {"label": "then", "x": "raising/1 d5", "y": "raising/1 d9"}
BACKWARDS = {"first": 5, "last": 3}
CLAIM: dict[str, Any] = {
    "test": "coupling",
    "statement": "Two scores move together.",
    "source": "a note",
    "scope": "law",
    "track": "primary",
    "as_stated": "r = 0.9",
    "comparison": "at-least",
    "threshold": 0.5,
    "replay": PAIR,
    "correct": PAIR | {"label": "now"},
}
RATIO: dict[str, Any] = {
    "test": "ratio",
    "statement": "One is slower.",
    "source": "a note",
    "scope": "record",
    "timing": "times",
    "as_stated": "8 times",
    "comparison": "at-most",
    "threshold": 1.8,
    "replay": {"label": "then", "model": "large", "base": "small", "per": "answer"},
    "correct": {"label": "now", "model": "large", "base": "small", "per": "word"},
}
SMALL: dict[str, Any] = {"model": "small", "size": 1, "seconds": [1.0], "words": [10]}
TIMES: dict[str, Any] = {
    "source": "a table",
    "rows": [SMALL, {"model": "large", "size": 2, "seconds": [2.0], "words": [10]}],
}


def write(folder: Path, **file: Any) -> Path:
    fleet = folder / "fleet"
    fleet.mkdir()
    (fleet / "claims.yaml").write_text(yaml.safe_dump({"format": 1, "seed": 3} | file), encoding="utf-8")
    return fleet


def faults(folder: Path, **file: Any) -> list[str]:
    """Return what is wrong with a file of claims."""
    with pytest.raises(DeclarationError) as refused:
        declarations.load(write(folder, **file))
    return [str(fault).removeprefix("fleet/claims.yaml: ") for fault in refused.value.faults]


def test_the_shipped_file_holds_the_five_claims_of_the_seeds() -> None:
    names = list(declarations.load(FLEET).claims)
    assert names[:5] == [
        "d5-d9-coupling",
        "bistable-identity",
        "collapse-18-19",
        "regression-t024",
        "slower-with-size",
    ]


def test_a_claim_is_read_as_it_stands(tmp_path: Path) -> None:
    read = declarations.load(write(tmp_path, claims={"one": CLAIM}))
    assert read.seed == 3
    assert read.claims[Slug("one")].model_dump(exclude_unset=True) == CLAIM


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"treshold": 1}, "claims.one.treshold: unknown key"),
        ({"test": "guess"}, "claims.one: expected one of"),
        ({"threshold": 0}, "claims.one.threshold: expected an effect, above 0, got 0"),
        ({"threshold": 1}, "claims.one.threshold: expected a correlation inside"),
        ({"comparison": "at-most"}, "claims.one.threshold: expected an effect, below 0, got 0.5"),
        ({"published": "perhaps"}, "claims.one.published: "),
        ({"threshold": float("nan")}, "claims.one.threshold: "),
        ({"threshold": "much"}, "claims.one.threshold: expected a number"),
        ({"statement": ""}, "claims.one.statement: "),
        ({"track": "night"}, "claims.one.track: no scorer measures night sessions, only primary, training"),
        ({"replay": PAIR | {"x": "raising d5"}}, "claims.one.replay.x: "),
        ({"replay": PAIR | {"x": "raising/0 d5"}}, "claims.one.replay.x: "),
        ({"replay": PAIR | {"x": "raising/9 d5"}}, "claims.one.replay.x: no scorer raising/9"),
        ({"correct": PAIR | {"y": "raising/1 d99"}}, "claims.one.correct.y: raising/1 has no quantity 'd99'"),
        ({"also": [PAIR, PAIR | {"x": "r6/1 include"}]}, "claims.one.also[1].x: r6/1 does not apply"),
        ({"correct": PAIR | {"sessions": BACKWARDS}}, "claims.one.correct.sessions: expected first <= last"),
    ],
)
def test_a_fault_is_named_by_its_key(tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    (found,) = faults(tmp_path, claims={"one": CLAIM | change})
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("change", "times", "fault"),
    [
        ({"threshold": 2}, TIMES, "claims.one.threshold: expected an effect, below 2, got 2"),
        ({"timing": "other"}, TIMES, "claims.one.timing: no timing 'other'"),
        ({"correct": RATIO["correct"] | {"model": "huge"}}, TIMES, "claims.one.correct: the timing"),
        ({}, TIMES | {"rows": [SMALL, SMALL]}, "timings.times.rows: expected each model once"),
        ({}, TIMES | {"rows": [SMALL | {"words": [1, 2]}]}, "timings.times.rows[0]: expected a count of words"),
        ({}, TIMES | {"rows": [SMALL | {"seconds": [], "words": []}]}, "timings.times.rows[0]: expected at least one"),
        ({}, TIMES | {"rows": [SMALL | {"seconds": [0]}]}, "timings.times.rows[0].seconds[0]: "),
    ],
)
def test_timings_hold_together(tmp_path: Path, change: dict[str, Any], times: dict[str, Any], fault: str) -> None:
    found = faults(tmp_path, timings={"times": times}, claims={"one": RATIO | change})
    assert found[0].startswith(fault)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    wrong = CLAIM | {"replay": PAIR | {"x": "nobody/1 d5", "y": "raising/1 d0"}}
    assert len(faults(tmp_path, claims={"one": wrong, "two": wrong})) == 4


@pytest.mark.parametrize(
    "file",
    [
        {"claims": {}},
        {"claims": {"Not A Name": CLAIM}},
        {"format": 2, "claims": {"one": CLAIM}},
        {"seed": -1, "claims": {"one": CLAIM}},
    ],
)
def test_a_file_that_is_no_file_of_claims(tmp_path: Path, file: dict[str, Any]) -> None:
    assert faults(tmp_path, **file)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"claims\.yaml: the file is missing"):
        declarations.load(tmp_path)


def test_what_people_call_a_quantity() -> None:
    assert split("training-strict/1 rate") == ("training-strict", 1, "rate")
    with pytest.raises(ValueError, match="like raising/1 d5"):
        split("raising/1")
