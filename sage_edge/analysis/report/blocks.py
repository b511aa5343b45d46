"""What a report is made of, before it becomes a page or a Markdown file: sections of words, tables and pictures.

    Section ── Words | Table | Figure | Definition     every text in them is plain text; the page sanitizes it

A number about scores enters only as `NumberCell`, which cannot be made without the scorer that it is by, its n and its
interval, or the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sage_edge.analysis.statistics.estimate import Estimate
from sage_edge.names import Digest

Tone = Literal["good", "bad", "open", "plain"]


@dataclass(frozen=True)
class Badge:
    """A word that stands out."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class NumberCell:
    """An estimate with the scorer that it is by, like `raising/1 d5`, or with the rule that counted it."""

    estimate: Estimate
    by: str
    digits: int = 2

    def __str__(self) -> str:
        """`0.53 (0.41 to 0.66), n = 10`, or `none (needs n >= 4), n = 2`; the scorer stands beside it."""
        return told(self.estimate, self.digits)


@dataclass(frozen=True)
class LinkCell:
    """A name that leads to another page of the same folder. to: its place, made of nothing that others wrote."""

    text: str
    to: str

    def __str__(self) -> str:
        """The name alone."""
        return self.text


NARROW = "\u00a0"
"""A space at which no line is broken."""

Cell = str | Badge | NumberCell | LinkCell


@dataclass(frozen=True)
class Paragraphs:
    """Paragraphs."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under heads. note: what a reader must know of it. folded: a name to fold it away under, if long."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture and the words that say what it shows. draw: returns its `<svg>` element, when it is wanted."""

    draw: Callable[[], str]
    caption: str


@dataclass(frozen=True)
class Definition:
    """A thing that is folded away until asked for: its name, lines about it, a table, text kept as it is written."""

    name: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    text: str = ""


@dataclass(frozen=True)
class Quotation:
    """What was answered to a question, whole. where: the session and the turn; seal: of that session."""

    question: str
    answer: str
    where: str
    seal: Digest


Block = Paragraphs | Table | Figure | Definition | Quotation


@dataclass(frozen=True)
class Section:
    """A part of the report under a title; `lead` is its one sentence for readers in a hurry."""

    key: str
    title: str
    lead: str
    blocks: tuple[Block, ...] = ()


def told(estimate: Estimate, digits: int = 2) -> str:
    """Return an estimate in words: value, interval, n; where one does not exist, why."""
    n = f"n{NARROW}={NARROW}{estimate.n}"
    if estimate.value is None:
        return f"none ({estimate.undefined}), {n}"
    value = f"{estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return f"{value} (no interval: {estimate.undefined.removeprefix('interval: ')}), {n}"
    return f"{value} ({estimate.low:.{digits}f}{NARROW}to{NARROW}{estimate.high:.{digits}f}), {n}"


def chance(p: float | None, why: str = "") -> str:
    """Return a p-value in words."""
    if p is None:
        return f"none ({why})" if why else "none"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
