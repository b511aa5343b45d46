"""Killed at many random moments, over and over: what has arrived stays, and in the end the model is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sage_edge.model_sync.sync import SyncOrder, sync
from sage_edge.models.store.store import Store
from sage_edge.names import HostName
from tests.deploy import weights
from tests.deploy.boards import Board, needs_ssh
from tests.deploy.weights import REF
from tests.model_sync.test_sync import MIB, THOR, child_words

pytestmark = [needs_ssh, pytest.mark.full]


def test_killed_again_and_again_the_bytes_only_grow(
    fleet: Path, store: Store, thor: Board, tmp_path: Path, kills: int
) -> None:
    size = 96 * MIB
    manifest = weights.model(store, REF, [("model.gguf", "weights", os.urandom(size))])
    part = thor.store.partial / "sync" / f"sha256-{manifest.files[0].digest[7:]}"
    words = child_words(fleet, store, 48 * MIB)
    draw, arrived = random.Random(5), 0
    for _ in range(min(kills, 20)):
        child = subprocess.Popen(words, start_new_session=True)
        until = min(arrived + draw.randrange(4 * MIB), size * 9 // 10)
        while child.poll() is None and _size(part) <= until:
            time.sleep(0.005)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        assert _size(part) >= arrived
        arrived = _size(part)
        assert thor.store.refs() == ()
    done = sync(SyncOrder(REF, HostName(THOR)), fleet, store, lambda *_: None)
    assert done.crossed_bytes <= size - arrived + 4 * MIB
    assert weights.held(thor.store, manifest, tmp_path / "seen")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
