"""Sessions and their turns as rows of an export; text stays as the paper has it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sage_edge.analysis.corpus.headers import UNKNOWN
from sage_edge.records.dialogue import Dialogue, Exchange

TableRow = tuple[object, ...]
"""The values of one row, in the order of the table's columns."""


def session_row(session: Dialogue, *, counts: bool) -> TableRow:
    """Return a paper's row of the table `sessions`."""
    place = session.trial
    return (
        session.seal,
        session.provenance,
        session.host or UNKNOWN,
        session.individual,
        session.mind,
        session.track,
        session.number,
        session.label,
        session.standing,
        counts,
        session.unit,
        session.intervention,
        session.recommendation,
        place.trial if place else None,
        place.arm if place else None,
        place.block if place else None,
        place.place if place else None,
        place.counted if place else None,
        session.model,
        session.started,
        session.ended,
        session.due,
        session.late,
        list(session.remarks),
        session.system,
        len(session.exchanges),
        len(session.answers),
    )


def turn_rows(session: Dialogue) -> Iterator[TableRow]:
    """Yield a paper's rows of the table `turns`."""
    for exchange in session.exchanges:
        yield (
            session.seal,
            exchange.turn,
            exchange.kind,
            exchange.exercise,
            _expects(exchange),
            exchange.prompt,
            exchange.reply,
            exchange.verbatim,
            exchange.outcome,
            exchange.finish_reason,
            len(exchange.reply.split()),
        )


def _expects(exchange: Exchange) -> str | None:
    if exchange.expect is not None:
        return exchange.expect.model_dump_json()
    return json.dumps(exchange.expected, ensure_ascii=False) if exchange.expected else None
