"""What the older scorers concluded session by session, as tables and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sage_edge import sanitize
from sage_edge.cli import render

if TYPE_CHECKING:
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.older_details import Detail
    from sage_edge.names import Track
    from sage_edge.scorers import Scorer

_SENTENCES = 3
"""Columns at the end of a row that may be wrapped."""


def tables(of_mind: Corpus, track: Track, scorers: Sequence[Scorer]) -> None:
    """Print a table for each scorer of an older system: one row a session."""
    for scorer, rows in _concluded(of_mind, track, scorers):
        heads = tuple(rows[0])
        render.line(f"{scorer.id}/{scorer.version} by session, as the older system concluded", "bold")
        cells = [tuple(_cell(row[head]) for head in heads) for row in rows]
        render.table(heads, cells, wrapped=_SENTENCES)


def documents(corpus: Corpus, host: str, mind: str, track: Track, scorers: Sequence[Scorer]) -> list[dict[str, object]]:
    """Return the same for a document."""
    return [
        {
            "host": host,
            "mind": mind,
            "track": track,
            "scorer": scorer.id,
            "version": scorer.version,
            "definition": scorer.definition,
            "sessions": rows,
        }
        for scorer, rows in _concluded(corpus.of(host, mind), track, scorers)
    ]


def _concluded(of_mind: Corpus, track: Track, scorers: Sequence[Scorer]) -> Iterator[tuple[Scorer, Sequence[Detail]]]:
    from sage_edge.analysis.older_details import details
    from sage_edge.scorers import LEGACY

    older = [scorer for scorer in scorers if scorer in LEGACY and track in scorer.tracks]
    if not older:
        return
    sessions = of_mind.read_all([header.seal for header in of_mind.sessions(track)])
    for scorer in older:
        if rows := details(scorer.id, sessions):
            yield scorer, rows


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else sanitize.terminal(str(value))
