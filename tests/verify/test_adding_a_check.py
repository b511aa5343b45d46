"""Adding a check is adding one value to a table: doctor, `invoke verify --quick` and testinfra then show it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner

from sage_edge.cli.doctor import command
from sage_edge.hints import invoke
from sage_edge.inventory import load
from sage_edge.inventory.host_entry import Host
from sage_edge.names import HostName
from sage_edge.verify import board_checks, machine_checks
from sage_edge.verify.check import Fact, HostCheck, always
from sage_edge.verify.wants import FactValue, Is
from sage_edge.workstation import verify_service
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.verify_service import VerifyAsked
from tests.deploy import fleetfacts
from tests.verify.hosts import target

ROOT = Path(__file__).parents[2]


class _Hosted(Protocol):
    """What a board and this machine have in common."""

    @property
    def host(self) -> Host | None: ...


NEW: HostCheck[_Hosted, FactValue] = HostCheck(
    "called",
    Fact("called", lambda at, _: at.host.name if at.host else None),
    always(Is("thor")),
    invoke("provision", host="HOST"),
)
"""The one value that somebody adds; it fails everywhere but on thor."""


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_checks, "CHECKS", (*board_checks.CHECKS, NEW))
    monkeypatch.setattr(machine_checks, "CHECKS", (NEW,))
    monkeypatch.setattr("sage_edge.deploy.provision._exchange_keys", lambda fleet: "exchange ssh-ed25519 AAAA\n")


def test_doctor_shows_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("format: 1\nhost: sprout\noverlay: seedling\n")
    env = {"SAGE_FLEET": str(ROOT / "fleet"), "SAGE_CARD": str(tmp_path / "host.yaml")}
    result = CliRunner().invoke(command, ["--json"], env=env)
    assert result.exit_code == 8
    (finding,) = json.loads(result.stdout)["content"]
    assert (finding["check"], finding["verdict"], finding["found"]) == ("called", "fail", "sprout")


def test_verify_shows_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Probed:
        def facts(self, **_: Any) -> object:
            return fleetfacts.probed()

    @contextlib.contextmanager
    def seen(desk: FleetContext, host: HostName) -> Iterator[Probed]:
        yield Probed()

    monkeypatch.setattr(FleetContext, "seen", seen)
    desk = FleetContext(ROOT, load.load(ROOT / "fleet"))
    assert verify_service.verified(desk, [HostName("sprout")], VerifyAsked(quick=True, as_json=True)) == 8
    (host,) = json.loads(capsys.readouterr().out)["content"]
    assert host["checks"][-1] == {
        "check": "called",
        "expected": "thor",
        "found": "sprout",
        "holds": False,
        "remedy": "invoke provision --host sprout",
    }


def test_testinfra_is_given_it() -> None:
    case = board_checks.cases(target())[-1]
    assert (case.name, case.fact.kind) == ("called", "called"), "tests/fleet answers it in a test_called"
    assert case.judge("thor").holds
