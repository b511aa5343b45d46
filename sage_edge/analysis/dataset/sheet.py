"""The data sheet of an export: what its tables hold, by which scorers, from what, and what is not in them.

dataset.json    format 1: source, digest, tables with columns and rows, scorers, what was left out and why
README.md       the same for people; of foreign text nothing but names, escaped
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sage_edge import __version__
from sage_edge.analysis.corpus import Problem, Refused
from sage_edge.analysis.dataset.columns import TABLES
from sage_edge.names import Digest
from sage_edge.sanitize import markdown
from sage_edge.scorers.base import Scorer
from sage_edge.sizes import counted

JSON, README = "dataset.json", "README.md"
FORMAT = 1
LISTED = 1_000
"""Of what was refused or is odd, so much is listed; the rest is counted."""

_NO_BRANCHES = (
    "decisions and trials: a folder of papers has no branches; an export of the exchange (--exchange REPO) has them"
)
_IN_THE_PAPER = (
    "of each turn its seed, times, tokens and thinking, and of each session its engine, sampling and release: they "
    "stand in the paper itself, which the seal names"
)
_NO_MARK = (
    "marks of what a scorer cannot measure: a turn without an answer, a kind of session that is none of its own, an "
    "answer that its quantity is not about"
)


@dataclass(frozen=True)
class DataSheet:
    """What is said of an export. rows: how many each table has; host, mind: whose sessions, None for everybody's."""

    source: str
    host: str | None
    mind: str | None
    digest: Digest
    rows: Mapping[str, int]
    scorers: Sequence[Scorer]
    refused: Sequence[Refused]
    problems: Sequence[Problem]
    has_branches: bool

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is in no table, in words."""
        return ((), (_NO_BRANCHES,))[not self.has_branches] + (_IN_THE_PAPER, _NO_MARK)

    def document(self) -> bytes:
        """Return `dataset.json`, in ASCII: foreign names are escaped."""
        content = {
            "format": FORMAT,
            "program": f"sage-edge {__version__}",
            "source": self.source,
            "host": self.host,
            "mind": self.mind,
            "digest": self.digest,
            "tables": {name: self._table(name) for name in TABLES},
            "scorers": [_scorer(scorer) for scorer in self.scorers],
            "left_out": self.left_out,
            "refused": {"files": len(self.refused), "listed": [asdict(paper) for paper in self.refused[:LISTED]]},
            "problems": {
                "papers": len(self.problems),
                "listed": [asdict(problem) for problem in self.problems[:LISTED]],
            },
        }
        return (json.dumps(content, indent=1) + "\n").encode("ascii")

    def _table(self, name: str) -> dict[str, object]:
        columns = [asdict(column) for column in TABLES[name]]
        return {"file": f"{name}.parquet", "rows": self.rows[name], "columns": columns}

    def readme(self) -> bytes:
        """Return `README.md`."""
        return ("\n".join(self._lines()) + "\n").encode("utf-8")

    def _lines(self) -> Iterator[str]:
        whose = " ".join(markdown(name) for name in (self.host, self.mind) if name)
        yield "# Sessions as tables"
        yield ""
        yield f"Made by sage-edge {__version__} of {markdown(self.source)}{f', {whose} alone' if whose else ''}."
        yield f"What went in has the digest `{self.digest}`: the same papers and scorers make the same tables."
        yield "Text stands in the tables as it was said, whatever characters it has: do not print it to a terminal raw."
        for name, columns in TABLES.items():
            yield f"\n## {name}.parquet\n\n{counted(self.rows[name], 'row')}.\n"
            yield "| column | type | unit | what it is |\n|---|---|---|---|"
            for column in columns:
                yield f"| `{column.name}` | {column.type} | {column.unit} | {column.means} |"
        yield "\n## Scorers\n\n| scorer | definition | quantities | sessions |\n|---|---|---|---|"
        for scorer in self.scorers:
            quantities = ", ".join(f"{name} ({kind})" for name, kind in scorer.quantities.items())
            tracks = ", ".join(scorer.tracks)
            yield f"| {scorer.id}/{scorer.version} | `{scorer.definition}` | {quantities} | {tracks} |"
        yield "\n## What is not in it\n"
        yield from (f"* {line}." for line in self.left_out)
        yield f"* {counted(len(self.refused), 'file')} that were not believed; {JSON} says which and why."
        yield f"\nOf what is in it, {JSON} tells {counted(len(self.problems), 'contradiction')}."


def _scorer(scorer: Scorer) -> dict[str, object]:
    return {
        "id": scorer.id,
        "version": scorer.version,
        "definition": scorer.definition,
        "quantities": dict(scorer.quantities),
        "tracks": scorer.tracks,
        "rules": json.loads(scorer.rules),
    }
