"""What became of a claim: as it was stated, as it replays, as it looks when measured rightly, and the verdict.

    ClaimFinding
      replayed, corrected, others    Reading: one number with its scorers, sessions, n, interval, method and seed
      evidence                       the transcripts and turns that the numbers were made of
      verdict                        supported | not supported | cannot tell, and then how many it would need

A number without the scorer that made it cannot be written: a reading names its scorers with version and definition, or
the source of the figures that were recorded by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from sage_edge.names import Digest, Slug, Track
from sage_edge.records.base import Record

Verdict = Literal["supported", "not supported", "cannot tell"]
Scope = Literal["record", "law"]
Measures = Literal["correlation", "difference", "two-state gain", "slope", "ratio", "exponent"]
Unit = Literal["sessions", "answers", "questions", "sizes"]

SYMBOLS: Mapping[Measures, str] = {
    "correlation": "r = ",
    "difference": "change ",
    "two-state gain": "gain in BIC ",
    "slope": "per session ",
    "ratio": "times ",
    "exponent": "exponent ",
}
"""How each measure is told to people, before its number."""


class ScoredBy(Record):
    """A quantity of a scorer; two numbers are comparable only if the definition is the same."""

    scorer: Slug
    version: int = Field(ge=1)
    quantity: Slug
    definition: Digest

    @property
    def name(self) -> str:
        """`raising/1 d5`."""
        return f"{self.scorer}/{self.version} {self.quantity}"


class Reading(Record):
    """One number about some sessions. value, low, high, p: None where they do not exist; `undefined` then says why.

    label: what was done, for people. recorded_in: the source of figures that no scorer made; empty otherwise.
    sessions: the first and last label and how many, for people. n counts `unit`s. method, test: with their sources.
    notes: what else was seen, a sentence each.
    """

    label: str
    measures: Measures
    scored_by: tuple[ScoredBy, ...]
    recorded_in: str = ""
    sessions: str
    n: int = Field(ge=0)
    unit: Unit
    value: float | None
    low: float | None
    high: float | None
    p: float | None = Field(ge=0, le=1)
    method: str
    test: str
    seed: int | None
    undefined: str = ""
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.scored_by and not self.recorded_in:
            raise ValueError("a number needs the scorer that made it, or the source that recorded it")
        if self.value is None and not self.undefined:
            raise ValueError("a number that does not exist needs a reason")
        return self

    @property
    def told(self) -> str:
        """The number for people: `r = 0.953 (0.807 to 0.989), n = 10 sessions`."""
        count = f"n = {self.n} {self.unit}"
        if self.value is None:
            return f"undefined: {self.undefined}, {count}"
        number = f"{SYMBOLS[self.measures]}{_short(self.value)}"
        if self.low is None or self.high is None:
            return f"{number} (no interval), {count}"
        return f"{number} ({_short(self.low)} to {_short(self.high)}), {count}"


def _short(number: float) -> str:
    """Three places, or four where three would hide a small number; never a negative nothing."""
    places = 3 if abs(number) >= 0.01 or number == 0 else 4
    return f"{round(number, places) + 0.0:.{places}f}"


class Evidence(Record):
    """A transcript that a claim was tested on, by its seal, and the turns that were scored (0: the whole session)."""

    transcript: Digest
    label: str
    turns: tuple[int, ...]


class SideNeed(Record):
    """What one side of a comparison has and lacks. side: its name, empty where there is only one."""

    side: str
    n: int = Field(ge=0)
    more: int = Field(ge=0)


class ClaimFinding(Record):
    """A claim and what is left of it.

    host, mind, models: whose sessions it was tested on, and with which models they were conducted, as far as known.

    stated: the number as it was stated, if there was one; as_stated: its words. criterion: what would bear it out.
    scope: `record` speaks of what these sessions did, `law` of what sessions do. p_adjusted: the corrected reading's p,
    adjusted for the `tests` of this report. needs: with `cannot tell`, how many `needs_unit` it takes, None if no
    number would do; more: what of that is lacking; closed: no session can be added any more. published: the verdict
    that an earlier rule had on the seeds' own sessions.
    """

    format: Literal[1] = 1
    claim: Slug
    statement: str
    source: str
    scope: Scope
    track: Track | None
    as_stated: str
    stated: float | None
    criterion: str
    replayed: Reading
    corrected: Reading
    others: tuple[Reading, ...] = ()
    verdict: Verdict
    because: str
    needs: int | None = Field(default=None, ge=1)
    needs_unit: str = ""
    p_adjusted: float | None = Field(ge=0, le=1)
    adjustment: str
    tests: int = Field(ge=0)
    seed: int
    evidence: tuple[Evidence, ...]
    caveats: tuple[str, ...] = ()
    host: str | None = None
    mind: str | None = None
    models: tuple[str, ...] = ()
    more: tuple[SideNeed, ...] = ()
    closed: bool = False
    published: Verdict | None = None

    @property
    def beside(self) -> str:
        """The verdict that was published before, for people, where there is one; empty otherwise."""
        return (
            f"published before of the seeds' sessions, by an earlier rule: {self.published}" if self.published else ""
        )

    @property
    def told(self) -> str:
        """The verdict for people: `cannot tell: needs 8 sessions more (n >= 58)`."""
        if self.verdict != "cannot tell":
            return self.verdict
        if self.closed:
            would = f"; n >= {self.needs} {self.needs_unit} would tell" if self.needs else ""
            return f"cannot tell: this record is over{would}"
        if self.needs is None:
            undefined = self.corrected.undefined if self.corrected.value is None else ""
            return f"cannot tell: {undefined or 'no n can be named'}"
        lacking = [side for side in self.more if side.more]
        if not lacking:
            return f"cannot tell: needs n >= {self.needs} {self.needs_unit}".rstrip()
        unit, _, each = self.needs_unit.partition(" ")
        counts = ", ".join(
            f"{side.more} {unit} more {side.side}".rstrip() if not at else f"{side.more} {side.side}"
            for at, side in enumerate(lacking)
        )
        return f"cannot tell: needs {counts} (n >= {self.needs}{' ' * bool(each)}{each})"
