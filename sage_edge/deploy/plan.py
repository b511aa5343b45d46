"""Plan a deployment: desired release and probe → steps, as a value to print, compare, store and refuse.

An empty plan means that the board already runs what is wanted: "no changes", and nothing is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge import sizes
from sage_edge.deploy import preflight
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.inventory.board_card import Board
from sage_edge.names import Digest, ModelRef, shortened
from sage_edge.remote.board.drift import drift
from sage_edge.remote.board.probe import BoardProbe

OVER = ("committed", "reverted", "revert-failed", None)


@dataclass(frozen=True)
class TakeBack:
    """A deployment that nobody drives any more is finished or taken back by the board itself."""

    release: str
    state: str

    def __str__(self) -> str:
        return f"settle the deployment of {self.release}, which stopped when it was {self.state}"


@dataclass(frozen=True)
class SendImage:
    """The image is not on the board. bytes: unpacked; only layers that are missing travel."""

    image: Digest
    bytes: int

    def __str__(self) -> str:
        return f"send the image {self.image.short} (at most {sizes.text(self.bytes)})"


@dataclass(frozen=True)
class SendModel:
    """The board's store does not have a model at its locked digest."""

    ref: ModelRef
    manifest: Digest

    def __str__(self) -> str:
        return f"send the model {self.ref} ({self.manifest.short})"


@dataclass(frozen=True)
class Switch:
    """Stage, wait for the session, arm the timer, switch, start, prove, confirm."""

    before: str | None
    after: str

    def __str__(self) -> str:
        return f"switch from {self.before or 'nothing'} to {self.after}, prove it, or go back"


DeployStep = TakeBack | SendImage | SendModel | Switch


@dataclass(frozen=True)
class Plan:
    """What one host needs. facts: a digest over what the plan rests on; a saved plan is refused when it differs."""

    host: str
    release: str
    steps: tuple[DeployStep, ...]
    why: tuple[str, ...]
    facts: Digest

    @property
    def is_empty(self) -> bool:
        return not self.steps


def plan(wanted: DesiredRelease, facts: BoardProbe, board: Board) -> Plan:
    """Return the steps from what is so to what is wanted.

    Raises what `preflight.check` raises: a host that may not get this release is refused before any step is named.
    """
    preflight.check(wanted, facts, board)
    why = tuple(_differences(wanted, facts))
    steps = tuple(_steps(wanted, facts, bool(why)))
    if any(isinstance(step, Switch) for step in steps):
        preflight.require_disk_space(wanted, facts)
    return Plan(facts.host, wanted.short, steps, why, preflight.foundation(facts))


def _steps(wanted: DesiredRelease, facts: BoardProbe, differs: bool) -> Iterator[DeployStep]:
    deployed = facts.deployed
    if deployed.journal_state not in OVER:
        yield TakeBack(deployed.journal_release or "?", deployed.journal_state or "?")
    elif not differs:
        return
    if facts.engine is None or wanted.release.image not in facts.engine.images:
        yield SendImage(wanted.release.image, wanted.image.bytes)
    for ref, manifest in _absent_models(wanted, facts):
        yield SendModel(ref, manifest)
    yield Switch(facts.serving, wanted.short)


def _absent_models(wanted: DesiredRelease, facts: BoardProbe) -> Iterator[tuple[ModelRef, Digest]]:
    there = frozenset(facts.models.values())
    for ref, manifest in wanted.release.models.items():
        if ref != wanted.image.model and manifest.removeprefix("sha256:") not in there:
            yield ref, manifest


def _differences(wanted: DesiredRelease, facts: BoardProbe) -> Iterator[str]:
    """Why the board does not run what is wanted, one sentence each; none: it does."""
    if facts.deployed.should_serve != wanted.short:
        yield from _what_changed(wanted, facts)
    else:
        yield from (f"the model {ref} is not in its store" for ref, _ in _absent_models(wanted, facts))
    yield from drift(facts)


def _what_changed(wanted: DesiredRelease, facts: BoardProbe) -> Iterator[str]:
    before = facts.deployed.release
    if not before:
        yield "nothing is deployed yet"
        return
    after = wanted.release.model_dump(mode="json")
    for key in ("image", "models", "fleet", "compose", "role", "board", "overlay"):
        if before.get(key) != after[key]:
            yield f"{key}: {_short(before.get(key))} becomes {_short(after[key])}"


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{ref} {_short(digest)}" for ref, digest in sorted(value.items())) or "none"
    return shortened(str(value))
