"""How many examples a property draws by tier: 500 in the slow one, 5,000 under `--full`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

BY_TIER = pytest.mark.parametrize(
    "examples", [pytest.param(500, marks=pytest.mark.slow), pytest.param(5_000, marks=pytest.mark.full)]
)


def draw(examples: int, check: Callable[..., None], *drawn: SearchStrategy[Any]) -> None:
    """Hold `check` against that many examples; a failure prints its input."""
    calm = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    settings(max_examples=examples, deadline=None, suppress_health_check=calm)(given(*drawn)(check))()
