"""What an import came to, file by file: `OUT/import.json`, the same bytes for the same files.

    format 1
    source      digest over name, size and bytes of everything that was found
    files       one row a name, sorted: imported, same-content, not-a-transcript, or refused with its reason
    totals      one row for each track, shape and standing
    numbering   numbers claimed twice, missing, or not in the order of time
    defects     what does not hold together in the state files
    histories   what the versions of one state file say against each other

In every row found = kept + doubled + refused, in items of the file's lists of turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from sage_edge.names import Digest, Slug, Track
from sage_edge.records.base import Record
from sage_edge.records.dialogue import Standing
from sage_edge.records.legacy import Shape

ImportOutcome = Literal["imported", "same-content", "not-a-transcript", "refused"]


class PaperRow(Record):
    """One paper. utterances, answers: of the conversation as its file holds it; turns: of the paper."""

    paper: str
    label: str
    track: Track | None
    standing: Standing
    why: str | None
    shape: Shape
    utterances: int
    answers: int
    exercises: int
    turns: int
    failed: int
    repairs: tuple[str, ...]
    remarks: tuple[Slug, ...]


class FileRow(Record):
    """One name of the folder. reason: why it is refused, what it is instead, or whose content it has.

    bytes: its size. sha256: None where it was not read. refused: a sentence for each item that is no turn.
    """

    source: str
    outcome: ImportOutcome
    reason: str | None = None
    bytes: int = Field(ge=0)
    sha256: Digest | None = None
    found: int = 0
    kept: int = 0
    doubled: int = 0
    refused: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    ends_open: bool = False
    papers: tuple[PaperRow, ...] = ()


class Total(Record):
    """How much there is of one track, shape and standing."""

    track: Track | Literal["other"]
    shape: Shape
    standing: Standing
    papers: int
    utterances: int
    answers: int
    exercises: int
    turns: int
    failed: int


class Defect(Record):
    """One thing that does not hold together in a state file."""

    source: str
    what: str


class CounterChange(Record):
    """A counter that fell from one version to the next, or went up by several sessions at once.

    before, after: its values; in the versions `earlier` and `later`, which are paths below the folder.
    """

    counter: str
    what: Literal["fell", "jumped"]
    before: int
    after: int
    earlier: str
    later: str


class UnreadableVersion(Record):
    """A version that holds nothing that could be read."""

    source: str
    reason: str


class FileHistory(Record):
    """The versions of one state file. file: the path of the newest, whether that is there or not.

    order: by what the versions were put in their order. changes: at most 500, `left_out` more. unplaced: versions of
    which nothing says where they stand among the others; they are compared with none.
    """

    file: str
    versions: int
    order: Literal["number", "stamp", "time"]
    changes: tuple[CounterChange, ...] = ()
    left_out: int = 0
    unreadable: tuple[UnreadableVersion, ...] = ()
    unplaced: tuple[str, ...] = ()


class ImportReport(Record):
    """Everything that an import came to."""

    format: Literal[1] = 1
    source: Digest
    files: tuple[FileRow, ...]
    totals: tuple[Total, ...]
    numbering: tuple[str, ...]
    defects: tuple[Defect, ...] = ()
    histories: tuple[FileHistory, ...] = ()

    def count(self, outcome: ImportOutcome) -> int:
        """How many files came to this."""
        return sum(row.outcome == outcome for row in self.files)


def totals(rows: Sequence[FileRow]) -> tuple[Total, ...]:
    """Return the papers of all rows counted, by track, shape and standing."""
    groups: dict[tuple[str, str, str], list[PaperRow]] = {}
    for paper in (paper for row in rows for paper in row.papers):
        groups.setdefault((paper.track or "other", paper.shape, paper.standing), []).append(paper)
    return tuple(
        Total.model_validate(
            {
                "track": track,
                "shape": shape,
                "standing": standing,
                "papers": len(papers),
                **{name: sum(getattr(paper, name) for paper in papers) for name in _COUNTS},
            }
        )
        for (track, shape, standing), papers in sorted(groups.items())
    )


_COUNTS = ("utterances", "answers", "exercises", "turns", "failed")
