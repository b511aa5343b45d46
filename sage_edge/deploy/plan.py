"""Plan a deployment: desired release and probe → steps, as a value to print, compare, store and refuse.

An empty plan means that the board already runs what is wanted: "no changes", and nothing is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge import sizes
from sage_edge.deploy import preflight, release_differences
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.errors import HostPinned, PinBroken
from sage_edge.deploy.release_differences import ReleaseMeaning
from sage_edge.inventory.board_card import Board
from sage_edge.names import Digest, ModelRef, shortened
from sage_edge.remote.board.drift import drift, files_told
from sage_edge.remote.board.identity_check import require_own
from sage_edge.remote.board.probe import BoardPin, BoardProbe

OVER = ("committed", "reverted", "revert-failed", None)


@dataclass(frozen=True)
class TakeBack:
    """A deployment that nobody drives any more is finished or taken back by the board itself."""

    release: str
    state: str

    def __str__(self) -> str:
        return f"settle the deployment of {self.release}, which stopped when it was {self.state}"


@dataclass(frozen=True)
class SetAside:
    """The board's deploy journal cannot be read, so nobody can say what served before."""

    def __str__(self) -> str:
        return "set the damaged deploy journal aside; it is kept, and what served before is not known any more"


@dataclass(frozen=True)
class BuildImage:
    """The image was never built on this workstation, so nobody can say yet which release it makes."""

    image: str

    def __str__(self) -> str:
        return f"build the image {self.image}, which was never built here; then send it, switch to it and prove it"


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


@dataclass(frozen=True)
class Restore:
    """A board that was rolled back does not run what it was rolled back to."""

    release: str

    def __str__(self) -> str:
        return f"start {self.release} anew, to which the board was rolled back, and prove it"


DeployStep = TakeBack | SetAside | BuildImage | SendImage | SendModel | Switch | Restore


@dataclass(frozen=True)
class Plan:
    """What one host needs. facts: a digest over what the plan rests on; a saved plan is refused when it differs.

    commit: of the checkout whose declarations these are, `-dirty` where they were changed since; empty without one.
    """

    host: str
    release: str
    steps: tuple[DeployStep, ...]
    why: tuple[str, ...]
    facts: Digest
    commit: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.steps


def plan(
    wanted: DesiredRelease,
    facts: BoardProbe,
    board: Board,
    before: ReleaseMeaning | None = None,
    commit: str = "",
    *,
    unpin: bool = False,
) -> Plan:
    """Return the steps from what is so to what is wanted. before: what the release on the board says, where known.

    A board that was rolled back from the wanted release stays where it is, unless `unpin`: HostPinned (exit 3).
    Raises what `preflight.check` raises: a host that may not get this release is refused before any step is named.
    """
    preflight.check(wanted, facts, board)
    pin = facts.deployed.pin
    if pin is not None and wanted.short in pin.away_from and not unpin:
        return _held(wanted, facts, pin, commit)
    why = tuple(_differences(wanted, facts, before))
    steps = tuple(_steps(wanted, facts)) if why else ()
    if any(isinstance(step, Switch) for step in steps):
        preflight.require_disk_space(wanted, facts)
        preflight.require_state_room(facts)
    return Plan(facts.host, wanted.short, steps, why, preflight.foundation(facts), commit)


def _held(wanted: DesiredRelease, facts: BoardProbe, pin: BoardPin, commit: str) -> Plan:
    """What is to do on a board that was rolled back from what is wanted: let it run what it was rolled back to."""
    why = (*_open(facts), *drift(facts))
    if not why:
        raise HostPinned(facts.host, wanted.short, str(pin))
    if pin.release not in facts.deployed.releases or not facts.deployed.release:
        raise PinBroken(facts.host, pin.release, "it is not there any more")
    if facts.deployed.files_changed and facts.deployed.current == pin.release:
        raise PinBroken(facts.host, pin.release, f"changed were {files_told(facts.deployed.files_changed)}")
    return Plan(facts.host, pin.release, (Restore(pin.release),), why, preflight.foundation(facts), commit)


def _steps(wanted: DesiredRelease, facts: BoardProbe) -> Iterator[DeployStep]:
    deployed = facts.deployed
    if deployed.journal_state not in OVER:
        yield TakeBack(deployed.journal_release or "?", deployed.journal_state or "?")
    if deployed.damaged:
        yield SetAside()
    if facts.engine is None or wanted.release.image not in facts.engine.images:
        yield SendImage(wanted.release.image, wanted.image.bytes)
    for ref, manifest in _absent_models(wanted, facts):
        yield SendModel(ref, manifest)
    yield Switch(facts.serving, wanted.short)


def _absent_models(wanted: DesiredRelease, facts: BoardProbe) -> Iterator[tuple[ModelRef, Digest]]:
    there = frozenset(facts.models.values())
    for ref, manifest in wanted.release.models.items():
        if ref not in {wanted.image.model, *wanted.shipped} and manifest.removeprefix("sha256:") not in there:
            yield ref, manifest


def _differences(wanted: DesiredRelease, facts: BoardProbe, before: ReleaseMeaning | None) -> Iterator[str]:
    """Why the board does not run what is wanted, one sentence each; none: it does."""
    yield from _open(facts)
    if facts.deployed.should_serve != wanted.short:
        yield from _what_changed(wanted, facts, before)
    else:
        yield from (f"the model {ref} is not in its store" for ref, _ in _absent_models(wanted, facts))
    yield from drift(facts)


def before_build(image: str, facts: BoardProbe, fleet: str) -> Plan:
    """Return the plan for a host whose image was never built here. Raises WrongBoard for a board that is another's."""
    require_own(facts, fleet)
    why = (f"the image {image} was never built here",)
    return Plan(facts.host, "unbuilt", (BuildImage(image),), why, preflight.foundation(facts))


def _open(facts: BoardProbe) -> Iterator[str]:
    if facts.deployed.damaged:
        yield facts.deployed.damaged
    if (state := facts.deployed.journal_state) not in OVER:
        yield f"the deployment of {facts.deployed.journal_release} stopped when it was {state}"


def _what_changed(wanted: DesiredRelease, facts: BoardProbe, before: ReleaseMeaning | None) -> Iterator[str]:
    released = facts.deployed.release
    if not released:
        yield "nothing is deployed yet"
        return
    after = wanted.release.model_dump(mode="json")
    for key in ("image", "revision", "models", "role", "board", "overlay"):
        if released.get(key) != after.get(key):
            yield f"{key}: {_short(released.get(key))} becomes {_short(after.get(key))}"
    digested = [key for key in ("fleet", "compose") if released.get(key) != after[key]]
    if digested and before is not None and (keys := list(release_differences.differences(before, wanted.meaning))):
        yield from keys
    else:  # other text, as an older version digested it, or nobody can say any more what it said
        yield from (f"{key}: {_short(released.get(key))} becomes {_short(after[key])}" for key in digested)


def says_otherwise(wanted: DesiredRelease, facts: BoardProbe) -> bool:
    """Whether the board's release differs in what its files say, so that it is worth asking for them."""
    released = facts.deployed.release or {}
    return any(released.get(key) not in (None, getattr(wanted.release, key)) for key in ("fleet", "compose"))


def _short(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{ref} {_short(digest)}" for ref, digest in sorted(value.items())) or "none"
    return shortened(str(value))
