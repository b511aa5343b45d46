"""Whether sessions were held when they were due: slots kept, late, missed, and the gaps between sessions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.report.blocks import Block, Cell, Figure, NumberCell, Section, Table
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.report.slots import STRAY, Lane, lanes
from sage_edge.analysis.statistics import means

KEPT = timedelta(minutes=10)
_NONE = timedelta(-1)
LONG_H, SHORT_H = 13.0, 5.0
WORST = 8


def section(content: ReportContent) -> Section | None:
    """Return how the schedule was kept, or None where no session says when it began."""
    all_lanes = lanes(content)
    if not all_lanes:
        return None
    blocks: list[Block] = [_table(all_lanes)]
    if any(lane.gaps for lane in all_lanes):
        blocks.insert(0, _figure(all_lanes))
    blocks += _longest(all_lanes)
    return Section("schedule", "Schedule adherence", " ".join(map(_said, all_lanes)), tuple(blocks))


def _said(lane: Lane) -> str:
    kept = f"{lane.between(_NONE, KEPT)} of {len(lane.slotted)} sessions began within 10 minutes of their slot"
    return f"{lane.name.capitalize()}: {kept}; between the first and the last, {lane.missed} slots had none."


def _figure(all_lanes: Sequence[Lane]) -> Figure:
    shown = all_lanes[:4]  # as many as the picture can tell apart
    points = [[(held.header.number or 0, hours) for held, hours in lane.gaps] for lane in shown]
    usual = shown[0].every.total_seconds() / 3600
    picture = partial(
        plots.gaps, "schedule-gaps", "hours between sessions", [lane.name for lane in shown], points, usual
    )
    return Figure(
        picture, "Time since the session before it, by session number; the dashed line is the slots' distance."
    )


def _table(all_lanes: Sequence[Lane]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("sessions with a start time", *(str(len(lane.held)) for lane in all_lanes)),
        ("sessions without", *(str(lane.unknown) for lane in all_lanes)),
        ("within 10 min of the slot", *(_share(lane, _NONE, KEPT) for lane in all_lanes)),
        ("10 to 60 min away", *(_share(lane, KEPT, STRAY) for lane in all_lanes)),
        ("further away: at no slot", *(_share(lane, STRAY, timedelta.max) for lane in all_lanes)),
        ("marked late by the runner", *(str(sum(held.header.late for held in lane.held)) for lane in all_lanes)),
        ("slots missed", *(str(lane.missed) for lane in all_lanes)),
        ("slots served twice", *(str(lane.doubled) for lane in all_lanes)),
        ("median gap", *(_median(lane) for lane in all_lanes)),
        (f"gaps over {LONG_H:g} h", *(str(sum(hours > LONG_H for _, hours in lane.gaps)) for lane in all_lanes)),
        (f"gaps under {SHORT_H:g} h", *(str(sum(hours < SHORT_H for _, hours in lane.gaps)) for lane in all_lanes)),
    ]
    note = (
        "By the schedule rule, no scorer: shares with Wilson's 95 % interval, n in sessions. Slots of the older system "
        "are not recorded; they are every 6 hours of its local time."
    )
    return Table(("", *(lane.name for lane in all_lanes)), tuple(rows), note)


def _share(lane: Lane, least: timedelta, most: timedelta) -> NumberCell:
    return NumberCell(means.rate(lane.between(least, most), len(lane.slotted)), "schedule")


def _median(lane: Lane) -> str:
    return f"{statistics.median(hours for _, hours in lane.gaps):.1f} h" if lane.gaps else "none"


def _longest(all_lanes: Sequence[Lane]) -> list[Block]:
    worst = [(lane.name, held, hours) for lane in all_lanes for held, hours in lane.gaps if hours > LONG_H]
    worst.sort(key=lambda row: -row[2])
    rows: list[tuple[Cell, ...]] = [
        (name, held.header.label, f"{hours:.1f} h", f"{held.started:%Y-%m-%d %H:%M} UTC")
        for name, held, hours in worst[:WORST]
    ]
    heads = ("track", "session", "gap before it", "began")
    return [Table(heads, tuple(rows), f"The longest gaps over {LONG_H:g} h.")] if rows else []
