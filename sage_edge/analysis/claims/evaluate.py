"""Every claim of a file, tested on one corpus: replayed, corrected, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sage_edge.analysis.claims import bistability, costs, couplings, differences, shortfall, trend, verdicts
from sage_edge.analysis.claims.declarations import Claims
from sage_edge.analysis.claims.measurement import SeriesSource, Taken, evidence
from sage_edge.analysis.claims.schema import (
    AnyClaim,
    CouplingClaim,
    RatioClaim,
    RunClaim,
    ShiftClaim,
    StatesClaim,
    Timed,
    TrendClaim,
)
from sage_edge.analysis.series import Series
from sage_edge.analysis.statistics import corrections
from sage_edge.names import Digest, Slug, Track
from sage_edge.records.claim import ClaimFinding
from sage_edge.records.dialogue import Dialogue

REPLAYS = 0.01
"""A stated number that replays to a hundredth of itself, or to 0.005, is the same number."""


class _Remembered:
    """A source that is asked for each series once, for the readings of one claim. only: those sessions, if any."""

    def __init__(self, source: SeriesSource, only: frozenset[Digest] | None) -> None:
        self._source, self._only, self._known = source, only, dict[tuple[str, int, str, Track], Series]()

    def series(self, scorer: str, version: int, quantity: str, track: Track) -> Series:
        key = scorer, version, quantity, track
        if key not in self._known:
            series, only = self._source.series(*key), self._only
            self._known[key] = series if only is None else series.where(lambda point: point.seal in only)
        return self._known[key]


@dataclass(frozen=True)
class _Tested:
    name: Slug
    claim: AnyClaim
    source: SeriesSource
    replayed: Taken
    corrected: Taken
    others: tuple[Taken, ...]


def about(declared: Claims, sessions: Sequence[Dialogue]) -> tuple[Claims, tuple[AnyClaim, ...]]:
    """Return the claims that some sessions can bear out or not, and those that speak of other papers.

    A law speaks of any sessions, a record of its own alone. Where there is no session, nothing is tested.
    """
    here = {
        name: claim
        for name, claim in declared.claims.items()
        if sessions and (claim.about is None or any(claim.about.holds(session) for session in sessions))
    }
    elsewhere = tuple(claim for name, claim in declared.claims.items() if sessions and name not in here)
    return declared.model_copy(update={"claims": here}), elsewhere


def test(declared: Claims, source: SeriesSource, sessions: Sequence[Dialogue]) -> tuple[ClaimFinding, ...]:
    """Return what became of each claim, in the file's order; p-values are adjusted over all of them (Holm).

    sessions: those of the source, of one mind; where they are known a claim about a record is tested on that record
    alone, and every finding says whose it is. Deterministic: the same file and the same corpus give the same findings,
    to the last digit.
    """
    tested = [_measure(name, claim, declared, source, sessions) for name, claim in declared.claims.items()]
    adjusted = corrections.holm([outcome.corrected.reading.p for outcome in tested])
    count = sum(p is not None for p in adjusted)
    findings = (_finding(outcome, p, count, declared.seed) for outcome, p in zip(tested, adjusted, strict=True))
    return tuple(
        _of_whom(finding, outcome, declared, sessions) for finding, outcome in zip(findings, tested, strict=True)
    )


def _measure(
    name: Slug, claim: AnyClaim, declared: Claims, source: SeriesSource, sessions: Sequence[Dialogue]
) -> _Tested:
    own = _Remembered(source, _record_of(claim, sessions))
    taken = _taken(claim, declared, own)
    return _Tested(name, claim, own, taken[0], taken[1], tuple(taken[2:]))


def _record_of(claim: AnyClaim, sessions: Sequence[Dialogue]) -> frozenset[Digest] | None:
    """The sessions that a claim about a record speaks of; None for all."""
    if claim.about is None or not sessions:
        return None
    return frozenset(session.seal for session in sessions if claim.about.holds(session))


def _of_whom(finding: ClaimFinding, tested: _Tested, declared: Claims, sessions: Sequence[Dialogue]) -> ClaimFinding:
    """Say of whom a finding speaks, and whether what it lacks can still come."""
    claim, open_ = tested.claim, finding.verdict == "cannot tell"
    closed = open_ and shortfall.is_closed(claim, tested.source, finding.more, sessions)
    if isinstance(claim, Timed):
        models = tuple(row.model for row in declared.timings[claim.timing].rows)
        return finding.model_copy(update={"models": models, "closed": closed})
    seen = {session.transcript for session in finding.evidence}
    models = tuple(sorted({session.model for session in sessions if session.model and session.seal in seen}))
    owners = {(session.host, session.individual) for session in sessions}
    host, mind = owners.pop() if len(owners) == 1 else (None, None)
    return finding.model_copy(update={"models": models, "closed": closed, "host": host, "mind": mind})


def _taken(claim: AnyClaim, declared: Claims, source: SeriesSource) -> list[Taken]:
    """The replayed measurement, the corrected one, and the others."""
    seed = declared.seed
    if isinstance(claim, CouplingClaim):
        return [couplings.measure(claim, asked, source, seed) for asked in (claim.replay, claim.correct, *claim.also)]
    if isinstance(claim, RunClaim):
        return [differences.run(claim, asked, source, seed) for asked in (claim.replay, claim.correct, *claim.also)]
    if isinstance(claim, ShiftClaim):
        return [differences.shift(claim, asked, source, seed) for asked in (claim.replay, claim.correct, *claim.also)]
    if isinstance(claim, StatesClaim):
        return [bistability.measure(claim, asked, source, seed) for asked in (claim.replay, claim.correct, *claim.also)]
    if isinstance(claim, TrendClaim):
        return [trend.measure(claim, asked, source, seed) for asked in (claim.replay, claim.correct, *claim.also)]
    timing = declared.timings[claim.timing]
    if isinstance(claim, RatioClaim):
        return [costs.ratio(timing, asked) for asked in (claim.replay, claim.correct, *claim.also)]
    return [costs.exponent(timing, asked) for asked in (claim.replay, claim.correct, *claim.also)]


def _finding(tested: _Tested, p: float | None, count: int, seed: int) -> ClaimFinding:
    claim, corrected = tested.claim, tested.corrected
    ruling = verdicts.rule(claim, corrected, p, seed)
    return ClaimFinding(
        claim=tested.name,
        statement=claim.statement,
        source=claim.source,
        scope=claim.scope,
        track=None if isinstance(claim, Timed) else claim.track,
        as_stated=claim.as_stated,
        stated=claim.stated,
        criterion=verdicts.criterion(claim),
        replayed=tested.replayed.reading,
        corrected=corrected.reading,
        others=tuple(other.reading for other in tested.others),
        verdict=ruling.verdict,
        because=ruling.because,
        needs=ruling.needs,
        needs_unit=corrected.needs_unit if ruling.verdict == "cannot tell" else "",
        more=shortfall.still_needed(corrected, ruling.needs),
        published=claim.published,
        p_adjusted=p,
        adjustment=corrections.HOLM,
        tests=count,
        seed=seed,
        evidence=evidence((tested.replayed, corrected)),
        caveats=(*_replay(claim, tested.replayed), *claim.caveats),
    )


def _replay(claim: AnyClaim, replayed: Taken) -> tuple[str, ...]:
    """Say so where the number as stated does not come out again."""
    value, stated = replayed.reading.value, claim.stated
    if stated is None or (value is not None and abs(value - stated) <= max(0.005, REPLAYS * abs(stated))):
        return ()
    how = "is undefined here" if value is None else f"replays as {value:.3f}"
    return (f"the number as stated, {stated:g}, {how}",)
