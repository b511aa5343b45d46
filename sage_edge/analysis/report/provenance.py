"""What the papers say of themselves: of how many it is known who, when, with which weights and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sage_edge.analysis.corpus import UNKNOWN
from sage_edge.analysis.report.blocks import Badge, Block, Cell, NumberCell, Section, Table
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.statistics import means
from sage_edge.sizes import counted

FACTS: tuple[tuple[str, Callable[[Session], bool]], ...] = (
    ("number of the session", lambda session: session.header.number is not None),
    ("host", lambda session: session.header.host not in (None, UNKNOWN)),
    ("phase or skill", lambda session: session.header.unit != UNKNOWN),
    ("intervention", lambda session: session.header.intervention != "none-recorded"),
    ("model", lambda session: session.header.model is not None),
    ("start", lambda session: session.header.started is not None),
    ("end", lambda session: session.header.ended is not None),
    ("slot that it served", lambda session: session.header.due is not None),
    ("finish reason of every answer", lambda session: bool(session.answers) and all(_ended(session))),
    ("recorded by sage-edge, hash-chained at the source", lambda session: session.header.provenance == "recorded"),
)
MANY = 12


def _ended(session: Session) -> list[bool]:
    return [answer.finish_reason is not None for answer in session.answers if answer.outcome == "ok"]


def section(content: ReportContent) -> Section:
    """Return what is known of the papers, which do not count as sessions, and what was refused."""
    n = len(content.sessions)
    blocks: list[Block] = []
    if n:
        blocks += [_facts(content), _standing(content)]
    remarks = Counter(remark for session in content.sessions for remark in session.header.remarks)
    if remarks:
        rows: tuple[tuple[Cell, ...], ...] = tuple((name, str(count)) for name, count in remarks.most_common())
        blocks.append(Table(("remark", "papers"), rows, "What a careful reader must know of some sessions."))
    if content.refused or content.problems:
        blocks.append(_problems(content))
    lead = f"{counted(n, 'paper')} read, {len(content.refused)} refused; the hash chain of every paper here is whole."
    return Section("provenance", "Provenance coverage", lead, tuple(blocks))


def _facts(content: ReportContent) -> Table:
    n = len(content.sessions)
    rows: list[tuple[Cell, ...]] = []
    for name, is_known in FACTS:
        known = sum(map(is_known, content.sessions))
        rows.append((name, f"{known} of {n}", NumberCell(means.rate(known, n), "provenance")))
    return Table(("what is recorded", "papers", "share (95 % interval)"), tuple(rows))


def _standing(content: ReportContent) -> Table:
    counts = Counter(
        (session.header.track or "no track", session.header.standing, session.counts) for session in content.sessions
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (track, standing, str(count), "yes" if counts_too else "no")
        for (track, standing, counts_too), count in sorted(counts.items())
    )
    note = "In statistics counts a session with a number that no other paper claims; no dry run, no experiment."
    return Table(("track", "standing", "papers", "counts"), rows, note)


def _problems(content: ReportContent) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (file.place, Badge("refused", "bad"), file.reason) for file in content.refused[:MANY]
    ]
    rows += [(problem.place, Badge("odd", "open"), problem.what) for problem in content.problems[:MANY]]
    more = len(content.refused) + len(content.problems) - len(rows)
    return Table(("where", "", "what is wrong"), tuple(rows), f"And {more} more." if more else "")
