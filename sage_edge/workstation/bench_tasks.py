"""`invoke bench.*`: every figure that is promised, measured on this machine."""

from __future__ import annotations

from invoke import Context

from sage_edge.workstation.programs import python, run
from sage_edge.workstation.task import task

GROUP = "bench"
_QUICK = {"quick": "Few repetitions, small inputs: to see that it runs, not to quote."}


@task(help=_QUICK)
def models(c: Context, quick: bool = False) -> int:
    """Measure every figure that the model road promises, in one run."""
    return _measured(c, "models", quick)


@task(help=_QUICK)
def spine(c: Context, quick: bool = False) -> int:
    """Measure every figure that the spine promises, in one run."""
    return _measured(c, "spine", quick)


@task(help=_QUICK)
def analysis(c: Context, quick: bool = False) -> int:
    """Measure every figure that the analysis promises, in one run."""
    return _measured(c, "analysis", quick)


@task(help=_QUICK)
def fleet(c: Context, quick: bool = False) -> int:
    """Measure every figure that the fleet promises, on ten stand-in boards."""
    return _measured(c, "fleet", quick)


@task(help=_QUICK)
def engines(c: Context, quick: bool = False) -> int:
    """Measure what the gateway in front of a model's server costs, and uses."""
    return _measured(c, "engines", quick)


def _measured(c: Context, part: str, quick: bool) -> int:
    return run(c, *python(f"tests.benchmarks.{part}", *(["--quick"] if quick else [])))[0]
