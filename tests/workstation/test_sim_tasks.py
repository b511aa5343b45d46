"""`invoke sim.*` as a person types it, with a stubbed engine or none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.stub import INFO, StubDocker

ROOT = Path(__file__).parents[2]


def invoke(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = (sys.executable, "-m", "invoke", "--search-root", str(ROOT), *words)
    return subprocess.run(line, env={**os.environ, "PATH": str(path)}, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubDocker:
    stub = StubDocker(tmp_path, monkeypatch)
    stub.answers("info*", INFO)
    return stub


@pytest.mark.parametrize("chore", ["sim.up", "sim.down", "sim.status"])
def test_without_an_engine_each_says_so_in_two_lines(chore: str, tmp_path: Path) -> None:
    done = invoke(tmp_path, chore)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines() == [
        "error: no Docker engine answers here: docker is not installed",
        " next: on Debian: .ci/engine installs and starts one; elsewhere install Docker 20.10 or newer and start it",
    ]


def test_nothing_there_is_not_all_is_well(docker: StubDocker) -> None:
    done = invoke(docker.folder, "sim.status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "invoke sim.up" in done.stderr


def test_status_is_a_table_or_one_document(docker: StubDocker) -> None:
    rows = [f"c-{host}\\t{host}\\t400{n}\\trunning\\timage\\n" for n, host in enumerate(("hub", "sprout", "thor"))]
    docker.answers("ps*", "".join(rows))
    docker.answers("exec c-thor*", "starting\\n")
    docker.answers("exec*", "running\\nssh-ed25519 AAAA root@x\\n")
    done = invoke(docker.folder, "sim.status", "--json")
    assert done.returncode == 1, "thor is not up yet"
    document = json.loads(done.stdout)
    assert document["schema"] == "sage-edge/sim/1"
    assert [(row["host"], row["port"], row["system"]) for row in document["content"]] == [
        ("hub", 4000, "running"), ("sprout", 4001, "running"), ("thor", 4002, "starting"),
    ]  # fmt: skip
    table = invoke(docker.folder, "sim.status").stdout.splitlines()
    assert table[0].split() == ["host", "state", "system", "address", "container"]
    assert table[3].split() == ["thor", "running", "starting", "127.0.0.1:4002", "c-thor"]


def test_an_engine_of_another_processor_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = StubDocker(tmp_path, monkeypatch)
    stub.answers("info*", "27.0\\taarch64\\t/nowhere\\n")
    done = invoke(tmp_path, "sim.up")
    assert done.returncode == 1
    assert "this engine runs aarch64 containers, sim-orin-nano is declared for x86_64" in done.stderr
