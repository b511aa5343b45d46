"""Numbers in words: bytes in decimal units, as disks and registries are sold and listed; things, one or many."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB")


def text(count: float) -> str:
    """Return a number of bytes for a person: `812 B`, `4.63 MB`, `807 MB`, `12.3 GB`; 1 kB is 1,000 bytes."""
    value, unit = float(count), 0
    while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 0 if unit == 0 or abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{digits}f} {_UNITS[unit]}"


def counted(number: int, thing: str) -> str:
    """Return how many there are, for a person: `0 sessions`, `1 session`, `2 sessions`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
