"""Status, plan and verify have one word for what runs: whatever a board tells, none of them contradicts another."""

from __future__ import annotations

import copy
import functools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.deploy import plan
from sage_edge.hints import NextCommand, invoke
from sage_edge.remote.board import probe as facts
from sage_edge.remote.board.drift import OPEN, drift
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.verify import board_checks
from sage_edge.verify.check import CheckResult
from sage_edge.workstation import status_service
from tests.deploy import fleetfacts, test_checked_board
from tests.deploy.fleetfacts import NOW, SPROUT

trusted_exchange = test_checked_board.trusted_exchange

OTHER, OURS = "f" * 12, fleetfacts.wanted().short
JOURNALS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"state": "committed", "release": OURS, "previous": None},
    {"state": "committed", "release": OTHER, "previous": OURS},
    {"state": "reverted", "release": OTHER, "previous": OURS},
    {"state": "reverted", "release": OTHER, "previous": None},
    {"state": "revert-failed", "release": OTHER, "previous": OURS},
    {"state": "revert-failed", "release": OTHER, "previous": None},
    *({"state": state, "release": OTHER, "previous": OURS} for state in sorted(OPEN)),
)
AGENT: dict[str, tuple[Any, ...]] = {
    "release": (OURS, OURS, OTHER, None, ""),
    "image": (fleetfacts.IMAGE, fleetfacts.IMAGE, f"sha256:{'9' * 64}"),
    "status": ("running", "running", "exited", "restarting", "paused"),
    "health": ("healthy", "healthy", "unhealthy"),
    "differs": ([], [], ["Memory: 3 became 1"], None),
}
DEPLOYED: dict[str, tuple[Any, ...]] = {
    "current": (OURS, OURS, OTHER, None),
    "files_changed": ([], [], ["compose.yaml"], None),
    "journal": JOURNALS,
}
MENDED_BY_DEPLOY = invoke("deploy", host="sprout")


FLEET = fleetfacts.fleet()


@functools.cache
def sound() -> dict[str, Any]:
    return test_checked_board.probe()


def board(agent: dict[str, Any] | None, deployed: dict[str, Any]) -> BoardProbe:
    """A board that is sound but for what is drawn."""
    told = copy.deepcopy(sound())
    container = told["docker"]["containers"][0]
    told["docker"]["containers"] = [] if agent is None else [{**container, **agent}]
    told["deploy"] |= deployed
    if told["deploy"]["current"] != OURS:
        told["deploy"] |= {"release": None, "release_sha256": None}
    return facts.parse(SPROUT, told, NOW)


def drawn(choices: dict[str, tuple[Any, ...]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({key: st.sampled_from(values) for key, values in choices.items()})


def commands(result: CheckResult) -> list[object]:
    return [result.remedy] if isinstance(result.remedy, NextCommand) else list(result.remedy)


@settings(max_examples=60)
@given(agent=st.none() | drawn(AGENT), deployed=drawn(DEPLOYED))
def test_none_contradicts_another(agent: dict[str, Any] | None, deployed: dict[str, Any]) -> None:
    seen = board(agent, deployed)
    planned = plan.plan(fleetfacts.wanted(), seen, FLEET.boards["orin-nano"])
    failed = [result for result in board_checks.examine(test_checked_board.target(seen, FLEET)) if not result.holds]
    notes = status_service._to_know(seen, "sage")
    (row,) = [status_service._row("sprout", seen, None, "sage")]

    assert row[1] == (seen.serving or "none"), "status names the release that runs"
    if any(MENDED_BY_DEPLOY in commands(result) for result in failed):
        assert not planned.is_empty, f"verify says deploy, which would say no changes: {failed}"
    if drift(seen) or seen.deployed.journal_state in OPEN:
        assert failed, "what status tells, verify fails"
        assert notes
        assert not planned.is_empty, "and a deploy mends it"
    if not failed:
        assert notes == []
        assert planned.is_empty or seen.deployed.should_serve != OURS
    if planned.is_empty:
        assert (seen.serving, seen.deployed.current, failed, notes) == (OURS, OURS, [], [])


@pytest.mark.parametrize(
    ("agent", "deployed", "note"),
    [
        ({"release": OTHER}, {}, f"release {OTHER} runs, {OURS} should serve"),
        ({"differs": ["User: a became b"]}, {}, "its agent is not as it was started: User: a became b"),
        ({"differs": None}, {}, "how its agent was started is not recorded"),
        ({}, {"files_changed": [*"abcdefg"]}, "files of its release were changed: a, b, c, d, e and 2 more"),
        ({}, {"current": OTHER}, f"`current` names {OTHER}, {OURS} should serve"),
        ({}, {"journal": JOURNALS[6]}, f"the deployment of {OTHER} could not be taken back"),
        ({"status": "exited"}, {}, "the agent's container is exited"),
    ],
)
def test_each_kind_of_drift_has_its_words(agent: dict[str, Any], deployed: dict[str, Any], note: str) -> None:
    assert note in status_service._to_know(board(agent, deployed), "sage")


def test_a_foreign_container_is_told_by_name() -> None:
    told = test_checked_board.probe()
    spy = {**told["docker"]["containers"][0], "name": "spy", "labels": {}, "differs": None}
    told["docker"]["containers"].append({**spy, "rights": ["mounts /", "privileged"]})
    told["docker"]["containers"].append({**spy, "name": "plain", "rights": []})
    seen = facts.parse(SPROUT, told, NOW)
    assert status_service._to_know(seen, "sage") == ["not ours, but could change this board: spy: mounts /, privileged"]
    results = {result.check: result for result in board_checks.examine(test_checked_board.target(seen))}
    assert results["containers that are not ours"].verdict == "warn"


def test_a_damaged_lock_is_said_by_status_and_verify() -> None:
    told = test_checked_board.probe()
    told["deploy"]["lock_damaged"] = "lock.json cannot be read"
    seen = facts.parse(SPROUT, told, NOW)
    assert status_service._to_know(seen, "sage") == ["lock.json cannot be read"]
    failed = [result.check for result in board_checks.examine(test_checked_board.target(seen)) if not result.holds]
    assert failed == ["deploy lock"]


def test_a_full_state_volume_is_said_by_status_and_verify() -> None:
    told = test_checked_board.probe()
    told["disk"]["state"] = {"device": 2, "free": 0, "total": 10**9}
    seen = facts.parse(SPROUT, told, NOW)
    assert status_service._to_know(seen, "sage") == ["0 B of room for state"]
    failed = [result.check for result in board_checks.examine(test_checked_board.target(seen)) if not result.holds]
    assert failed == ["room for state"]


def test_an_agent_without_a_heartbeat_of_its_own_is_said_by_status_and_verify() -> None:
    seen = board({"beats": False}, {})
    assert status_service._to_know(seen, "sage") == ["its agent has written no heartbeat since it was started"]
    failed = [result.check for result in board_checks.examine(test_checked_board.target(seen)) if not result.holds]
    assert failed == ["heartbeat's writer"]
