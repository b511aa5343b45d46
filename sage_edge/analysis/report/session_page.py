"""One session as a page: what its head says, every turn with its words and how it ended, every number and its rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sage_edge.analysis.report import glossary
from sage_edge.analysis.report.blocks import Block, Cell, Definition, LinkCell, Paragraphs, Quotation, Section, Table
from sage_edge.analysis.report.sections import Page
from sage_edge.analysis.series import Point, Series
from sage_edge.names import Digest
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.sizes import counted

FOOT = ("Generated, not written: the same papers make the same pages.",)


@dataclass(frozen=True)
class SessionScores:
    """Every series, and its points by the seals of their sessions."""

    series: Sequence[Series]
    points: Mapping[tuple[int, Digest], Point] = field(repr=False)

    @classmethod
    def of(cls, series: Sequence[Series]) -> SessionScores:
        """Return the points of some series, to be looked up."""
        points = {(at, point.seal): point for at, line in enumerate(series) for point in line.points}
        return cls(series, points)

    def about(self, seal: Digest) -> Iterator[tuple[Series, Point]]:
        """Yield the series in which a session has a point, and the point."""
        for at, line in enumerate(self.series):
            if (at, seal) in self.points:
                yield line, self.points[at, seal]


def compose(session: Dialogue, scores: SessionScores, around: Sequence[LinkCell]) -> Page:
    """Return the page of a session. session: with its words. around: the pages to which it leads."""
    headline = _headline(session)
    facts = Table(("", ""), tuple(_facts(session)))
    sections = [
        Section("facts", "What its head says", "All but its end was written before the first question.", (facts,))
    ]
    turns: tuple[Block, ...] = tuple(_turns(session))
    sections.append(Section("turns", "Every turn", f"{counted(len(session.exchanges), 'turn')}, as recorded.", turns))
    numbers = tuple(scores.about(session.seal))
    if numbers:
        lead = "By each scorer: the session's value, and what each answer was given. The rules stand below the numbers."
        sections.append(Section("scores", "What it was measured by", lead, tuple(_scores(numbers))))
    return Page(
        title=f"{session.label}: {session.mind}",
        about=(headline,),
        headline=headline,
        sections=tuple(sections),
        around=tuple(around),
        foot=FOOT,
    )


def _headline(session: Dialogue) -> str:
    when = f"on {session.started:%Y-%m-%d %H:%M} UTC" if session.started else "at a time that its paper does not tell"
    track = session.track or "session of no"
    return f"{session.label}, a {track} session with {session.mind}, held {when}."


def _facts(session: Dialogue) -> Iterator[tuple[Cell, ...]]:
    yield "host", session.host or "not told"
    yield "unit", session.unit
    yield "intervention", session.intervention
    if session.trial is not None:
        place = session.trial
        counts = "" if place.counted else ", a wash-out session, which is not counted"
        yield "trial", f"{place.trial.short}, arm {place.arm}, block {place.block}{counts}"
    yield "model", session.model or "not told"
    yield "began", f"{session.started:%Y-%m-%d %H:%M:%S} UTC" if session.started else "not told"
    yield "ended", f"{session.ended:%Y-%m-%d %H:%M:%S} UTC" if session.ended else "not told"
    if session.due is not None:
        yield "due", f"{session.due:%Y-%m-%d %H:%M} UTC{', held late' if session.late else ''}"
    if session.recommendation is not None:
        yield "recommended by", session.recommendation
    yield "standing", session.standing
    for remark in session.remarks:
        yield "remark", remark
    yield "seal", session.seal


def _turns(session: Dialogue) -> Iterator[Block]:
    if session.system:
        yield Definition("What the mind was told besides the questions", text=session.system)
    for exchange in session.exchanges:
        spoken = f"{exchange.reminder}\n{exchange.prompt}" if exchange.reminder else exchange.prompt
        yield Quotation(spoken, exchange.reply or "(nothing)", _ending(exchange), session.seal)


def _ending(exchange: Exchange) -> str:
    parts = [f"turn {exchange.turn}", exchange.kind]
    if exchange.exercise:
        parts.append(f"exercise {exchange.exercise}")
    if exchange.outcome != "ok":
        parts.append(exchange.outcome)
    parts.append(f"ended by {exchange.finish_reason}" if exchange.finish_reason else "how it ended is not recorded")
    return ", ".join(parts)


def _scores(numbers: Sequence[tuple[Series, Point]]) -> Iterator[Block]:
    rows: tuple[tuple[Cell, ...], ...] = tuple((line.name, _value(point), _marks(point)) for line, point in numbers)
    yield Table(("scorer and quantity", "value, n", "turn: mark"), rows, "A turn that is not listed was not judged.")
    rules = dict.fromkeys((line.scorer, line.version, line.definition) for line, _ in numbers)
    yield Paragraphs(tuple(f"{glossary.meaning(scorer, version)} ({rule})" for scorer, version, rule in rules))


def _value(point: Point) -> str:
    return f"{point.value:.3f}, n = {len(point.marks)}"


def _marks(point: Point) -> str:
    return "; ".join(f"{mark.turn}: {mark.value:.3g}" for mark in point.marks if mark.turn) or "about the whole session"
