"""Identity files that contradict themselves; the predecessor's own offenders, where they are here."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from sage_edge.legacy.states import defects
from tests.legacy.papers import Json, real

PLACE = "sage/instances/ant-small/identity.json"


def identity(count: int = 10, phase: str = "sensing", **more: JsonValue) -> Json:
    who: Json = {
        "name": "SAGE-Ant",
        "lct": "lct://sage:ant:agent@raising",
        "session_count": count,
        "phase": phase,
        "last_session_summary": "Session 10 (programmatic): a quiet one",
        **more,
    }
    development: Json = {"current_phase": 2, "phase_name": "sensing"}
    tutor: Json = {"sessions": 10}
    operator: Json = {"role": "operator", "sessions": 2}
    relationships: Json = {"claude": tutor, "operator": operator}
    return {"identity": who, "development": development, "relationships": relationships}


def test_one_that_holds_together() -> None:
    assert defects(identity(), PLACE) == ()


@pytest.mark.parametrize(
    ("document", "source", "says"),
    [
        (identity(12), PLACE, "its counts differ: session_count 12, sessions with claude 10, the session of the last"),
        (
            identity() | {"session": 74},
            PLACE,
            "of the last summary 10, the file's own session 74",
        ),
        (identity(phase="grounding"), PLACE, "identity.phase is grounding, development.phase_name is sensing"),
        (identity(), "sage/instances/bee-small/identity.json", "another machine's identity (SAGE-Ant, ant) in the"),
        (identity(machine="wasp", model="tiny"), PLACE, "another machine's identity (SAGE-Ant, wasp, tiny)"),
        (identity(name="__NAME__"), PLACE, "it is a template and no live identity: __NAME__"),
        (identity() | {"development": {"phase_name": "sensing", "current_phase": 5}}, PLACE, "phase 5 is not sensing"),
        (
            {"identity": {"phase": "pre-grounding", "session_count": 1}},
            PLACE,
            "it is in pre-grounding after 1 sessions",
        ),
    ],
)
def test_each_contradiction_is_told(document: JsonValue, source: str, says: str) -> None:
    (found,) = defects(document, source)
    assert says in found


@pytest.mark.parametrize("document", [None, [], {}, {"identity": 3}, {"identity": {"session_count": "x", "lct": 4}}])
def test_what_says_nothing_contradicts_nothing(document: JsonValue) -> None:
    assert defects(document, PLACE) == ()


REAL: list[tuple[str, list[str]]] = [
    ("sage/raising/state/identity_sprout.json", ["session_count 124, sessions with claude 115", "is creating"]),
    (
        "sage/instances/sprout-qwen2.5-0.5b/snapshots/archive/identity_20260301_003742.json",
        ["session_count 118, sessions with claude 115", "is creating"],
    ),
    ("sage/instances/sprout-qwen2.5-0.5b/snapshots/identity.json", ["session_count 3", "another machine's identity"]),
    ("sage/instances/sprout-qwen2.5-0.5b/backups/identity_20260115_060856.json", ["is grounding"]),
    ("sage/raising/state/legion_identity.json", ["is pre-grounding", "in pre-grounding after 1"]),
    ("sage/instances/_seed/identity.json", ["it is a template"]),
]


@pytest.mark.parametrize(("name", "says"), REAL)
def test_the_offenders_of_the_older_system(name: str, says: list[str]) -> None:
    """The table of legacy §4."""
    found = defects(json.loads(real(name).read_bytes()), name)
    assert len(found) == len(says), found
    assert all(part in one for part, one in zip(says, found, strict=True))
