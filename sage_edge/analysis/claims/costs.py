"""Claims about recorded times: how many times slower, and how time grows with size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sage_edge.analysis.claims.measurement import Taken, reading
from sage_edge.analysis.claims.schema import Cost, Growth, ModelCosts, Timing
from sage_edge.analysis.statistics import power, scaling
from sage_edge.analysis.statistics.scaling import LEAST_TO_CHOOSE, Fit

LARGER = 2.0
"""Forms are compared at this multiple of the largest size that was measured."""


def ratio(timing: Timing, asked: Cost) -> Taken:
    """Return how many times one model's cost is that of another, against the ratio of their sizes."""
    row, base = _row(timing, asked.model), _row(timing, asked.base)
    sizes = row.size / base.size
    value, chance = scaling.ratio(
        row.seconds, _amounts(row, asked.per), base.seconds, _amounts(base, asked.per), against=sizes
    )
    outcome = reading(
        value,
        chance,
        label=asked.label,
        measures="ratio",
        unit="questions",
        sessions=f"{row.model} against {base.model}",
        notes=(f"the sizes are {sizes:.2f} to 1, which p is against", *_remarks((row, base))),
        recorded_in=timing.source,
    )

    def needed(against: float) -> int | None:
        if value.value is None or value.low is None:
            return None
        gap = abs(math.log(value.value / against))
        return power.for_one_mean(gap, scaling.deviation(value)) if gap else None

    return Taken(outcome, (), needed, "questions", least=2, null=sizes, sides=(("", value.n),))


def exponent(timing: Timing, asked: Growth) -> Taken:
    """Return the exponent of the power law, and how well an affine law does instead."""
    rows = [_row(timing, model) for model in asked.models]
    sizes, costs = [row.size for row in rows], [_cost(row, asked.per) for row in rows]
    value, chance = scaling.exponent(sizes, costs)
    outcome = reading(
        value,
        chance,
        label=asked.label,
        measures="exponent",
        unit="sizes",
        sessions=", ".join(row.model for row in rows),
        notes=(*_forms(sizes, costs), "p is against an exponent of 1", *_remarks(rows)),
        recorded_in=timing.source,
    )
    error = scaling.slope_error(sizes, costs)

    def needed(against: float) -> int | None:
        gap = None if value.value is None else abs(value.value - against)
        return scaling.sizes_needed(gap, error, len(rows)) if gap and error else LEAST_TO_CHOOSE

    return Taken(outcome, (), needed, "sizes", least=LEAST_TO_CHOOSE, null=1.0, sides=(("", value.n),))


def _row(timing: Timing, model: str) -> ModelCosts:
    return next(row for row in timing.rows if row.model == model)


def _amounts(row: ModelCosts, per: str) -> tuple[float, ...]:
    return row.words if per == "word" else (1.0,) * len(row.seconds)


def _cost(row: ModelCosts, per: str) -> float:
    return sum(row.seconds) / sum(_amounts(row, per))


def _forms(sizes: Sequence[float], costs: Sequence[float]) -> list[str]:
    law, affine = scaling.power_law(sizes, costs), scaling.affine(sizes, costs)
    if law.a is None or affine.a is None:
        return []
    notes = [f"power law {law.a:.4g} x^{law.b:.3f}{_fit(law)}; affine {affine.a:.4g} + {affine.b:.4g} x{_fit(affine)}"]
    far = LARGER * max(sizes)
    notes.append(f"at size {far:g} they say {law.at(far):.4g} and {affine.at(far):.4g}")
    if len(sizes) < LEAST_TO_CHOOSE:
        notes.append(f"{len(sizes)} points cannot choose between two forms of two coefficients")
    return notes


def _fit(fit: Fit) -> str:
    return "" if fit.r_squared is None else f" (R² {fit.r_squared:.3f})"


def _remarks(rows: Sequence[ModelCosts]) -> list[str]:
    return [f"{row.model}: {row.note}" for row in rows if row.note]
