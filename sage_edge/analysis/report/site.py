"""A report as a folder of pages that works from a disk: no network, no script.

DIR/.sage-report              marks the folder as a report's own: only such a folder is written to
DIR/sessions/P021-<seal>.html each session, every word of it
DIR/trials/<name>-<id>.html   each trial
DIR/theories/<name>-<author>.html   each theory
DIR/sessions.html             all sessions
DIR/index.html                the report, written last
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sage_edge import files
from sage_edge.analysis.corpus import Corpus
from sage_edge.analysis.report import page, session_page, theory_page, trial_page
from sage_edge.analysis.report.blocks import Cell, LinkCell, Section, Table
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.report.sections import Page
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.names import Digest
from sage_edge.sizes import counted

MARK = ".sage-report"
AT_ONCE = 50
"""So many sessions are held with their words at one time."""

_UNFIT = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True)
class _Site:
    """Where each page is, relative to DIR. sessions: by seal."""

    sessions: Mapping[Digest, str]
    trials: Mapping[Digest, str]
    theories: Sequence[str]

    @classmethod
    def of(cls, content: ReportContent) -> _Site:
        headers = (session.header for session in content.sessions)
        trials = content.trials.trials.items()
        return cls(
            {header.seal: f"sessions/{_plain(header.label)}{header.seal.short}.html" for header in headers},
            {digest: f"trials/{_plain(trial.design.name)}{digest.short}.html" for digest, trial in trials},
            [f"theories/{_plain(versions[-1].name)}{versions[-1].author}.html" for versions in content.theories],
        )

    def sessions_from_below(self) -> Mapping[Digest, str]:
        """Where each session's page is, as seen from a page one folder below."""
        return {seal: f"../{path}" for seal, path in self.sessions.items()}


def write(folder: Path, report: Page, content: ReportContent, corpus: Corpus) -> int:
    """Write the pages of a report and return how many there are; pages of what is gone are removed.

    A folder of an earlier report is brought up to date. Raises UsageError for one that holds anything else,
    SessionChanged, StorageError.
    """
    claim(folder)
    site = _Site.of(content)
    written = {"index.html", "sessions.html"}
    for path, text in _pages(site, content, corpus):
        files.write_atomic(folder / path, text.encode("utf-8"))
        written.add(path)
    listing = page.html(_listing(site, content))
    files.write_atomic(folder / "sessions.html", listing.encode("utf-8"))
    index = replace(report, around=tuple(_from_index(site, content)))
    files.write_atomic(folder / "index.html", page.html(index, site.sessions).encode("utf-8"))
    _remove_others(folder, written)
    return len(written)


def claim(folder: Path) -> None:
    """Mark a new or an empty folder as a report's own. Raises UsageError for one that holds anything else."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder", hint=sage("report", corpus="DIR", site="NEW"))
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UsageError(f"{folder} holds something that is no report", hint=sage("report", corpus="DIR", site="NEW"))
    files.write_atomic(folder / MARK, b"")


def _plain(name: str) -> str:
    plain = _UNFIT.sub("-", name)[:40].strip("-")
    return f"{plain}-" if plain else ""


def _pages(site: _Site, content: ReportContent, corpus: Corpus) -> Iterator[tuple[str, str]]:
    up = site.sessions_from_below()
    for digest, path in site.trials.items():
        yield path, page.html(trial_page.compose(content, digest, up, _HOME))
    for path, versions in zip(site.theories, content.theories, strict=True):
        yield path, page.html(theory_page.compose(versions, _HOME))
    scores = session_page.SessionScores.of(content.series)
    seals = list(site.sessions)
    for start in range(0, len(seals), AT_ONCE):
        for at, session in enumerate(corpus.read_all(seals[start : start + AT_ONCE]), start):
            around = (*_HOME, *_neighbours(content.sessions, at, up))
            yield site.sessions[session.seal], page.html(session_page.compose(session, scores, around))


_HOME = (LinkCell("The report", "../index.html"), LinkCell("All sessions", "../sessions.html"))


def _neighbours(sessions: Sequence[Session], at: int, up: Mapping[Digest, str]) -> Iterator[LinkCell]:
    for step, word in ((-1, "Before"), (1, "After")):
        if 0 <= at + step < len(sessions):
            header = sessions[at + step].header
            yield LinkCell(f"{word}: {header.label}", up[header.seal])


def _from_index(site: _Site, content: ReportContent) -> Iterator[LinkCell]:
    yield LinkCell("All sessions, word for word", "sessions.html")
    for digest, path in site.trials.items():
        yield LinkCell(f"Trial {content.trials.trials[digest].design.name}", path)
    for versions, path in zip(content.theories, site.theories, strict=True):
        yield LinkCell(f"Theory {versions[-1].name}", path)


def _listing(site: _Site, content: ReportContent) -> Page:
    rows = tuple(_row(site, session) for session in content.sessions)
    table = Table(("session", "began", "unit", "intervention", "answers", "counts"), rows)
    lead = f"{counted(len(rows), 'paper')}, in the order of kinds and numbers."
    return Page(
        title="All sessions",
        about=(),
        headline=lead,
        sections=(Section("all", "All sessions", lead, (table,)),),
        around=(LinkCell("The report", "index.html"),),
        foot=session_page.FOOT,
    )


def _row(site: _Site, session: Session) -> tuple[Cell, ...]:
    header = session.header
    began = f"{header.started:%Y-%m-%d %H:%M}" if header.started else "not told"
    answered = sum(answer.outcome == "ok" for answer in session.answers)
    link = LinkCell(header.label, site.sessions[header.seal])
    return link, began, header.unit, header.intervention, str(answered), "yes" if session.counts else header.standing


def _remove_others(folder: Path, written: set[str]) -> None:
    for below in ("sessions", "trials", "theories"):
        for path in files.listed(folder / below, "*.html"):
            if f"{below}/{path.name}" not in written:
                files.remove(path)
