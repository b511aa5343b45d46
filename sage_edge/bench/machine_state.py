"""What a machine's speed depends on and nobody sees in a result: its clock, its temperatures, its power mode.

<root>/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq    kHz
<root>/sys/class/thermal/thermal_zone*/type, temp              a name; thousandths of a degree Celsius
<root>/var/lib/nvpmodel/status                                 pmode:0002, on a Jetson
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_MODE = re.compile(r"pmode:(\d{1,4})\b")
_MOST = 64
"""Zones and processors that are read."""


@dataclass(frozen=True)
class MachineState:
    """Of one moment. clock_mhz: the fastest processor's; power_mode: nvpmodel's number. None where nobody says."""

    clock_mhz: float | None
    power_mode: int | None
    temperatures: dict[str, float] = field(default_factory=dict)


def machine_state(root: Path) -> MachineState:
    """Return what is so now below `root`, which is `/` on a board."""
    clocks = [
        kilohertz / 1000
        for path in _some(root, "sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq")
        if (kilohertz := _number(path)) is not None
    ]
    zones = {}
    for zone in _some(root, "sys/class/thermal/thermal_zone*"):
        if (degrees := _number(zone / "temp")) is not None:
            name = _text(zone / "type") or zone.name
            zones[name if name not in zones else f"{name} {zone.name}"] = degrees / 1000
    mode = _MODE.search(_text(root / "var/lib/nvpmodel/status"))
    return MachineState(max(clocks, default=None), int(mode[1]) if mode else None, zones)


def _some(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern))[:_MOST]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            text = stream.read(256).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return text if text.isprintable() else ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None
