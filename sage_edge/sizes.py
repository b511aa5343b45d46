"""Numbers in words: bytes in decimal units, as disks and registries are sold and listed; things, one or many; times."""

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


def duration(seconds: float) -> str:
    """Return a length of time for a person, in whole units: `40 s`, `5 min`, `3 h`, `400 days`."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
