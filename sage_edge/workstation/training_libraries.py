"""The libraries that training needs and nothing else here does."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable

from sage_edge.errors import UsageError


def require(names: Iterable[str]) -> None:
    """Raise UsageError for libraries that are not installed; else make the environment ready for training."""
    if lacks := [name for name in names if importlib.util.find_spec(name) is None]:
        raise UsageError(
            f"training needs {', '.join(lacks)}, which the demo and the tests do not",
            hint=".venv/bin/python -m pip install -c requirements/constraints.txt -e '.[researcher]'",
        )
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin halve the speed of a busy machine
