"""What may be expected of one fact: equal, among, containing, at least, at most, …: values that judge and speak."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Found = str | int | float | frozenset[str] | None
"""What somebody found out; None: it is not there, or nobody can say."""

_NUMBER = re.compile(r"(\d+)\.(\d+)")


class Wants(Protocol):
    """An expectation of one fact; `str` of it is what people read."""

    def holds(self, found: Found) -> bool: ...
    def tell(self, found: Found) -> str: ...


class _Plain:
    """Tells what was found as it is; digests by their first 12 hex digits."""

    def tell(self, found: Found) -> str:
        return said(found)


@dataclass(frozen=True)
class Is(_Plain):
    """Exactly this. as_said: how people read it."""

    value: str | int
    as_said: str = ""

    def holds(self, found: Found) -> bool:
        return found == self.value

    def __str__(self) -> str:
        return self.as_said or said(self.value)


@dataclass(frozen=True)
class IfThere(_Plain):
    """This, or nothing at all."""

    value: str

    def holds(self, found: Found) -> bool:
        return found in (None, self.value)

    def __str__(self) -> str:
        return f"{said(self.value)} or nothing"


@dataclass(frozen=True)
class NotYet:
    """The state of the newest deployment where none serves: there was none, or it was taken back."""

    def holds(self, found: Found) -> bool:
        return found in (None, "reverted")

    def tell(self, found: Found) -> str:
        return "none yet" if found is None else f"none, though the newest deployment is {said(found)}"

    def __str__(self) -> str:
        return "one that serves, or none yet"


@dataclass(frozen=True)
class Among(_Plain):
    """One of these."""

    values: frozenset[str]

    def holds(self, found: Found) -> bool:
        return found in self.values

    def __str__(self) -> str:
        return " or ".join(sorted(map(said, self.values)))


@dataclass(frozen=True)
class Holds(_Plain):
    """All of these, and whatever else."""

    values: frozenset[str]

    def holds(self, found: Found) -> bool:
        return isinstance(found, frozenset) and self.values <= found

    def tell(self, found: Found) -> str:
        if not isinstance(found, frozenset) or not self.values <= found:
            return said(found)
        more = len(found - self.values)
        return f"{said(self.values)} and {more} more" if more else said(self.values)

    def __str__(self) -> str:
        return said(self.values)


@dataclass(frozen=True)
class NamedBy(_Plain):
    """A digest that begins with the 12 hex digits by which its folder is named."""

    short: str

    def holds(self, found: Found) -> bool:
        return isinstance(found, str) and found.startswith(f"sha256:{self.short}")

    def __str__(self) -> str:
        return self.short


@dataclass(frozen=True)
class Nothing(_Plain):
    """An empty set. as_said: what it would mean if it were not."""

    as_said: str = "none"

    def holds(self, found: Found) -> bool:
        return found == frozenset()

    def __str__(self) -> str:
        return self.as_said


@dataclass(frozen=True)
class Something(_Plain):
    """Anything that is there."""

    as_said: str

    def holds(self, found: Found) -> bool:
        return found is not None

    def __str__(self) -> str:
        return self.as_said


@dataclass(frozen=True)
class AtLeast:
    """A number not below this; say: how to write one."""

    least: float
    say: Callable[[float], str]

    def holds(self, found: Found) -> bool:
        return isinstance(found, (int, float)) and found >= self.least

    def tell(self, found: Found) -> str:
        return self.say(found) if isinstance(found, (int, float)) else said(found)

    def __str__(self) -> str:
        return f"at least {self.say(self.least)}"


@dataclass(frozen=True)
class Within:
    """A number whose distance from zero is not above this; say: how to write one."""

    most: float
    say: Callable[[float], str]

    def holds(self, found: Found) -> bool:
        return isinstance(found, (int, float)) and abs(found) <= self.most

    def tell(self, found: Found) -> str:
        return self.say(found) if isinstance(found, (int, float)) else said(found)

    def __str__(self) -> str:
        return f"at most {self.say(self.most)}"


@dataclass(frozen=True)
class NotOlder(_Plain):
    """A version not below (major, minor); a text that begins with none is older than all."""

    least: tuple[int, int]

    def holds(self, found: Found) -> bool:
        number = _NUMBER.match(found) if isinstance(found, str) else None
        return number is not None and (int(number[1]), int(number[2])) >= self.least

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.least))} or newer"


def said(found: Found) -> str:
    """A fact as people read it."""
    if found is None:
        return "nothing"
    if isinstance(found, frozenset):
        return ", ".join(sorted(found)) or "none"
    text = str(found)
    return text[7:19] if text.startswith("sha256:") else text


def in_bytes(count: float) -> str:
    """Bytes as megabytes or gigabytes."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def in_seconds(count: float) -> str:
    """Seconds, to a tenth."""
    return f"{count:.1f} s"
