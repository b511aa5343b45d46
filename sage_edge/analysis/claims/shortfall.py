"""Whether more sessions could still settle a claim: a window may be over, and a whole record, too."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.analysis.claims.measurement import SeriesSource, Taken
from sage_edge.analysis.claims.schema import (
    AnyClaim,
    QuantityPair,
    RatioClaim,
    RunClaim,
    Scored,
    SessionWindow,
    ShiftClaim,
    split,
)
from sage_edge.records.claim import SideNeed
from sage_edge.records.dialogue import Dialogue


def still_needed(taken: Taken, needs: int | None) -> tuple[SideNeed, ...]:
    """Return what each side has and how many it lacks; nothing where no n can be named."""
    if needs is None:
        return ()
    return tuple(SideNeed(side=side, n=n, more=max(0, needs - n)) for side, n in taken.sides)


def is_closed(claim: AnyClaim, source: SeriesSource, more: tuple[SideNeed, ...], sessions: Sequence[Dialogue]) -> bool:
    """Return whether what a claim lacks cannot come any more. more: what it lacks, side by side; sessions: of the mind.

    Closed are the sessions of the older system, a figure that was recorded once, a run of sessions that has been, and a
    window whose last session is there.
    """
    if isinstance(claim, RatioClaim):
        return claim.scope == "record"
    if not isinstance(claim, Scored):
        return False
    if claim.about is not None and claim.about.provenance == "legacy":
        return True
    if sessions and all(session.provenance == "legacy" for session in sessions):
        return True
    newest = _newest(claim, source)
    lacks = [side.more > 0 for side in more]
    windows = _windows(claim)
    if len(lacks) < len(windows):
        lacks = [True] * len(windows)
    return any(lacking and window.is_over(newest) for lacking, window in zip(lacks, windows, strict=False))


def _windows(claim: Scored) -> tuple[SessionWindow, ...]:
    """The window of each side, in the order of the sides."""
    if isinstance(claim, ShiftClaim):
        return claim.correct.before, claim.correct.after
    if isinstance(claim, RunClaim):
        return claim.correct.sessions, claim.correct.run
    return (claim.correct.sessions,)


def _newest(claim: Scored, source: SeriesSource) -> int | None:
    of = claim.correct.x if isinstance(claim.correct, QuantityPair) else claim.correct.of
    scorer, version, quantity = split(of)
    points = source.series(scorer, version, quantity, claim.track).points
    return points[-1].number if points else None
