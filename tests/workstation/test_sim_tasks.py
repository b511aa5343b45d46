"""`invoke sim.*` as a person types it, with a stubbed engine or none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sim import stub
from tests.sim.stub import INFO, StubEngine

ROOT = Path(__file__).parents[2]


def invoke(*words: str) -> subprocess.CompletedProcess[str]:
    line = (sys.executable, "-m", "invoke", "--search-root", str(ROOT), *words)
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubEngine]:
    with stub.serving(monkeypatch) as serving:
        serving.answers("GET /info", INFO)
        yield serving


@pytest.mark.parametrize("task", ["sim.up", "sim.down", "sim.status"])
def test_without_an_engine_each_says_so_in_two_lines(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    done = invoke(task)
    assert (done.returncode, done.stdout) == (4, "")
    said, following = done.stderr.splitlines()
    assert said.startswith("error: no Docker engine answers here: ")
    assert "/nowhere/docker.sock: No such file or directory" in said
    assert ".ci/engine" in following


def test_nothing_there_is_not_all_is_well(stubbed: StubEngine) -> None:
    stubbed.answers("GET /containers/json*", [])
    done = invoke("sim.status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "invoke sim.up" in done.stderr


def row(host: str, port: int) -> dict[str, object]:
    """A running container as the engine lists it."""
    labels = {"sage.sim": "x", "sage.sim.host": host, "sage.sim.port": str(port)}
    return {"Names": [f"/c-{host}"], "State": "running", "Image": "image", "Labels": labels}


@pytest.mark.slow
def test_status_is_a_table_or_one_document(stubbed: StubEngine) -> None:
    rows = [row(host, 4000 + n) for n, host in enumerate(("hub", "sprout", "thor"))]
    stubbed.answers("GET /containers/json*", rows)
    stubbed.executes("c-thor", "starting\n")
    for host in ("hub", "sprout"):
        stubbed.executes(f"c-{host}", "running\nssh-ed25519 AAAA root@x\n")
    done = invoke("sim.status", "--json")
    assert done.returncode == 1, "thor is not up yet"
    document = json.loads(done.stdout)
    assert document["schema"] == "sage-edge/sim/1"
    assert [(row["host"], row["port"], row["system"]) for row in document["content"]] == [
        ("hub", 4000, "running"),
        ("sprout", 4001, "running"),
        ("thor", 4002, "starting"),
    ]
    table = invoke("sim.status").stdout.splitlines()
    assert table[0].split() == ["host", "state", "system", "address", "container"]
    assert table[3].split() == ["thor", "running", "starting", "127.0.0.1:4002", "c-thor"]


def test_an_engine_of_another_processor_is_refused(stubbed: StubEngine) -> None:
    stubbed.instead("GET /info", {**INFO, "Architecture": "aarch64"})
    done = invoke("sim.up")
    assert done.returncode == 1
    assert "this engine runs aarch64 containers, sim-orin-nano is declared for x86_64" in done.stderr
