"""`invoke seedling.train`: the little model that ships with the code, made anew."""

from __future__ import annotations

import importlib.util
import os

from invoke import Context

from sage_edge.errors import UsageError
from sage_edge.workstation.programs import here, python, run
from sage_edge.workstation.task import task

GROUP = "seedling"
TRAIN_NEEDS = ("torch", "transformers", "tokenizers", "safetensors")


@task(help={"into": "Where the trained model goes; default: its place in sage_edge/models/seedling."})
def train(c: Context, into: str = "") -> int:
    """Train the seedling, the little model that ships with the code, anew."""
    lacks = [name for name in TRAIN_NEEDS if importlib.util.find_spec(name) is None]
    if lacks:
        raise UsageError(
            f"training needs {', '.join(lacks)}, which the demo and the tests do not",
            hint=".venv/bin/python -m pip install -c requirements/constraints.txt -e '.[researcher]'",
        )
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin halve the speed of a busy machine
    place = here(into) if into else "sage_edge/models/seedling"
    return run(c, *python("tools.seedling", place, ".sage/seedling"))[0]
