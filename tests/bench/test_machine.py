"""What the machine says of itself, from files like a board's: contention, clock, temperatures, cache, bandwidth."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.bench.bandwidth import memory_bandwidth
from sage_edge.bench.contention import Contention, ContentionWatch
from sage_edge.bench.machine_state import MachineState, machine_state
from sage_edge.bench.roofline import largest_cache


def put(root: Path, place: str, text: str) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text(text)


def stat(root: Path, **ticks: int) -> None:
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    put(root, "proc/stat", f"cpu  {' '.join(str(ticks.get(name, 0)) for name in names)} 0 0\ncpu0 1 2\n")


def test_what_others_had_and_what_was_stolen(tmp_path: Path) -> None:
    own = 0.0
    stat(tmp_path)
    watch = ContentionWatch(tmp_path, lambda: own)
    own = 1.0  # 100 ticks
    stat(tmp_path, user=130, idle=860, steal=10)
    assert watch.so_far() == Contention(0.01, 0.03)
    assert watch.so_far().complaints == ()
    stat(tmp_path, user=300, idle=650, steal=50)
    assert watch.so_far().complaints == (
        "5% of the processors' time was stolen by another machine (more than 2%)",
        "20% of the processors' time was used by other programs (more than 10%)",
    )


@pytest.mark.parametrize("text", ["", "cpu\n", "cpu 1 2\n", "cpu a b c d e f g h\n", "intr 1 2 3 4 5 6 7 8\n"])
def test_where_nobody_counts_nothing_is_said(tmp_path: Path, text: str) -> None:
    put(tmp_path, "proc/stat", text)
    assert ContentionWatch(tmp_path).so_far() == Contention(None, None)
    assert Contention(None, None).complaints == ()


def test_a_board_tells_its_state(tmp_path: Path) -> None:
    put(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1510400\n")
    put(tmp_path, "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "729600\n")
    put(tmp_path, "sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "48250\n")
    put(tmp_path, "sys/class/thermal/thermal_zone1/type", "cpu-thermal\n")
    put(tmp_path, "sys/class/thermal/thermal_zone1/temp", "47000\n")
    put(tmp_path, "sys/class/thermal/thermal_zone2/type", "\x1b[31mred\n")
    put(tmp_path, "sys/class/thermal/thermal_zone2/temp", "warm\n")
    put(tmp_path, "var/lib/nvpmodel/status", "pmode:0002 fmode:fanNull\n")
    temperatures = {"cpu-thermal": 48.25, "cpu-thermal thermal_zone1": 47.0}
    assert machine_state(tmp_path) == MachineState(1510.4, 2, temperatures)
    assert machine_state(tmp_path / "none") == MachineState(None, None, {})


def test_the_largest_cache_counts(tmp_path: Path) -> None:
    assert largest_cache(tmp_path) == 0
    for index, text in enumerate(("32K\n", "4096K\n", "8M\n", "garbage")):
        put(tmp_path, f"sys/devices/system/cpu/cpu0/cache/index{index}/size", text)
    assert largest_cache(tmp_path) == 8 << 20


def test_this_machine_reads_its_memory_at_some_speed() -> None:
    assert memory_bandwidth(1, block_bytes=8 << 20) > 1e8
