"""How much of the processors somebody else had while something was measured: other programs, or another machine's.

Linux counts in `proc/stat` what all processors did, in ticks since the start:

    cpu  user nice system idle iowait irq softirq steal …

`steal` is what the machine below gave to others. One virtual machine swung from 32 to 525 s for the same work.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STOLEN, OTHERS = 0.02, 0.10
"""Shares of the processors' time above which a run says little about this machine."""

_STAT = "proc/stat"
_IDLE, _WAITING, _STOLEN, _FIRST = 3, 4, 7, 8


@dataclass(frozen=True)
class Contention:
    """Shares of all processors' time that were stolen, and that other programs had; None where nobody counts."""

    stolen: float | None
    others: float | None

    @property
    def complaints(self) -> tuple[str, ...]:
        """Return why the run is contended, in a few words each; none: it is not."""
        both = (("stolen by another machine", self.stolen, STOLEN), ("used by other programs", self.others, OTHERS))
        return tuple(
            f"{share:.0%} of the processors' time was {what} (more than {most:.0%})"
            for what, share, most in both
            if share is not None and share > most
        )


class ContentionWatch:
    """Counts from its making on. root: `/`. own: seconds of processor time that this program has had by now."""

    def __init__(self, root: Path, own: Callable[[], float] | None = None) -> None:
        self._root, self._own = root, own or _own_s
        self._ticks, self._own_before = _ticks(root), self._own()

    def so_far(self) -> Contention:
        """Return what was so since the making."""
        now, before = _ticks(self._root), self._ticks
        if not now or not before or (passed := sum(now) - sum(before)) <= 0:
            return Contention(None, None)
        spent = [later - earlier for earlier, later in zip(before, now, strict=True)]
        busy = passed - spent[_IDLE] - spent[_WAITING] - spent[_STOLEN]
        own = (self._own() - self._own_before) * os.sysconf("SC_CLK_TCK")
        return Contention(spent[_STOLEN] / passed, max(0.0, busy - own) / passed)


def _own_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _ticks(root: Path) -> tuple[int, ...]:
    """The counts of all processors; none where they cannot be read."""
    try:
        words = (root / _STAT).read_text("utf-8", errors="replace").partition("\n")[0].split()
        counts = tuple(map(int, words[1 : _FIRST + 1]))
    except (OSError, ValueError):
        return ()
    return counts if words[:1] == ["cpu"] and len(counts) == _FIRST else ()
