"""What researchers expected of a mind's next sessions, and how near that came, as `analyse --exchange` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sage_edge import sanitize
from sage_edge.cli import render
from sage_edge.cli.environment import log

if TYPE_CHECKING:
    from sage_edge.analysis.corpus import Corpus
    from sage_edge.analysis.outlooks import ScoredOutlook


def tables(corpus: Corpus, host: str | None, mind: str | None) -> None:
    """Print a table for each mind of which something was forecast; nothing for a folder, which has no branches."""
    from sage_edge.analysis.report.outlooks import expected

    for name, outlooks in _of_each(corpus, host, mind):
        rows = [
            (
                known.outlook.name,
                f"{known.outlook.first}-{known.outlook.last}",
                expected(known.outlook.forecast),
                expected(known.outlook.unchanged),
                known.became,
            )
            for known in outlooks
        ]
        render.line(f"{sanitize.terminal(name)}: what was expected of each session before it", "bold")
        render.table(("outcome", "sessions", "forecast", "no change", "became"), rows, wrapped=4)
        click.echo()


def documents(corpus: Corpus, host: str | None, mind: str | None) -> list[dict[str, object]]:
    """Return each outlook with its score, as JSON has it."""
    return [
        {
            **known.outlook.model_dump(mode="json"),
            "id": known.outlook.fingerprint(),
            "score": known.score.model_dump(mode="json") if known.score else None,
        }
        for _, outlooks in _of_each(corpus, host, mind)
        for known in outlooks
    ]


def _of_each(corpus: Corpus, host: str | None, mind: str | None) -> Iterator[tuple[str, tuple[ScoredOutlook, ...]]]:
    """The name of each mind that has some, and its outlooks; what cannot be read is told on stderr."""
    from sage_edge.analysis.corpus import Branches
    from sage_edge.analysis.report.branch_papers import BranchPapers

    source = corpus.shelf.source
    if not isinstance(source, Branches):
        return
    branches = BranchPapers(source.repository)
    for owner in corpus.owners(host, mind):
        if outlooks := branches.outlooks(*owner):
            yield corpus.owner_name(*owner), outlooks
    for problem in dict.fromkeys(branches.problems):
        log(f"note: {problem}")
