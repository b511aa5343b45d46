"""A corpus → the content of a report about one of its hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from sage_edge.analysis.corpus import Branches, Corpus
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.report.forecasts import forecasts
from sage_edge.analysis.report.legacy_verdicts import noted
from sage_edge.analysis.series import Series
from sage_edge.errors import UsageError
from sage_edge.records.claim import ClaimFinding


def subject(corpus: Corpus, host: str | None = None) -> str | None:
    """Return whose sessions a report speaks of: the host asked for, else the one with most; None in an empty corpus.

    Raises UsageError for a host that has none.
    """
    hosts = corpus.hosts
    if host is not None and host not in hosts:
        known = ", ".join(hosts) or "none"
        raise UsageError(f"{host} has no session here", hint=f"--host names one of: {known}")
    return host or max(hosts, key=lambda candidate: (_counting(corpus.of(candidate)), candidate), default=None)


def _counting(corpus: Corpus) -> int:
    return sum(len(corpus.sessions(track)) for track in corpus.tracks)


def gather(corpus: Corpus, host: str | None, claims: Sequence[ClaimFinding] = ()) -> ReportContent:
    """Return everything that the corpus knows about a host's sessions; host: None for an empty corpus."""
    source = corpus.shelf.source
    if host is None:
        return ReportContent(name(source.key), claims=tuple(claims), refused=corpus.refused, problems=corpus.problems)
    of_host = corpus.of(host)
    known = {session.seal: session for session in of_host.dialogues}
    foretold = forecasts(source.repository, host, known) if isinstance(source, Branches) else ((), ())
    counting = {session.seal for track in of_host.tracks for session in of_host.sessions(track)}
    return ReportContent(
        source=name(source.key),
        host=host,
        others=tuple(other for other in corpus.hosts if other != host and _counting(corpus.of(other))),
        sessions=tuple(
            Session(session, answers, session.seal in counting, noted(of_host, session, answers))
            for session, answers in of_host.answers()
        ),
        series=_series(of_host),
        claims=tuple(claims),
        refused=corpus.refused,
        problems=(*of_host.problems, *foretold[1]),
        forecasts=foretold[0],
    )


def name(key: str) -> str:
    """Return what a source is called where others read it: no path of this machine. key: `folder /a/b/sessions`."""
    kind, _, path = key.partition(" ")
    parts = [part for part in PurePath(path).parts if part not in ("sessions", ".git")]
    return f"the {kind} {parts[-1] if parts else path}"


def _series(corpus: Corpus) -> tuple[Series, ...]:
    return tuple(
        corpus.series(scorer.id, scorer.version, quantity, track)
        for track in corpus.tracks
        for scorer in corpus.scorers
        if track in scorer.tracks
        for quantity in scorer.quantities
    )
