"""Several hosts: named, never all by accident; one failure stops no other; the worst exit code wins."""

from __future__ import annotations

import itertools

import pytest

from sage_edge.deploy import fleet_runner
from sage_edge.errors import SageError, Unreachable, UsageError
from sage_edge.names import HostName
from tests.deploy.fleetfacts import fleet

FLEET = fleet()


@pytest.mark.parametrize(
    ("hosts", "role", "everyone", "found"),
    [
        ("sprout", None, False, ["sprout"]),
        ("thor, sprout", None, False, ["thor", "sprout"]),
        ("sprout,sprout", None, False, ["sprout"]),
        (None, "researcher", False, ["thor"]),
        (None, None, True, ["sprout", "thor"]),
    ],
)
def test_hosts_are_chosen(hosts: str | None, role: str | None, everyone: bool, found: list[str]) -> None:
    assert fleet_runner.chosen(FLEET, hosts, role, everyone) == found


@pytest.mark.parametrize(
    ("hosts", "role", "everyone", "message"),
    [
        (None, None, False, "say which hosts"),
        ("sprout", None, True, "say which hosts"),
        ("", None, False, "no host is named"),
        ("sprot", None, False, "no host named 'sprot'; there are: desk, sprout, thor"),
        ("sprout,desk", None, False, "desk is no board: its role operator conducts and analyses nothing"),
        (None, "gardener", False, "no role named 'gardener'"),
        (None, "operator", False, "no board has the role operator"),
    ],
)
def test_what_names_no_host_is_refused(hosts: str | None, role: str | None, everyone: bool, message: str) -> None:
    with pytest.raises(UsageError, match=message) as told:
        fleet_runner.chosen(FLEET, hosts, role, everyone)
    assert told.value.hint


def test_one_failure_stops_no_other() -> None:
    def do(host: HostName) -> str:
        if host == "b":
            raise Unreachable("b does not answer", hint="look")
        return f"done {host}"

    results = fleet_runner.over([HostName(name) for name in "abc"], do)
    assert [(one.host, one.value, one.code) for one in results] == [
        ("a", "done a", 0),
        ("b", None, 4),
        ("c", "done c", 0),
    ]


def test_our_own_mistakes_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        fleet_runner.over([HostName("a"), HostName("b")], lambda host: 1 // 0)


@pytest.mark.parametrize(
    ("codes", "worst"),
    [([], 0), ([0, 0], 0), ([0, 10], 10), ([4, 0, 5], 4), ([6, 4], 6), ([7, 6, 130], 7), ([0, 99], 99)],
)
def test_the_worst_code_wins(codes: list[int], worst: int) -> None:
    for order in itertools.permutations(codes):
        assert fleet_runner.worst(order) == worst


def test_every_code_of_the_design_has_its_place() -> None:
    codes = {kind.code for kind in _all(SageError)}
    assert codes <= set(fleet_runner.SEVERITY)


def _all(kind: type[SageError]) -> list[type[SageError]]:
    return [kind, *(inner for one in kind.__subclasses__() for inner in _all(one))]
