"""What is looked at, in order: each step with its name, what it proves, and the steps without which it says nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sage_edge.errors import SageError
from tools.nix_check import builds, lockfile, outputs, pins, sandbox, syntax, units
from tools.nix_check.flake import Flake


@dataclass(frozen=True)
class Step:
    """One thing to prove. `look` returns what was seen, or raises NotProven. needs: steps that must have held.

    output: the one that it builds, like `checks.ruff`.
    """

    name: str
    proves: str
    look: Callable[[Flake], str]
    needs: tuple[str, ...] = ()
    output: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a step: what was seen, or why it does not hold; neither if it was not asked for what it needs."""

    step: Step
    seconds: float = 0.0
    seen: str = ""
    refusal: SageError | None = None
    kept_by: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.refusal is None and not self.kept_by


def _built(name: str, output: str, proves: str) -> Step:
    return Step(name, proves, lambda flake: builds.build(flake, output), _BUILDABLE, output)


_BUILDABLE = ("evaluate", "sandbox")
STEPS = (
    Step("parse", "each .nix file parses, and every variable is defined", syntax.parse),
    Step("bindings", "no .nix file binds a name that it does not use", syntax.use),
    Step("lock", "flake.lock fits flake.nix, and no hand was at it", lockfile.check),
    Step("evaluate", "all outputs can be computed for both systems, on a stand-in nixpkgs", outputs.evaluate),
    Step("sandbox", "builds see the flake's source set and not the checkout", lambda f: sandbox.probe(f.nix, f.folder)),
    _built("package", "packages.sage-edge", "the wheel builds from the filtered source, and what it offers imports"),
    _built("helper", "packages.host-helper", "the board's helper is packed from the filtered source, and answers"),
    _built("ruff", "checks.ruff", "format and lint hold in the filtered source"),
    _built("house", "checks.house", "the filtered source holds all that the house's rules read"),
    _built("declarations", "checks.fleet-declarations", "fleet/ as the flake carries it is accepted"),
    Step("pins", "files of PyPI have the hashes by which the flake takes them", pins.check, _BUILDABLE),
    Step(
        "units",
        "systemd reads the modules' units without a word, and finds them confined",
        units.verify,
        _BUILDABLE,
        units.OUTPUT,
    ),
)
FULL = (
    _built("pytest", "checks.pytest", "the unit tests pass in the sandbox"),
    _built("mypy", "checks.mypy", "the types hold in the filtered source"),
    _built("compose", "checks.compose", "the compose files hold in the filtered source"),
    _built("demo", "checks.demo", "the demo runs from the filtered source, where it may write nowhere else"),
    _built("practitioner", "packages.image-practitioner-cpu", "what the image is made of builds, its model among it"),
    _built("researcher", "packages.image-researcher-cpu", "what the image is made of builds"),
)


def walk(flake: Flake, steps: tuple[Step, ...]) -> Iterator[Outcome]:
    """Yield what came of each step as it ends; one whose needs do not hold is not tried."""
    lost: set[str] = set()
    for step in steps:
        started = time.monotonic()
        outcome = _outcome(flake, step, started) if not lost & set(step.needs) else _kept(step, lost)
        if not outcome.holds:
            lost.add(step.name)
        yield outcome


def _outcome(flake: Flake, step: Step, started: float) -> Outcome:
    try:
        seen = step.look(flake)
    except SageError as refusal:
        return Outcome(step, time.monotonic() - started, refusal=refusal)
    return Outcome(step, time.monotonic() - started, seen)


def _kept(step: Step, lost: set[str]) -> Outcome:
    return Outcome(step, kept_by=tuple(name for name in step.needs if name in lost))
