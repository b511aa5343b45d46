"""What a board serves is asked of those boards alone that are declared to serve, and can be found wanting."""

from __future__ import annotations

from typing import Any

import pytest

from sage_edge import hints
from sage_edge.verify import board_checks
from tests.deploy import fleetfacts
from tests.verify.hosts import target, that_serves

NAMES = ["server", "health of the server", "server as it was started", "served model"]
SERVER = {
    **fleetfacts.serving(fleetfacts.wanted())["docker"]["containers"][0],
    "name": "sage-serve-1",
    "labels": {"com.docker.compose.project": "sage", "com.docker.compose.service": "serve"},
}
LOGS = "ssh -F fleet/ssh_config sprout 'docker logs --tail 50 sage-serve-1'"


def results(served: str | None = "answers", **changes: Any) -> dict[str, tuple[bool, str]]:
    """What comes of the checks. changes: of the gateway's container."""
    told = fleetfacts.serving(fleetfacts.wanted())
    told["docker"]["containers"].append({**SERVER, **changes})
    at = that_serves()
    probe = fleetfacts.probed(**told)
    asked = board_checks.examine(target(host=at.host, served=served, probe=probe))
    return {result.check: (result.holds, result.answer) for result in asked if result.check in NAMES}


def test_a_board_that_serves_is_asked_and_one_that_does_not_is_not() -> None:
    assert results() == {
        "server": (True, "running"),
        "health of the server": (True, "healthy"),
        "server as it was started": (True, "none"),
        "served model": (True, "answers"),
    }
    assert not {case.name for case in board_checks.cases(target())} & set(NAMES)
    only_provisioned = target(host=that_serves().host, current=None, release=None)
    assert not {case.name for case in board_checks.cases(only_provisioned)} & set(NAMES)


@pytest.mark.parametrize(
    ("change", "check", "answer"),
    [
        ({"status": "exited"}, "server", "exited"),
        ({"health": "unhealthy"}, "health of the server", "unhealthy"),
        ({"differs": ["Memory: 1 became 2"]}, "server as it was started", "Memory: 1 became 2"),
        ({"differs": None}, "server as it was started", "nothing"),
        ({"served": "it refuses with 401: no"}, "served model", "it refuses with 401: no"),
        ({"served": None}, "served model", "nothing"),
    ],
)
def test_each_is_found_wanting_alone(change: dict[str, Any], check: str, answer: str) -> None:
    assert {name: told for name, told in results(**change).items() if not told[0]} == {check: (False, answer)}


def test_without_its_container_nothing_of_it_holds() -> None:
    at = that_serves()
    told = {case.name: case for case in board_checks.cases(at)}
    answers = [told[name].fact.answer for name in NAMES]
    assert [answer and answer(at, "") for answer in answers] == [None, None, None, "answers"]


def test_each_says_what_to_do_then() -> None:
    told = {case.name: hints.text(case.remedy) for case in board_checks.cases(that_serves())}
    assert told["server"] == told["server as it was started"] == "invoke deploy --host sprout"
    assert told["health of the server"] == f"see: {LOGS}; then invoke deploy --host sprout"
    assert told["served model"] == f"see: {LOGS}; a new token and certificate: invoke key.serving --host sprout"
