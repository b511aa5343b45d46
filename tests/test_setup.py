"""`python3 tasks.py` on a fresh machine: the environment is made once; what was interrupted, the next start mends.

Python, git, venv and pip are what stands at the door here: a fake `venv` module makes a fake interpreter, whose
pip does what FAKE_PIP says. Everything else is the script as a user starts it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tasks
from sage_edge.errors import UsageError

ROOT = Path(tasks.__file__).parent

VENV = """
import os, pathlib, sys
home = pathlib.Path(sys.argv[-1])
if os.environ.get("FAKE_VENV") == "fail":
    sys.exit("no room for a venv")
with open(os.environ["FAKE_LOG"], "a") as log:
    print("venv", file=log)
(home / "bin").mkdir(parents=True, exist_ok=True)
(home / "bin" / "python").write_text(os.environ["FAKE_PYTHON"])
(home / "bin" / "python").chmod(0o755)
"""
PYTHON = """#!/bin/sh
case "$1 $2 $3" in
  "-c "*) exit 0 ;;
  "-m pip install")
    echo "pip $CMAKE_ARGS|$*" >> "$FAKE_LOG"
    case "$FAKE_PIP" in
      fail) seq 1 40; exit 9 ;;
      hang) trap 'echo ended >> "$FAKE_LOG"; exit 1' TERM
            while ! test -e "$FAKE_LOG.go"; do sleep 0.05; done ;;
    esac ;;
  "-m compileall "*) echo "$*" >> "$FAKE_LOG.compiled" ;;
  *) echo "became $*" ;;
esac
"""


class Machine:
    """A copy of the door in a folder of its own, on a machine whose venv and pip are fakes."""

    def __init__(self, folder: Path) -> None:
        self.house, self.log = folder / "house", folder / "log"
        (self.house / "sage_edge").mkdir(parents=True)
        for name in (
            "tasks.py",
            "pyproject.toml",
            "sage_edge/__init__.py",
            "sage_edge/errors.py",
            "sage_edge/sizes.py",
            "sage_edge/hints.py",
            "sage_edge/system_refusal.py",
        ):
            shutil.copy(ROOT / name, self.house / name)
        shutil.copytree(ROOT / "requirements", self.house / "requirements")
        shutil.copytree(ROOT / "sage_edge" / "workstation", self.house / "sage_edge" / "workstation")
        (folder / "fakes").mkdir()
        (folder / "fakes" / "venv.py").write_text(VENV)
        self.env = {**os.environ, "PYTHONPATH": str(folder / "fakes"), "FAKE_LOG": str(self.log), "FAKE_PYTHON": PYTHON}

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        # -S: no site-packages, as on a machine that has never seen invoke
        return subprocess.Popen(
            [sys.executable, "-S", "tasks.py", *words],
            cwd=self.house,
            env={**self.env, **env},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, **env: str) -> tuple[int, str, str]:
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    @property
    def did(self) -> list[str]:
        return [line.split()[0] for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def wait_for(self, *did: str) -> None:
        deadline = time.monotonic() + 30
        while self.did != list(did):
            assert time.monotonic() < deadline, self.did
            time.sleep(0.02)

    @property
    def stamp(self) -> Path:
        return self.house / ".venv" / tasks.STAMP


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_fresh_machine_is_set_up_once_and_handed_over(machine: Machine) -> None:
    code, out, err = machine.run("demo", "--into", "x")
    assert (code, machine.did) == (0, ["venv", "pip"])
    assert "there is no .venv yet" in err
    assert "minutes" in err
    house, inside = machine.house, machine.house / ".venv" / "bin"
    assert out == f"became {inside / 'invoke'} --search-root {house} demo --into x\n"

    code, _, err = machine.run("demo")
    assert (code, err, machine.did) == (0, "", ["venv", "pip"])
    assert machine.log.with_name("log.compiled").read_text() == "-m compileall -q sage_edge\n"


def test_pip_gets_our_versions_and_a_lean_build(machine: Machine) -> None:
    machine.run("demo", CMAKE_ARGS="-DGGML_NATIVE=OFF")
    args, words = machine.log.read_text().splitlines()[1].split("|")
    lean = machine.house / "requirements" / "llama.cmake"
    wanted = f"-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama.cpp_INCLUDE={lean}"
    assert args == f"pip {wanted} -DCMAKE_PROJECT_INCLUDE={machine.house / 'images/shared/compiled.cmake'}"
    assert words.endswith("-c requirements/constraints.txt -e .[practitioner,fleet,dev]")


def test_a_failed_pip_shows_its_end_and_the_next_start_tries_again(machine: Machine) -> None:
    code, _, err = machine.run("demo", FAKE_PIP="fail")
    lines = err.splitlines()
    assert code == 1
    assert lines[-1] == " next: all of it is in .venv/setup.log; then start again"
    assert [line.strip() for line in lines[-21:-1]] == [str(number) for number in range(21, 41)]
    assert not machine.stamp.exists()

    code, _, err = machine.run("demo")
    assert (code, machine.did) == (0, ["venv", "pip", "pip"])
    assert ".venv was not set up to its end" in err


def test_a_failed_venv_names_the_package(machine: Machine) -> None:
    code, _, err = machine.run("demo", FAKE_VENV="fail")
    assert code == 1
    assert "no room for a venv" in err
    assert "python3-venv" in err.splitlines()[-1]


def test_a_killed_setup_is_waited_for_and_taken_up(machine: Machine) -> None:
    first = machine.start("demo", FAKE_PIP="hang")
    machine.wait_for("venv", "pip")
    first.kill()  # its pip lives on and still writes into .venv
    first.communicate()
    second = machine.start("demo")
    assert second.stderr is not None
    assert "another setup of this folder is running" in second.stderr.readline()
    assert machine.did == ["venv", "pip"]
    machine.log.with_name("log.go").touch()
    out, err = second.communicate(timeout=60)
    assert (second.returncode, machine.did) == (0, ["venv", "pip", "pip"])
    assert "not set up to its end" in err
    assert out.startswith("became")


def test_two_at_once_set_up_once(machine: Machine) -> None:
    both = [machine.start("demo") for _ in range(2)]
    assert [(process.communicate(timeout=60), process.returncode)[1] for process in both] == [0, 0]
    assert machine.did == ["venv", "pip"]


def test_an_interrupt_takes_pip_along(machine: Machine) -> None:
    process = machine.start("demo", FAKE_PIP="hang")
    machine.wait_for("venv", "pip")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "sage-edge: interrupted; the next start goes on from here"
    assert machine.did == ["venv", "pip", "ended"]
    assert not machine.stamp.exists()


def _dependency(house: Path) -> None:
    text = (house / "pyproject.toml").read_text()
    (house / "pyproject.toml").write_text(text.replace("dependencies = [", 'dependencies = [\n  "attrs",', 1))


def _version(house: Path) -> None:
    with (house / "requirements" / "constraints.txt").open("a") as file:
        file.write("zzz==1\n")


def _lint_rule(house: Path) -> None:
    text = (house / "pyproject.toml").read_text()
    (house / "pyproject.toml").write_text(text.replace("line-length = 120", "line-length = 100", 1))


@pytest.mark.parametrize(("change", "again"), [(_dependency, ["pip"]), (_version, ["pip"]), (_lint_rule, [])])
def test_it_is_brought_up_to_date_only_when_its_inputs_change(
    machine: Machine, change: Callable[[Path], None], again: list[str]
) -> None:
    machine.run("demo")
    change(machine.house)
    code, _, err = machine.run("demo")
    assert (code, machine.did) == (0, ["venv", "pip", *again])
    assert ("what belongs into .venv has changed" in err) == bool(again)


def test_a_moved_folder_gets_a_new_one(machine: Machine) -> None:
    machine.run("demo")
    machine.house = machine.house.rename(machine.house.with_name("elsewhere"))
    code, _, err = machine.run("demo")
    assert (code, machine.did) == (0, ["venv", "pip", "venv", "pip"])
    assert "this folder was moved" in err


def test_a_vanished_interpreter_gets_a_new_one(machine: Machine) -> None:
    machine.run("demo")
    (machine.house / ".venv" / "bin" / "python").unlink()
    assert machine.run("demo")[0] == 0
    assert machine.did == ["venv", "pip", "venv", "pip"]


def test_a_bare_machine_is_told_what_it_lacks(machine: Machine, tmp_path: Path) -> None:
    code, out, err = machine.run("demo", PATH=str(tmp_path))
    assert (code, out, machine.did) == (2, "", [])
    assert err.splitlines() == [
        "error: this machine lacks git, a C compiler, a C++ compiler",
        f" next: {tasks.APT}",
    ]


def test_a_set_up_machine_needs_no_compiler_any_more(machine: Machine, tmp_path: Path) -> None:
    machine.run("demo")
    (tmp_path / "git").symlink_to(shutil.which("true") or "")
    for tool in ("sh", "env"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    assert machine.run("demo", PATH=str(tmp_path))[0] == 0


def test_another_compiler_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "ccache zig-cc")
    monkeypatch.setenv("CXX", "icpx")
    tasks.demand_tools({"git": "1", "ccache": "1", "icpx": "1"}.get, building=True)
    monkeypatch.delenv("CXX")
    with pytest.raises(UsageError, match=r"lacks a C\+\+ compiler$"):
        tasks.demand_tools({"git": "1", "ccache": "1", "cc": "1"}.get, building=True)


def test_an_old_python_is_told_which_one_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(UsageError, match=r"this is Python 3\.9, sage-edge needs 3\.10"):
        tasks.demand_tools(shutil.which, building=False)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_without_a_task_it_lists_them_and_sets_nothing_up(machine: Machine, words: list[str]) -> None:
    code, out, _ = machine.run(*words)
    assert (code, machine.did) == (0, [])
    listed = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert listed == set(tasks.ns.task_names)
