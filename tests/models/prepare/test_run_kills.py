"""Two who prepare the same name at once, and processes that are killed while they do."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.errors import Locked
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare import plan, run
from sage_edge.models.prepare.plan import PlannedStage
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.resolve import Library
from tests.models import quick, tiny

ROOT = Path(__file__).parents[3]
STEPS = 8


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrepareContext:
    """A place to prepare in, with doubles at its doors, an empty store, and everything on this machine."""
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path)
    return quick.context(tmp_path)


def planned(context: PrepareContext) -> tuple[PlannedStage, ...]:
    """What is missing now."""
    return plan.plan(tiny.REF, context.cards, context.store, read_lock(context.fleet), home=context.home)


def start(folder: Path, at: int, when: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.models.quick", str(folder), str(at), when]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_second_who_prepares_a_name_is_told_who_does(tmp_path: Path, context: PrepareContext) -> None:
    with start(tmp_path, 0, "wait") as first:
        assert first.stdout is not None
        assert any(line == "merging\n" for line in first.stdout)
        with pytest.raises(Locked) as caught:
            run.prepare(tiny.REF, context)
        assert caught.value.message.startswith(f"the preparation of {tiny.REF} is in use by process {first.pid} since")
        assert caught.value.code == 5
        (tmp_path / "go").touch()
        assert first.wait(60) == 0
    assert planned(context) == ()


POINTS = [(at, when) for at in range(1, 40) for when in ("before", "after")]


@pytest.mark.parametrize(
    ("at", "when"),
    [
        pytest.param(at, when, marks=[] if number % 13 == 5 else pytest.mark.slow)
        for number, (at, when) in enumerate(POINTS)
    ],
)
def test_a_kill_costs_one_step_and_nothing_else(tmp_path: Path, context: PrepareContext, at: int, when: str) -> None:
    with start(tmp_path, at, when) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), err
    begun = [line for line in out.splitlines() if f"/{STEPS} " in line]
    left = planned(context)
    assert len(begun) - 1 <= STEPS - len(left) <= len(begun)
    run.prepare(tiny.REF, context)
    assert planned(context) == ()
    assert list(context.store.partial.iterdir()) == []
    Library(context.fleet, context.store.root).resolve(tiny.REF, deep=True)
