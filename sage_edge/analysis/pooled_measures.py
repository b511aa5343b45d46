"""Several sessions' measures of one quantity, pooled into one measure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sage_edge.records.study import Measure
from sage_edge.scorers.interval import mean_interval, wilson


def pooled(measures: Sequence[Measure]) -> Measure | None:
    """Return one measure of all answers together; a single one as it is, None of none.

    A rate has Wilson's interval over all answers. A mean weighs each session by its answers, and its interval is
    Student's over the sessions' values, because the answers of one session are alike. Raises ValueError for measures
    of different scorers, versions, quantities or definitions: those are never averaged.
    """
    if len({(measure.scorer, measure.version, measure.quantity, measure.definition) for measure in measures}) > 1:
        raise ValueError("measures of different scorers or definitions are never averaged")
    if len(measures) < 2:
        return measures[0] if measures else None
    counted = [(measure.value, measure.n) for measure in measures if measure.value is not None]
    n = sum(count for _, count in counted)
    hits = None if any(measure.hits is None for measure in measures) else sum(measure.hits or 0 for measure in measures)
    if hits is not None:
        low, high = wilson(hits, n)
    else:
        low, high = mean_interval([value for value, _ in counted])
    value = math.fsum(value * count for value, count in counted) / n if n else None
    return measures[0].model_copy(update={"n": n, "hits": hits, "value": value, "low": low, "high": high})
