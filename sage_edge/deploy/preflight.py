"""Refuse a release that a board may not get: checked before any step, from one probe.

Each refusal names what was found, what was expected, and what to type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from sage_edge import files
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.errors import WrongRole
from sage_edge.errors import NoDiskSpace
from sage_edge.hints import Hint, invoke
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import contradictions
from sage_edge.names import Digest
from sage_edge.remote.board.identity_check import card_of, require_own
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import NotReady, WrongBoard

OLDEST_ENGINE = (20, 10)
CLOCK_S = 300.0
"""A board whose clock is further off would date its sessions wrongly, and its slots."""

UNPACKING = 2
"""An image needs up to twice its size while it is unpacked (facts §2.5)."""

SPARE = 500_000_000
"""What stays free for journals, transcripts and logs."""


GATEWAY = tuple(f"srv/sage/keys/serve/{name}" for name in ("token", "key.pem", "cert.pem"))
"""What provisioning makes on a board that serves a model."""

STATE_ROOM = 10_000_000
"""Less than this in the state folder, and an agent cannot prove that it lives."""


def check(wanted: DesiredRelease, facts: BoardProbe, board: Board) -> None:
    """Raise unless the board is the host, fit for the release, and able to run it.

    Raises WrongRole, WrongBoard (exit 3), NotReady (exit 1).
    """
    host = facts.host
    if wrong := list(_image(wanted)):
        raise WrongRole(host, "; ".join(wrong))
    require_own(facts, wanted.fleet)
    if wrong := list(contradictions(facts.board, board)):
        raise WrongBoard(host, "; ".join(wrong))
    card = card_of(facts)
    if card is None:
        raise NotReady(host, "it has no host card")
    overlay = wanted.release.overlay or "none"
    if (claimed := card.overlay or "none") != overlay:
        raise NotReady(host, f"its card says overlay {claimed}, this release is for {overlay}")
    for what, hint in _unfit(wanted, facts):
        raise NotReady(host, what, hint)


def _image(wanted: DesiredRelease) -> Iterator[str]:
    release, image = wanted.release, wanted.image
    if image.role != release.role:
        yield f"it is for the role {image.role}, {release.host} is {release.role}"
    if image.platform != "cpu" and image.board != release.board:
        yield f"it is for the board {image.board}, {release.host} is {release.board}"


def require_returnable(facts: BoardProbe, fleet: str) -> None:
    """Raise WrongBoard or NotReady unless a board is ours and can start a release: what served before needs no more."""
    require_own(facts, fleet)
    if facts.engine is None:
        raise NotReady(facts.host, _NO_ENGINE, _START)
    if facts.engine.compose is None:
        raise NotReady(facts.host, _NO_COMPOSE)


_NO_ENGINE, _NO_COMPOSE = "no Docker engine answers", "it has no docker compose plugin"
_START = "on the board: sudo systemctl start docker"  # whoever has a card was provisioned, and so has an engine


def _unfit(wanted: DesiredRelease, facts: BoardProbe) -> Iterator[tuple[str, Hint | None]]:
    engine = facts.engine
    if engine is None:
        yield _NO_ENGINE, _START
        return
    if engine.number < OLDEST_ENGINE:
        oldest = ".".join(map(str, OLDEST_ENGINE))
        yield (
            f"its Docker engine is {engine.version}, the oldest that we know to work is {oldest}",
            "on the board: sudo apt-get update && sudo apt-get install --only-upgrade docker.io",
        )
    if engine.compose is None:
        yield _NO_COMPOSE, None
    if wanted.image.platform != "cpu" and "nvidia" not in engine.runtimes:
        yield (
            "its Docker engine does not know the nvidia runtime",
            "on the board: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
        )
    if abs(facts.clock_ahead_s) > CLOCK_S:
        minutes = facts.clock_ahead_s / 60
        way = "ahead of" if minutes > 0 else "behind"
        yield f"its clock is {abs(minutes):.0f} minutes {way} ours", "on the board: sudo timedatectl set-ntp true"
    if wanted.is_serving and any(facts.files.get(name) is None for name in GATEWAY):
        yield "it has no token and no certificate for what it serves", invoke("provision", host=facts.host)
    if facts.deployed.lock_damaged:
        yield facts.deployed.lock_damaged, ("once nobody deploys: ", invoke("lock.release", host=facts.host, yes=True))


def require_disk_space(wanted: DesiredRelease, facts: BoardProbe) -> None:
    """Raise NoDiskSpace unless the image fits beside what is there, while it is unpacked."""
    if facts.engine is not None and wanted.release.image in facts.engine.images:
        return
    needs = wanted.image.bytes * UNPACKING + SPARE
    has = facts.disk["docker"]["free"]
    if has < needs:
        look = invoke("status", host=facts.host)
        hint = ("see what lies there: ", look, "; then remove what nobody runs: docker image prune")
        raise NoDiskSpace(facts.host, "unpacking the image", needs, has, hint=hint)


def require_state_room(facts: BoardProbe) -> None:
    """Raise NoDiskSpace when the agent that would be started could not write its first heartbeat."""
    has = facts.disk["state"]["free"] if "state" in facts.disk else STATE_ROOM
    if has < STATE_ROOM:
        hint = "on the board: see what lies there: df -h /srv/sage/state; du -sh /srv/sage/state/*"
        raise NoDiskSpace(facts.host, "what its agent writes", STATE_ROOM, has, hint=hint)


def foundation(facts: BoardProbe) -> Digest:
    """Return a digest over what a plan rests on: what is deployed, runs and is stored, not the passing of time."""
    deployed, engine = asdict(facts.deployed), facts.engine
    deployed.pop("lock")
    ground = {
        "deployed": deployed,
        "card": facts.card,
        "models": dict(facts.models),
        "helper": facts.helper,
        "images": sorted(engine.images) if engine else None,
        "runtimes": engine.runtimes if engine else None,
        "running": [(box.name, box.image, box.status, box.release) for box in engine.containers] if engine else None,
    }
    return files.digest(json.dumps(ground, sort_keys=True).encode())
