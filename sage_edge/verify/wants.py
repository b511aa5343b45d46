"""What can be wanted of one fact of a board: equal, among, containing, at least, at most, …"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sage_edge.names import shortened
from sage_edge.verify.check import CheckJudgement

FactValue = str | int | float | frozenset[str] | None
"""An answer about a board; None: it is not there, or nobody can say."""

_NUMBER = re.compile(r"(\d+)\.(\d+)")


class _Plain:
    """Judges by yes or no, and says what was found as it is; digests by their first 12 hex digits."""

    def judge(self, value: FactValue, /) -> CheckJudgement:
        return CheckJudgement("ok" if self.holds(value) else "fail", self.words(value))

    def holds(self, value: FactValue) -> bool:
        raise NotImplementedError

    def words(self, value: FactValue) -> str:
        return words(value)


@dataclass(frozen=True)
class Is(_Plain):
    """Exactly this. read_as: how people read it."""

    value: str | int
    read_as: str = ""

    def holds(self, value: FactValue) -> bool:
        return value == self.value

    def __str__(self) -> str:
        return self.read_as or words(self.value)


@dataclass(frozen=True)
class IfThere(_Plain):
    """This, or nothing at all."""

    value: str

    def holds(self, value: FactValue) -> bool:
        return value in (None, self.value)

    def __str__(self) -> str:
        return f"{words(self.value)} or nothing"


@dataclass(frozen=True)
class Among(_Plain):
    """One of these."""

    values: frozenset[str]

    def holds(self, value: FactValue) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return " or ".join(sorted(map(words, self.values)))


@dataclass(frozen=True)
class Holds(_Plain):
    """All of these, and whatever else."""

    values: frozenset[str]

    def holds(self, value: FactValue) -> bool:
        return isinstance(value, frozenset) and self.values <= value

    def words(self, value: FactValue) -> str:
        if not isinstance(value, frozenset) or not self.values <= value:
            return words(value)
        more = len(value - self.values)
        return f"{words(self.values)} and {more} more" if more else words(self.values)

    def __str__(self) -> str:
        return words(self.values)


@dataclass(frozen=True)
class NamedBy(_Plain):
    """A digest that begins with the 12 hex digits by which its folder is named."""

    short: str

    def holds(self, value: FactValue) -> bool:
        return isinstance(value, str) and value.startswith(f"sha256:{self.short}")

    def __str__(self) -> str:
        return self.short


@dataclass(frozen=True)
class Nothing(_Plain):
    """An empty set. read_as: what that means."""

    read_as: str = "none"

    def holds(self, value: FactValue) -> bool:
        return value == frozenset()

    def __str__(self) -> str:
        return self.read_as


@dataclass(frozen=True)
class NoneTold(_Plain):
    """An empty set; what is in another one is told as a warning, and a person decides. read_as: as `Nothing`."""

    read_as: str

    def judge(self, value: FactValue, /) -> CheckJudgement:
        return CheckJudgement("ok" if value == frozenset() else "warn", self.words(value))

    def __str__(self) -> str:
        return self.read_as


@dataclass(frozen=True)
class Something(_Plain):
    """Anything that is there."""

    read_as: str

    def holds(self, value: FactValue) -> bool:
        return value is not None

    def __str__(self) -> str:
        return self.read_as


@dataclass(frozen=True)
class _Number(_Plain):
    """A number held against a bound. write: how people write one."""

    bound: float
    write: Callable[[float], str]

    def words(self, value: FactValue) -> str:
        return self.write(value) if isinstance(value, (int, float)) else words(value)


class AtLeast(_Number):
    """A number not below the bound."""

    def holds(self, value: FactValue) -> bool:
        return isinstance(value, (int, float)) and value >= self.bound

    def __str__(self) -> str:
        return f"at least {self.write(self.bound)}"


class Within(_Number):
    """A number whose distance from zero is not above the bound; for what is never negative, just `at most`."""

    def holds(self, value: FactValue) -> bool:
        return isinstance(value, (int, float)) and abs(value) <= self.bound

    def __str__(self) -> str:
        return f"at most {self.write(self.bound)}"


_SKEW_S = 2.0


@dataclass(frozen=True)
class Young(_Plain):
    """An age in seconds that is not above the bound, and not below zero by more than a clock may be pushed back."""

    bound: float

    def holds(self, value: FactValue) -> bool:
        return isinstance(value, (int, float)) and -_SKEW_S <= value <= self.bound

    def words(self, value: FactValue) -> str:
        if not isinstance(value, (int, float)):
            return words(value)
        return in_seconds(value) if value >= -_SKEW_S else f"of the future, by {in_seconds(-value)}"

    def __str__(self) -> str:
        return f"at most {in_seconds(self.bound)}"


@dataclass(frozen=True)
class NotOlder(_Plain):
    """A version not below (major, minor); a text that begins with none is older than all."""

    least: tuple[int, int]

    def holds(self, value: FactValue) -> bool:
        number = _NUMBER.match(value) if isinstance(value, str) else None
        return number is not None and (int(number[1]), int(number[2])) >= self.least

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.least))} or newer"


def words(value: FactValue) -> str:
    """Return a fact as people read it."""
    if value is None:
        return "nothing"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return shortened(str(value))


def in_seconds(count: float) -> str:
    """Return seconds, to a tenth."""
    return f"{count:.1f} s"
