"""A stop request ends what a stage waits for, with all that it started, and the command says that it was stopped."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.cli import environment
from sage_edge.models.errors import ModelWorkInterrupted
from sage_edge.models.prepare import gguf_tools, run, stages
from tests.benchmarks import random_gguf
from tests.models import quick, tiny
from tests.models.prepare.test_run import sizes_of
from tests.models.prepare.test_smoke import SHAPE
from tests.models.test_sandbox import FAMILY, require_ended, stopped

STAGES = sorted(Path(stages.__file__).parent.glob("*.py"))
SITE = """
import sys
if "sage_edge.models.prepare.smoke" in sys.orig_argv:
    exec({family!r})
"""
"""What makes the smoke test's child wait for ever."""


def stoppable_calls(source: Path) -> Iterator[tuple[str, bool]]:
    """Yield each call of a stage that can be stopped, and whether it hands the stop request on."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not isinstance(node.func.value, ast.Name):
            continue
        try:
            module = importlib.import_module(f"sage_edge.models.prepare.{node.func.value.id}")
            parameters = inspect.signature(getattr(module, node.func.attr)).parameters
        except (ImportError, AttributeError):
            continue
        if "stop" in parameters:
            handed = [ast.unparse(word.value) for word in node.keywords if word.arg == "stop"]
            yield ast.unparse(node.func), handed == ["context.stop"]


def test_every_stage_hands_the_stop_request_to_what_it_waits_for() -> None:
    calls = [call for source in STAGES for call in stoppable_calls(source)]
    assert {name for name, _ in calls} == {
        "dequantise.dequantise",
        "gguf_tools.convert",
        "gguf_tools.quantise",
        "gguf_tools.widen",
        "merge.merge",
        "merge_proof.measure",
        "parity.compare",
        "smoke.ask",
    }
    assert [name for name, is_handed in calls if not is_handed] == []


def finished(folder: Path) -> Path:
    """A fleet whose model is a finished GGUF file: it is imported, asked, locked."""
    (folder / "gguf").mkdir()
    random_gguf.write(folder / "gguf" / "m.gguf", SHAPE)
    alone = {"base": ..., "adapter": ..., "steps": [], "source": {"directory": "gguf"}, "files": ["m.gguf"]}
    return tiny.declare(folder / "fleet", tiny.cards({"directory": "base"}, {}, sizes_of(SHAPE), **alone))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_smoke_test_at_once(tmp_path: Path, number: signal.Signals) -> None:
    note, site = tmp_path / "pids", tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE.format(family=FAMILY.format(note=str(note))))
    env = {**os.environ, "SAGE_FLEET": str(finished(tmp_path)), "SAGE_MODELS": str(tmp_path / "store")}
    words = (sys.executable, "-m", "sage_edge", "model", "prepare", tiny.REF, "--yes")
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        words, env={**env, "PYTHONPATH": f"{site}{os.pathsep}{root}"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        stopped(threading.Event(), note)
        process.send_signal(number)
        began = time.monotonic()
        _, complaint = process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert f"stopped at: smoke {tiny.REF}\n next: the same command goes on from there" in complaint.decode()
    require_ended(note)


def test_a_stopped_quantiser_is_no_failure_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    monkeypatch.setattr(gguf_tools, "_QUANTISER", "import time; time.sleep(60)")
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(ModelWorkInterrupted):
        gguf_tools.quantise(tmp_path / "m.gguf", tmp_path / "out.gguf", "q4_0", stop=stop)


def test_a_stop_during_a_step_names_the_step(tmp_path: Path) -> None:
    finished(tmp_path)
    context = quick.context(tmp_path)
    context.stop.set()
    with pytest.raises(ModelWorkInterrupted, match="stopped at: import "):
        run.prepare(tiny.REF, context)


def test_what_never_asks_is_cut_short() -> None:
    """A copy from a board that says nothing."""
    stop, handlers = threading.Event(), [signal.getsignal(number) for number in environment.STOPPING]
    asked = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    asked.start()
    with pytest.raises(KeyboardInterrupt), environment.cut_short(stop):
        time.sleep(60)
    assert stop.is_set()
    with pytest.raises(KeyboardInterrupt), environment.cut_short(stop):
        raise AssertionError("it was stopped before")
    for number, handler in zip(environment.STOPPING, handlers, strict=True):
        signal.signal(number, handler)
    with environment.cut_short(threading.Event()):
        pass
    assert [signal.getsignal(number) for number in environment.STOPPING] == handlers
