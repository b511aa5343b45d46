"""A saved plan is applied as it was read, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sage_edge.deploy import plan, saved_plan
from sage_edge.deploy.errors import PlanStale
from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from tests.deploy.fleetfacts import fleet, probed, serving, wanted

CARD = fleet().boards["orin-nano"]


def made(**changes: Any) -> plan.Plan:
    return plan.plan(wanted(), probed(**changes), CARD)


def test_the_same_plan_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    saved_plan.write(path, [made()])
    saved_plan.require_unchanged(path, [made(epoch=1_800_000_100.0)])
    assert saved_plan.hosts(path) == ("sprout",)


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"docker__images": ["sha256:x"]}, "the board has changed"), (serving(wanted()), "the board has changed")],
)
def test_a_board_that_has_changed_is_refused(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    path = tmp_path / "plan.json"
    saved_plan.write(path, [made()])
    with pytest.raises(PlanStale, match=what) as told:
        saved_plan.require_unchanged(path, [made(**changes)])
    assert told.value.code == 3
    assert told.value.hint == ("plan again: ", invoke("plan", host="sprout"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "plans": []}', '{"format": 1, "plans": [{}]}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"is no saved plan|is of another format"):
        saved_plan.require_unchanged(tmp_path / "plan.json", [made()])
