"""The health check of the gateway's container: over TLS, by the standard library alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.host import gateway_secrets
from sage_edge.serve import health
from sage_edge.serve.listener import TlsFiles
from tests.serve.behind import Gate, standing, yes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("health")
    gateway_secrets.complete(path, ("thor", "127.0.0.1"), renew=False)
    return path


@pytest.fixture(scope="module")
def gate(folder: Path) -> Iterator[Gate]:
    with standing(yes, tls=TlsFiles(folder / "cert.pem", folder / "key.pem")) as gate:
        yield gate


@pytest.fixture(autouse=True)
def surroundings(folder: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """What compose hands over."""
    monkeypatch.setenv("SAGE_SERVING", str(folder))
    monkeypatch.setenv("SAGE_SERVE_PORT", gate.url.rpartition(":")[2])


def said(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    return health.main(), capsys.readouterr().out


def test_a_gateway_with_a_server_behind_it_lives(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == (0, "ok\n")


def test_one_whose_server_is_away_does_not(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    kept, gate.gateway.upstream = gate.gateway.upstream, None
    try:
        assert said(capsys) == (1, "starting\n")
    finally:
        gate.gateway.upstream = kept


def test_a_gateway_that_is_not_there_does_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SAGE_SERVE_PORT", "1")
    assert said(capsys) == (1, "the gateway does not answer: [Errno 111] Connection refused\n")
    monkeypatch.setenv("SAGE_SERVING", str(tmp_path))
    assert said(capsys)[0] == 1


def test_it_loads_nothing_but_the_library() -> None:
    """It runs every few seconds."""
    heavy = "{'click', 'pydantic', 'starlette'}"
    code = f"import sys, sage_edge.serve.health; print(*{heavy} & sys.modules.keys())"
    assert subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True).stdout == "\n"
