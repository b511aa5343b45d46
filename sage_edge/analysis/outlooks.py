"""Forecasts of a mind's next 20 sessions: registered before them, scored after them, next to "no change".

    forecast     mean of the newest sessions ± t(k-1) · s · √(1 + 1/k): nothing drifts, and sessions spread as they did
    no change    the last session's value ± t(k-1) · how far one session lies from the next (root mean square)

Both are about each single session and are cut to [0, 1], where every quantity lies; that of a rate takes no session to
spread less than chance alone lets as many answers spread, so that four sessions of nothing do not promise nothing. The
score is the mean interval score: the width, and 40 times how far a session lies outside; a forecast that scores no
better than no change knows nothing. Source: T. Gneiting, A. E. Raftery, JASA 102 (2007) 359-378, section 6.2. Standard
library only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sage_edge.analysis.findings import Examined
from sage_edge.names import Digest, HostName, SessionId, Slug, Track
from sage_edge.records.outlook import OUTLOOK_SESSIONS, Outlook, OutlookRange, OutlookScore
from sage_edge.records.study import Measure
from sage_edge.scorers.interval import student

LEAST = 4
MOST = 40
"""An outlook rests on so many of the newest sessions at most: ten days of one kind."""

_ALPHA = 0.05


@dataclass(frozen=True)
class OutlookOutcome:
    """A quantity of one kind of session that is worth a forecast."""

    track: Track
    scorer: Slug
    version: int
    quantity: Slug


@dataclass(frozen=True)
class OutlookPapers:
    """Our own outlooks and their scores, and the outcomes that are declared: of rules, and of trials."""

    outcomes: Sequence[OutlookOutcome] = ()
    outlooks: Sequence[Outlook] = ()
    scored: Collection[Digest] = ()


@dataclass(frozen=True)
class ScoredOutlook:
    """An outlook and how near it came; None while its sessions are still to be."""

    outlook: Outlook
    score: OutlookScore | None = None

    @property
    def became(self) -> str:
        """Return what became of it, for people."""
        return near(self.score) if self.score else f"{self.outlook.last} is still to be"


@dataclass(frozen=True)
class OutlookCase:
    """What is known of one host. examined: its sessions; last: the highest number used, by kind of session."""

    to: HostName
    examined: Sequence[Examined]
    last: Mapping[Track, int]
    letters: Mapping[Track, str]

    def of_track(self, track: Track) -> list[Examined]:
        """Return the examined sessions of a kind, oldest first."""
        letter = self.letters.get(track)
        return sorted(
            (paper for paper in self.examined if paper.session.letter == letter), key=lambda paper: paper.session.number
        )


def new_outlooks(author: HostName, case: OutlookCase, known: OutlookPapers, now: datetime) -> Iterator[Outlook]:
    """Yield an outlook of each outcome that has none ahead of it, and at least four sessions behind it.

    Raises ValueError where a transcript cannot be read.
    """
    for outcome in dict.fromkeys(known.outcomes):
        last = case.last.get(outcome.track, 0)
        ahead = any(_is_of(paper, case.to, outcome) and last < paper.last.number for paper in known.outlooks)
        sessions = [] if ahead else _newest(case.of_track(outcome.track), outcome)
        if len(sessions) >= LEAST:
            yield _outlook(author, case, outcome, sessions, now)


def new_scores(author: HostName, case: OutlookCase, known: OutlookPapers, now: datetime) -> Iterator[OutlookScore]:
    """Yield the score of each outlook of this host whose last session has been. Raises ValueError as above."""
    for paper in known.outlooks:
        digest = paper.fingerprint()
        if paper.to == case.to and digest not in known.scored and case.last.get(paper.track, 0) >= paper.last.number:
            yield _score(author, case, paper, digest, now)


def expected(values: Sequence[float], least: float = 0.0) -> OutlookRange:
    """Return where the next session is expected if nothing drifts, from two values or more in [0, 1].

    least: below this no spread is believed.
    """
    k, mean = len(values), math.fsum(values) / len(values)
    spread = max(least, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (k - 1)))
    return _around(mean, student(k - 1) * spread * math.sqrt(1 + 1 / k))


def unchanged(values: Sequence[float], least: float = 0.0) -> OutlookRange:
    """Return where the next session is expected if it is like the last one; otherwise as `expected`."""
    steps = [later - earlier for earlier, later in itertools.pairwise(values)]
    step = max(least, math.sqrt(math.fsum(each**2 for each in steps) / len(steps)))
    return _around(values[-1], student(len(values) - 1) * step)


def interval_score(expected_: OutlookRange, value: float) -> float:
    """Return the interval score of one value: 0 for a point that was hit, larger for wide or missed intervals."""
    missed = max(0.0, expected_.low - value) + max(0.0, value - expected_.high)
    return expected_.high - expected_.low + 2 / _ALPHA * missed


def least_spread(measures: Sequence[Measure]) -> float:
    """Return how far sessions of a rate deviate by chance alone, by the rule of succession (Laplace); of a mean, 0."""
    if any(measure.hits is None for measure in measures):
        return 0.0
    n = sum(measure.n for measure in measures)
    rate = (sum(measure.hits or 0 for measure in measures) + 1) / (n + 2)
    return math.sqrt(rate * (1 - rate) * len(measures) / n)


def near(score: OutlookScore) -> str:
    """Return how near an outlook came, for people."""
    if score.score is None or score.unchanged is None or score.mean is None:
        return "no session of it can be scored"
    better = "better" if score.score < score.unchanged else "no better"
    inside = f"{score.inside} of {len(score.used)} sessions inside, mean {score.mean:.2f}"
    return f"{inside}; interval score {score.score:.2f}, {better} than no change ({score.unchanged:.2f})"


def _around(centre: float, margin: float) -> OutlookRange:
    return OutlookRange(value=centre, low=max(0.0, centre - margin), high=min(1.0, centre + margin))


def _is_of(paper: Outlook, to: HostName, outcome: OutlookOutcome) -> bool:
    return paper.to == to and OutlookOutcome(paper.track, paper.scorer, paper.version, paper.quantity) == outcome


def _newest(sessions: Sequence[Examined], outcome: OutlookOutcome) -> list[tuple[Examined, Measure, float]]:
    """The newest sessions of the mind that is there now which have a value, oldest first."""
    if not sessions:
        return []
    mind = sessions[-1].transcript.head.mind
    own = [paper for paper in sessions[-MOST:] if paper.transcript.head.mind == mind]
    return list(_measured(own, outcome.scorer, outcome.version, outcome.quantity))


def _measured(
    sessions: Iterable[Examined], scorer: Slug, version: int, quantity: Slug
) -> Iterator[tuple[Examined, Measure, float]]:
    for paper in sessions:
        measure = paper.measure(scorer, version, quantity)
        if measure is not None and measure.value is not None:
            yield paper, measure, measure.value


def _outlook(
    author: HostName,
    case: OutlookCase,
    outcome: OutlookOutcome,
    sessions: Sequence[tuple[Examined, Measure, float]],
    now: datetime,
) -> Outlook:
    values = [value for _, _, value in sessions]
    least = least_spread([measure for _, measure, _ in sessions])
    newest, measure, _ = sessions[-1]
    first, letter = case.last[outcome.track] + 1, case.letters[outcome.track]
    return Outlook(
        author=author,
        to=case.to,
        mind=newest.transcript.head.mind,
        track=outcome.track,
        first=SessionId.of(letter, first),
        last=SessionId.of(letter, first + OUTLOOK_SESSIONS - 1),
        scorer=outcome.scorer,
        version=outcome.version,
        quantity=outcome.quantity,
        definition=measure.definition,
        based_on=tuple(paper.finding.transcript for paper, _, _ in sessions),
        forecast=expected(values, least),
        unchanged=unchanged(values, least),
        created=now,
    )


def _score(author: HostName, case: OutlookCase, paper: Outlook, digest: Digest, now: datetime) -> OutlookScore:
    within = [
        session
        for session in case.of_track(paper.track)
        if paper.first.number <= session.session.number <= paper.last.number and _counts(session, paper)
    ]
    seen = [
        (session.finding.transcript, value)
        for session, measure, value in _measured(within, paper.scorer, paper.version, paper.quantity)
        if measure.definition == paper.definition
    ]
    values = [value for _, value in seen]
    return OutlookScore(
        author=author,
        outlook=digest,
        used=tuple(transcript for transcript, _ in seen),
        inside=sum(paper.forecast.low <= value <= paper.forecast.high for value in values),
        mean=_mean(values),
        score=_mean([interval_score(paper.forecast, value) for value in values]),
        unchanged=_mean([interval_score(paper.unchanged, value) for value in values]),
        created=now,
    )


def _counts(session: Examined, paper: Outlook) -> bool:
    """Only the mind that it is about, and only sessions that began when it had been said."""
    head = session.transcript.head
    return head.mind == paper.mind and head.started >= paper.created


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
