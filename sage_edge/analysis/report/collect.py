"""A corpus → the content of a report about one of its hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from sage_edge.analysis.corpus import Branches, Corpus
from sage_edge.analysis.report.branch_papers import BranchPapers
from sage_edge.analysis.report.content import MindQuote, ReportContent, Session
from sage_edge.analysis.report.legacy_verdicts import noted
from sage_edge.analysis.series import Series
from sage_edge.records.claim import ClaimFinding
from sage_edge.records.dialogue import Dialogue
from sage_edge.trials import TrialPapers


def subject(corpus: Corpus, host: str | None = None, mind: str | None = None) -> Corpus | None:
    """Return the sessions that a report speaks of, which are one mind's: of the host and the mind asked for, else of
    the mind with most sessions; None in an empty corpus.

    Raises UsageError for a host or a mind that has none.
    """
    among = [corpus.of(*owner) for owner in corpus.owners(host, mind)]
    return max(among, key=lambda candidate: (_counting(candidate), candidate.host, candidate.mind), default=None)


def _counting(corpus: Corpus) -> int:
    return sum(len(corpus.sessions(track)) for track in corpus.tracks)


def gather(corpus: Corpus, chosen: Corpus | None, claims: Sequence[ClaimFinding] = ()) -> ReportContent:
    """Return everything that the corpus knows about the chosen mind's sessions; None for an empty corpus."""
    source = corpus.shelf.source
    if chosen is None or chosen.host is None:
        return ReportContent(name(source.key), claims=tuple(claims), refused=corpus.refused, problems=corpus.problems)
    host = chosen.host
    known = {session.seal: session for session in chosen.dialogues}
    post = BranchPapers(source.repository) if isinstance(source, Branches) else None
    counting = {session.seal for track in chosen.tracks for session in chosen.sessions(track)}
    forecasts = post.forecasts(host, known) if post else ()
    trials = post.trials(host) if post else TrialPapers()
    theories = post.theories() if post else ()
    outlooks = post.outlooks(host, chosen.mind) if post else ()
    newest = _newest(known[seal] for seal in counting)
    here = host, chosen.mind
    others = [owner for owner in corpus.owners() if owner != here and _counting(corpus.of(*owner))]
    return ReportContent(
        source=name(source.key),
        host=host,
        mind=chosen.mind if len(corpus.of(host).minds) > 1 else None,
        others=tuple(corpus.owner_name(*owner) for owner in others),
        sessions=tuple(
            Session(session, answers, session.seal in counting, noted(chosen, session, answers))
            for session, answers in chosen.answers()
        ),
        series=_series(chosen),
        claims=tuple(claims),
        refused=corpus.refused,
        problems=(*chosen.problems, *(post.problems if post else ())),
        forecasts=forecasts,
        trials=trials,
        theories=theories,
        outlooks=outlooks,
        newest=newest,
        quotes=quotes(chosen.read(newest.seal)) if newest else (),
    )


def _newest(sessions: Iterable[Dialogue]) -> Dialogue | None:
    """The newest primary session that was answered, or of another kind where there is none; by start, then number."""
    return max(sessions, key=_recency, default=None)


def _recency(session: Dialogue) -> tuple[bool, str, int]:
    began = session.started.isoformat() if session.started else ""  # a paper that does not say it is not the newest
    return session.track == "primary", began, session.number or 0


def quotes(session: Dialogue) -> tuple[MindQuote, ...]:
    """Return the first, the middle and the last of what a session answered: by their place, so that nobody chooses."""
    answers = session.answers
    places = sorted({0, len(answers) // 2, len(answers) - 1}) if answers else []
    return tuple(MindQuote(answers[at].turn, answers[at].prompt, answers[at].reply) for at in places)


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
