"""Whether sessions were held when they were due: slots kept, late, missed, and the gaps between sessions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.report.blocks import Block, Cell, Figure, Number, Section, Table
from sage_edge.analysis.report.content import Content
from sage_edge.analysis.report.slots import STRAY, Lane, lanes
from sage_edge.analysis.statistics import means

KEPT = timedelta(minutes=10)
_NONE = timedelta(-1)
LONG_H, SHORT_H = 13.0, 5.0
WORST = 8


def section(content: Content) -> Section | None:
    """Return how the schedule was kept, or None where no session says when it began."""
    found = lanes(content)
    if not found:
        return None
    blocks: list[Block] = [_table(found)]
    if any(one.gaps for one in found):
        blocks.insert(0, _figure(found))
    blocks += _longest(found)
    return Section("schedule", "Schedule adherence", " ".join(map(_said, found)), tuple(blocks))


def _said(lane: Lane) -> str:
    kept = f"{lane.between(_NONE, KEPT)} of {len(lane.slotted)} sessions began within 10 minutes of their slot"
    return f"{lane.name.capitalize()}: {kept}; between the first and the last, {lane.missed} slots had none."


def _figure(found: Sequence[Lane]) -> Figure:
    shown = found[:4]  # as many as the picture can tell apart
    points = [[(held.told.number or 0, hours) for held, hours in one.gaps] for one in shown]
    usual = shown[0].every.total_seconds() / 3600
    picture = partial(plots.gaps, "schedule-gaps", "hours between sessions", [one.name for one in shown], points, usual)
    return Figure(
        picture, "Time since the session before it, by session number; the dashed line is the slots' distance."
    )


def _table(found: Sequence[Lane]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("sessions with a start time", *(str(len(one.held)) for one in found)),
        ("sessions without", *(str(one.unknown) for one in found)),
        ("within 10 min of the slot", *(_share(one, _NONE, KEPT) for one in found)),
        ("10 to 60 min away", *(_share(one, KEPT, STRAY) for one in found)),
        ("further away: at no slot", *(_share(one, STRAY, timedelta.max) for one in found)),
        ("marked late by the runner", *(str(sum(held.told.late for held in one.held)) for one in found)),
        ("slots missed", *(str(one.missed) for one in found)),
        ("slots served twice", *(str(one.doubled) for one in found)),
        ("median gap", *(_median(one) for one in found)),
        (f"gaps over {LONG_H:g} h", *(str(sum(hours > LONG_H for _, hours in one.gaps)) for one in found)),
        (f"gaps under {SHORT_H:g} h", *(str(sum(hours < SHORT_H for _, hours in one.gaps)) for one in found)),
    ]
    note = (
        "By the schedule rule, no scorer: shares with Wilson's 95 % interval, n in sessions. Slots of the older system "
        "are not recorded; they are every 6 hours of its local time."
    )
    return Table(("", *(one.name for one in found)), tuple(rows), note)


def _share(lane: Lane, least: timedelta, most: timedelta) -> Number:
    return Number(means.rate(lane.between(least, most), len(lane.slotted)), "schedule")


def _median(lane: Lane) -> str:
    return f"{statistics.median(hours for _, hours in lane.gaps):.1f} h" if lane.gaps else "none"


def _longest(found: Sequence[Lane]) -> list[Block]:
    worst = [(lane.name, held, hours) for lane in found for held, hours in lane.gaps if hours > LONG_H]
    worst.sort(key=lambda row: -row[2])
    rows: list[tuple[Cell, ...]] = [
        (name, held.told.label, f"{hours:.1f} h", f"{held.started:%Y-%m-%d %H:%M} UTC")
        for name, held, hours in worst[:WORST]
    ]
    heads = ("track", "session", "gap before it", "began")
    return [Table(heads, tuple(rows), f"The longest gaps over {LONG_H:g} h.")] if rows else []
