"""`invoke seedling.train`: the little model that ships with the code, made anew."""

from __future__ import annotations

from invoke import Context

from sage_edge.workstation import training_libraries
from sage_edge.workstation.programs import here, python, run
from sage_edge.workstation.task import task

GROUP = "seedling"
TRAIN_NEEDS = ("torch", "transformers", "tokenizers", "safetensors")


@task(help={"into": "Where the trained model goes; default: its place in sage_edge/models/seedling."})
def train(c: Context, into: str = "") -> int:
    """Train the seedling, the little model that ships with the code, anew."""
    training_libraries.require(TRAIN_NEEDS)
    place = here(into) if into else "sage_edge/models/seedling"
    return run(c, *python("tools.seedling", place, ".sage/seedling"))[0]
