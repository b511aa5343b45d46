"""What .ci/engine does where nothing is missing; that it installs and starts one shows where CI has a bare machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sim.stub import StubDocker

SCRIPT = Path(__file__).parents[2] / ".ci" / "engine"
TOOLS = ("bash", "cat", "dirname", "grep", "env")


def engine(command: StubDocker, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(command.folder), "SAGE_ENGINE_PLACE": str(command.folder / "place"), "APT_ROOT": "/nowhere"}
    return subprocess.run((SCRIPT, *words), env=env, capture_output=True, text=True)


@pytest.fixture
def machine(command: StubDocker) -> StubDocker:
    """A machine with every tool that the script wants, none of which may be started."""
    return equipped(command, "26.1.5")


def equipped(command: StubDocker, version: str) -> StubDocker:
    """version: of the engine that answers; without one, none does, and an old one is installed."""
    for tool in TOOLS:
        command.tool(tool)
    command.answers("version*", f"{version}\\n" if version else "", code=0 if version else 1)
    for name in ("iptables", "debootstrap", "docker-registry", "apt-get", "dockerd", "setsid"):
        trap = command.folder / name
        trap.write_text(f"#!/bin/sh\necho {name} >>{command.folder}/started\nexit 1\n")
        trap.chmod(0o755)
    (command.folder / "dockerd").write_text("#!/bin/sh\necho Docker version 20.10.24+dfsg1, build 297e128\n")
    return command


def test_where_an_engine_answers_nothing_is_done(machine: StubDocker) -> None:
    for words in ((), ("start",)):
        done = engine(machine, *words)
        assert (done.returncode, done.stdout) == (0, "")
        assert "Docker 26.1.5 answers" in done.stderr
    assert not (machine.folder / "started").exists()


@pytest.mark.parametrize("version", ["20.10.24", "9.0", ""])
def test_an_engine_that_is_too_old_for_our_builds_counts_as_missing(command: StubDocker, version: str) -> None:
    done = engine(equipped(command, version))
    assert done.returncode != 0
    assert "installing: docker.io\n" in done.stderr or "docker.io are missing" in done.stderr
    assert not (command.folder / "started").exists()


def test_what_it_did_not_start_it_does_not_stop(machine: StubDocker) -> None:
    done = engine(machine, "stop")
    assert done.returncode == 0
    assert "none is running that this script has started" in done.stderr


def test_what_it_did_start_it_ends_and_nothing_else(machine: StubDocker) -> None:
    for tool in ("sleep", "rm"):
        machine.tool(tool)
    place = machine.folder / "place"
    place.mkdir()
    other = subprocess.Popen(("/usr/bin/sleep", "60"))
    try:
        (place / "dockerd.pid").write_text(str(other.pid))
        assert "none is running" in engine(machine, "stop").stderr  # a number that was given to another program since
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    named = machine.folder / "real" / "dockerd"
    named.parent.mkdir()
    shutil.copy(shutil.which("sleep") or "", named)
    with subprocess.Popen((named, "60")) as started:
        (place / "dockerd.pid").write_text(str(started.pid))
        assert "has ended" in engine(machine, "stop").stderr
    assert not (place / "dockerd.pid").exists()


def test_another_word_is_refused(machine: StubDocker) -> None:
    assert engine(machine, "restart").returncode == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may install")
def test_who_is_not_root_is_told_what_is_missing(machine: StubDocker) -> None:
    (machine.folder / "debootstrap").unlink()
    done = engine(machine)
    assert done.returncode == 1
    assert "debootstrap are missing, and only root can install them: sudo .ci/engine" in done.stderr


def test_the_script_is_bash_that_parses() -> None:
    subprocess.run(("bash", "-n", SCRIPT), check=True)
    assert os.access(SCRIPT, os.X_OK)
