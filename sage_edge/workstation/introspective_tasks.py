"""`invoke introspective.train`: the adapter of the introspective mind, made anew."""

from __future__ import annotations

from invoke import Context

from sage_edge.workstation import training_libraries
from sage_edge.workstation.programs import here, python, run
from sage_edge.workstation.task import task, whole

GROUP = "introspective"
TRAIN_NEEDS = ("torch", "transformers", "peft", "gguf")


@task(
    help={
        "into": "Where the adapter goes; default: its place in tools/introspective/adapter.",
        "steps": "How many training steps; default: those of the recipe.",
    }
)
def train(c: Context, into: str = "", steps: str = "") -> int:
    """Train the introspective adapter anew, its base prepared first."""
    training_libraries.require(TRAIN_NEEDS)
    place = here(into) if into else "tools/introspective/adapter"
    fewer = ["--steps", str(whole("--steps", steps))] if steps else []
    return run(c, *python("tools.introspective", place, *fewer))[0]
