"""fleet/claims.yaml: claims as data, each with the scorer, window, comparison and threshold that test it.

    format: 1
    seed: 20260117                      every random number in a report starts from it
    timings:                            figures that were recorded by hand, for claims about time
      NAME: {source: …, rows: [{model: …, size: 0.494, seconds: [13.28], words: [88]}]}
    claims:
      NAME:
        test: coupling | run | shift | states | trend | ratio | exponent
        statement, source, scope, about, track, as_stated, stated, published, caveats
        comparison, threshold           the smallest effect that matters: `at-least 0.1` is a rise by that or more
        replay:  {label: …, …}          the claim's own measurement, repeated
        correct: {label: …, …}          the measurement that it ought to have been; the verdict is about this one
        also:    [{label: …, …}, …]     what else a careful reader would look at

A quantity is written as people say it: `raising/1 d5`. A window without an end goes on as long as the sessions do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sage_edge import scorers
from sage_edge.analysis.claims.schema import (
    AnyClaim,
    Cost,
    CouplingClaim,
    ExponentClaim,
    Growth,
    Level,
    QuantityPair,
    RatioClaim,
    Scored,
    SessionRun,
    Sides,
    Timed,
    Timing,
    split,
)
from sage_edge.declared import Declared, Reader
from sage_edge.names import Slug, Track

FILE = "claims.yaml"


class Claims(Declared):
    """The whole file."""

    format: Literal[1]
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)]
    timings: dict[Slug, Timing] = Field(default_factory=dict)
    claims: Annotated[dict[Slug, AnyClaim], Field(min_length=1)]


def load(fleet: Path) -> Claims:
    """Return the claims of a fleet folder. Raises DeclarationError with all faults at once."""
    reader = Reader(fleet)
    claims = read(reader)
    reader.finish()
    if claims is None:
        raise RuntimeError("a file without faults gave no claims")
    return claims


def read(reader: Reader) -> Claims | None:
    """Return the claims, or None after noting what is wrong with them in the reader."""
    path = reader.folder / FILE
    claims = reader.read(path, Claims)
    if claims is not None:
        for key, message in faults(claims):
            reader.fault(path, key, message)
    return claims


def faults(claims: Claims) -> Iterator[tuple[str, str]]:
    """Yield what does not hold together, as key path and message: unknown scorers, quantities, timings and models."""
    measured = {track for scorer in scorers.ALL for track in scorer.tracks}
    for name, claim in claims.claims.items():
        yield from _no_effect(name, claim, claims)
        if isinstance(claim, Scored) and (claim.about is not None) != (claim.scope == "record"):
            lacks = (
                "is missing: whose record does it speak of?" if claim.about is None else "is for a record, not a law"
            )
            yield f"claims.{name}.about", lacks
        if isinstance(claim, Scored) and claim.track not in measured:
            yield f"claims.{name}.track", f"no scorer measures {claim.track} sessions, only {_listed(measured)}"
            continue
        for part, reading in _readings(claim):
            key = f"claims.{name}.{part}"
            if isinstance(claim, Timed):
                yield from _timed(claims, claim, key, reading)
            else:
                yield from _scored(claim, key, reading)


def _no_effect(name: Slug, claim: Scored | Timed, claims: Claims) -> Iterator[tuple[str, str]]:
    """The smallest effect that matters lies beyond what no effect is, on the side that the claim is about."""
    nothing = _nothing(claim, claims)
    sign = 1 if claim.comparison == "at-least" else -1
    if nothing is not None and sign * (claim.threshold - nothing) <= 0:
        where = "above" if sign > 0 else "below"
        yield f"claims.{name}.threshold", f"expected an effect, {where} {nothing:g}, got {claim.threshold:g}"


def _nothing(claim: Scored | Timed, claims: Claims) -> float | None:
    """The value of no effect: a cost in proportion to the size, or 0; None where the declaration names no sizes."""
    if isinstance(claim, ExponentClaim):
        return 1.0
    if not isinstance(claim, RatioClaim):
        return 0.0
    timing = claims.timings.get(claim.timing)
    sizes = {row.model: row.size for row in timing.rows} if timing else {}
    model, base = sizes.get(claim.correct.model), sizes.get(claim.correct.base)
    return model / base if model and base else None


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


AnyReading = QuantityPair | Level | SessionRun | Sides | Cost | Growth


def _readings(claim: Scored | Timed) -> Iterator[tuple[str, AnyReading]]:
    also: tuple[AnyReading, ...] = claim.also
    yield "replay", claim.replay
    yield "correct", claim.correct
    yield from ((f"also[{at}]", reading) for at, reading in enumerate(also))


def _scored(claim: Scored, key: str, reading: AnyReading) -> Iterator[tuple[str, str]]:
    for field in ("x", "y", "of"):
        quantity = getattr(reading, field, None)
        if quantity is None:
            continue
        scorer, version, name = split(quantity)
        known = scorers.find(scorer, version)
        if known is None:
            yield f"{key}.{field}", f"no scorer {scorer}/{version}"
        elif name not in known.quantities:
            yield f"{key}.{field}", f"{scorer}/{version} has no quantity '{name}', only {', '.join(known.quantities)}"
        elif (track := _track(claim, field)) not in known.tracks:
            yield f"{key}.{field}", f"{scorer}/{version} does not apply to the {track} track"


def _track(claim: Scored, field: str) -> Track:
    then = claim.then if isinstance(claim, CouplingClaim) else None
    return then if field == "y" and then is not None else claim.track


def _timed(claims: Claims, claim: Timed, key: str, reading: AnyReading) -> Iterator[tuple[str, str]]:
    timing = claims.timings.get(claim.timing)
    if timing is None:
        yield f"{key.rsplit('.', 1)[0]}.timing", f"no timing '{claim.timing}'"
        return
    known = {row.model for row in timing.rows}
    for model in _models(reading):
        if model not in known:
            yield key, f"the timing '{claim.timing}' has no model '{model}'"


def _models(reading: AnyReading) -> tuple[str, ...]:
    if isinstance(reading, Growth):
        return reading.models
    return (reading.model, reading.base) if isinstance(reading, Cost) else ()
