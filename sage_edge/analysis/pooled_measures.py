"""Several sessions' measures of one quantity, pooled into one measure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sage_edge.records.study import Measure
from sage_edge.scorers.clustered import SessionTotal, rate_over_sessions
from sage_edge.scorers.interval import mean_interval


def pooled(measures: Sequence[Measure]) -> Measure | None:
    """Return one measure of all answers together; a single one as it is, None of none.

    The answers of one session are alike, so intervals go by sessions: that of a rate is Wilson's on the effective
    number of answers (scorers.clustered). A mean weighs each session by its answers, and has Student's interval over
    the sessions' values. Raises ValueError for measures of different scorers, versions, quantities or definitions:
    those are never averaged.
    """
    if len({(measure.scorer, measure.version, measure.quantity, measure.definition) for measure in measures}) > 1:
        raise ValueError("measures of different scorers or definitions are never averaged")
    if len(measures) < 2:
        return measures[0] if measures else None
    counted = [(measure.value, measure.n) for measure in measures if measure.value is not None]
    n = sum(count for _, count in counted)
    hits = None if any(measure.hits is None for measure in measures) else sum(measure.hits or 0 for measure in measures)
    if hits is not None:
        low, high = rate_over_sessions(SessionTotal(measure.hits or 0, measure.n) for measure in measures)
    else:
        low, high = mean_interval([value for value, _ in counted])
    value = math.fsum(value * count for value, count in counted) / n if n else None
    return measures[0].model_copy(update={"n": n, "hits": hits, "value": value, "low": low, "high": high})
