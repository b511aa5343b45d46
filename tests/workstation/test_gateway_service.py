"""A gateway's certificate is kept beside the addresses; a host that serves nothing has none to be renewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.errors import UsageError
from sage_edge.host import gateway_secrets
from sage_edge.inventory import load
from sage_edge.names import HostName
from sage_edge.workstation import gateway_service
from sage_edge.workstation.context import FleetContext

ROOT = Path(__file__).parents[2]
THOR = HostName("thor")


@pytest.fixture
def desk(tmp_path: Path) -> FleetContext:
    return FleetContext(ROOT, replace(load.load(ROOT / "fleet"), addresses=tmp_path / "sim"))


def certificate(folder: Path) -> str:
    folder.mkdir()
    gateway_secrets.complete(folder, ("thor",), renew=False)
    return (folder / "cert.pem").read_text("ascii")


def test_a_certificate_is_kept_and_told_once(desk: FleetContext, tmp_path: Path) -> None:
    told: list[str] = []
    text = certificate(tmp_path / "board")
    first = gateway_service.keep(desk, THOR, text, told.append)
    assert gateway_service.keep(desk, THOR, text, told.append) == first
    path = tmp_path / "sim/certificates/thor.pem"
    assert path.read_text("ascii") == text
    (line,) = told
    assert line.endswith("certificates/thor.pem: the certificate of what it serves; whoever asks it trusts this one")
    other = gateway_service.keep(desk, THOR, certificate(tmp_path / "again"), told.append)
    assert (len(told), len(first), first == other) == (2, len("SHA256:") + 64, False)


def test_what_is_no_certificate_is_not_kept(desk: FleetContext) -> None:
    with pytest.raises(ValueError, match="PEM"):
        gateway_service.keep(desk, THOR, "-----BEGIN PRIVATE KEY-----", lambda line: None)
    assert not gateway_service.certificate(desk, THOR).exists()


def test_a_host_that_serves_nothing_has_nothing_to_renew(desk: FleetContext) -> None:
    with pytest.raises(UsageError, match="thor is declared to serve nothing"):
        gateway_service.renewed(desk, THOR, lambda line: None)
