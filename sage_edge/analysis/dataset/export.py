"""A corpus → a folder of tables with a data sheet, which appears whole or not at all.

Sessions are read and written a few hundred at a time. The same corpus makes the same data sheet, so an export that is
there already is known by it and left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.analysis.calibration import AnsweredPrediction
from sage_edge.analysis.corpus import Branches, Corpus, Problem
from sage_edge.analysis.corpus.shelf import ShelvedSession
from sage_edge.analysis.dataset import mark_columns, parquet, study_rows
from sage_edge.analysis.dataset.columns import TABLES
from sage_edge.analysis.dataset.session_rows import session_row, turn_rows
from sage_edge.analysis.dataset.sheet import JSON, README, DataSheet
from sage_edge.analysis.report.branch_papers import BranchPapers
from sage_edge.analysis.report.collect import name
from sage_edge.errors import UsageError
from sage_edge.names import Digest
from sage_edge.records.base import canonical
from sage_edge.trials import TrialPapers

PER_GROUP = 500
"""Sessions that are in memory at once, and in one row group."""

MOST_SESSIONS = 1_000_000
"""Sessions of one export; whoever has more names a host or a mind."""

_LARGEST_SHEET = 16 << 20


@dataclass(frozen=True)
class Exported:
    """What became of an export. rows: of each table; is_new: False where the same one was there already."""

    rows: Mapping[str, int]
    is_new: bool


@dataclass(frozen=True)
class _Study:
    """What the branches say beside the sessions."""

    answered: Sequence[AnsweredPrediction] = ()
    trials: Sequence[tuple[TrialPapers, Digest]] = ()
    problems: Sequence[Problem] = ()
    has_branches: bool = False


def export(corpus: Corpus, out: Path) -> Exported:
    """Write the sessions of a corpus, or of one of its hosts or minds, to a new folder.

    Raises UsageError where anything but the same export is there, and for too many sessions; StorageError,
    SessionChanged.
    """
    sessions = corpus.papers()
    if len(sessions) > MOST_SESSIONS:
        raise UsageError(
            f"{len(sessions)} sessions are more than one export holds ({MOST_SESSIONS})",
            hint="name whose sessions: --host HOST, --mind NAME",
        )
    study = _study(corpus)
    digest = _digest(corpus, sessions, study)
    if (there := _rows_there(out, digest)) is not None:
        return Exported(there, is_new=False)
    with files.new_folder(out) as folder, files.storing(out):
        rows = _write(corpus, sessions, study, folder)
        sheet = _sheet(corpus, digest, study, rows)
        (folder / JSON).write_bytes(sheet.document())
        (folder / README).write_bytes(sheet.readme())
    return Exported(rows, is_new=True)


def _write(corpus: Corpus, sessions: Sequence[ShelvedSession], study: _Study, folder: Path) -> dict[str, int]:
    with parquet.tables(folder) as tables:
        for start in range(0, len(sessions), PER_GROUP):
            group = sessions[start : start + PER_GROUP]
            seals = [session.header.seal for session in group]
            words = corpus.read_all(seals)
            both = zip(words, group, strict=True)
            tables["sessions"].add([session_row(session, counts=shelved.counts) for session, shelved in both])
            tables["turns"].add([row for session in words for row in turn_rows(session)])
            tables["measures"].add_marks(mark_columns.of(corpus.marks_texts(seals)))
        tables["decisions"].add([study_rows.decision_row(answered) for answered in study.answered])
        tables["trials"].add([row for papers, trial in study.trials for row in study_rows.trial_rows(papers, trial)])
        return {table: file.rows for table, file in tables.items()}


def _study(corpus: Corpus) -> _Study:
    source = corpus.shelf.source
    if not isinstance(source, Branches):
        return _Study()
    known = {session.seal: session for session in corpus.dialogues}
    answered: list[AnsweredPrediction] = []
    trials: list[tuple[TrialPapers, Digest]] = []
    post = BranchPapers(source.repository)
    for host in corpus.hosts:
        answered += post.forecasts(host, known)
        papers = post.trials(host)
        trials += [(papers, trial) for trial, paper in papers.trials.items() if corpus.mind in (None, paper.mind)]
    return _Study(answered, trials, tuple(dict.fromkeys(post.problems)), has_branches=True)


def _digest(corpus: Corpus, sessions: Sequence[ShelvedSession], study: _Study) -> Digest:
    """Over all that the tables follow from."""
    return files.digest(
        canonical(
            {
                "tables": {table: [column.name for column in columns] for table, columns in TABLES.items()},
                "sessions": [[session.header.seal, session.counts] for session in sessions],
                "scorers": [scorer.definition for scorer in corpus.scorers],
                "refused": [str(paper) for paper in corpus.refused],
                "problems": [str(problem) for problem in (*corpus.problems, *study.problems)],
                "study": list(_fingerprints(study)),
            }
        )
    )


def _fingerprints(study: _Study) -> Iterator[str]:
    for answered in study.answered:
        papers = (answered.recommendation, answered.decision, answered.check)
        yield from (paper.fingerprint() for paper in papers if paper is not None)
    for trials, digest in study.trials:
        yield digest
        beside = (trials.decisions.get(digest), trials.last_look(digest))
        yield from (paper.fingerprint() for paper in beside if paper is not None)


def _sheet(corpus: Corpus, digest: Digest, study: _Study, rows: dict[str, int]) -> DataSheet:
    return DataSheet(
        source=name(corpus.shelf.source.key),
        host=corpus.host,
        mind=corpus.mind,
        digest=digest,
        rows=rows,
        scorers=corpus.scorers,
        refused=corpus.refused,
        problems=(*corpus.problems, *study.problems),
        has_branches=study.has_branches,
    )


def _rows_there(out: Path, digest: Digest) -> dict[str, int] | None:
    """How many rows each table has of the same export that lies at a place already; None where there is none."""
    try:
        sheet = json.loads(files.read(out / JSON, at_most=_LARGEST_SHEET))
        if sheet["digest"] != digest or not all(parquet.path(out, table).is_file() for table in TABLES):
            return None
        return {table: int(sheet["tables"][table]["rows"]) for table in TABLES}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
