"""What a probe tells becomes a value, or an error that names the way out."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.remote.board import helper_zipapp as packing
from sage_edge.remote.board import probe
from sage_edge.remote.errors import UnreadableProbe
from tests.deploy.fleetfacts import NOW, SPROUT, TOLD, probed, told


def test_a_probe_is_read() -> None:
    found = probed()
    assert found.board.l4t == "36.4.7"
    assert found.board.soc == "tegra234"
    assert found.board.memory_bytes == 7802672 * 1024
    assert found.python == (3, 10)
    assert found.engine is not None
    assert found.engine.number == (26, 1)
    assert found.clock_ahead_s == 0.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
)


@given(st.sampled_from(sorted(TOLD)), JSON)
def test_whatever_stands_in_a_probe_it_is_read_or_refused(key: str, value: Any) -> None:
    answer = {**told(), key: value}
    with contextlib.suppress(UnreadableProbe):
        assert probe.parse(SPROUT, answer, NOW).host == SPROUT


@pytest.mark.parametrize("key", sorted(set(TOLD) - {"at", "uptime_s", "clock_doubt"}))
def test_a_missing_part_is_refused(key: str) -> None:
    answer = {name: value for name, value in TOLD.items() if name != key}
    with pytest.raises(UnreadableProbe):
        probe.parse(SPROUT, answer, NOW)


def test_the_packed_helper_tells_what_is_read_here(tmp_path: Path) -> None:
    helper = packing.packed()
    path = tmp_path / f"sage-host-{helper.short}.pyz"
    path.write_bytes(helper.content)
    done = subprocess.run(
        [sys.executable, "-I", str(path), "probe"], input="{}", capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    assert answer["helper"] == helper.short
    assert probe.parse(SPROUT, answer["result"], NOW).helper == helper.short


def test_packing_is_the_same_every_time() -> None:
    packing._packed.cache_clear()
    first = packing.packed().content
    packing._packed.cache_clear()
    assert packing.packed().content == first
