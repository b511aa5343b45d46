"""What provisioning leaves on a board (`host.provision`): step by step, what is wanted of each thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sage_edge import files
from sage_edge.errors import DeclarationError
from sage_edge.inventory import host_card
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.check import CheckedThing
from sage_edge.verify.wants import FactValue, Holds, Is

CARD = "etc/sage/host.yaml"
GATEWAY = ("token", "key.pem", "cert.pem")
"""What `host.gateway_secrets` makes."""

Things = Iterator[CheckedThing[FactValue]]


def groups(at: BoardTarget) -> Things:
    """Yield each group's number."""
    for step in _steps(at, "group"):
        yield CheckedThing(Is(int(step["gid"])), step["name"])


def users(at: BoardTarget) -> Things:
    """Yield each user's numbers, as uid:gid."""
    for step in _steps(at, "user"):
        yield CheckedThing(Is(f"{step['uid']}:{step['gid']}"), step["name"])


def memberships(at: BoardTarget) -> Things:
    """Yield the groups that each user is in."""
    for step in _steps(at, "user"):
        if step["groups"]:
            yield CheckedThing(Holds(frozenset(step["groups"])), step["name"])


def places(at: BoardTarget) -> Things:
    """Yield mode and owner of each file and folder, as 0750 10001:10001."""
    for step in _steps(at, "folder", "file", "key"):
        owner = f"{step['uid']}:{step.get('gid', step['uid'])}"
        yield CheckedThing(Is(f"{step.get('mode', '0400')} {owner}"), step["path"])
    for step in _steps(at, "gateway"):
        for name in GATEWAY:
            yield CheckedThing(Is(f"0400 {step['uid']}:{step['gid']}"), f"{step['path']}/{name}")


def card(at: BoardTarget) -> Things:
    """Yield what the host card claims."""
    for step in _steps(at, "file"):
        if step["path"] == CARD:
            yield CheckedThing(Is(claims(step["text"]) or ""))


def texts(at: BoardTarget) -> Things:
    """Yield what each file holds, host card apart, and what each unit's file does."""
    for step in _steps(at, "file"):
        if step["path"] != CARD:
            yield CheckedThing(_written(step), step["path"], f"/{step['path']}")
    for step in _steps(at, "unit"):
        yield CheckedThing(_written(step), f"etc/systemd/system/{step['name']}", step["name"])


def units(at: BoardTarget) -> Things:
    """Yield that each unit starts at boot, but for those that a timer starts."""
    for step in _steps(at, "unit"):
        if "[Install]" not in step["text"]:
            continue
        yield CheckedThing(Is("enabled"), step["name"])


def claims(text: str | None) -> str | None:
    """Return what the text of a host card says, on one line; None without a card."""
    if text is None:
        return None
    try:
        return host_card.parse(text).claims
    except DeclarationError as damaged:
        return f"no host card: {damaged.faults[0].message}"


def _steps(at: BoardTarget, *kinds: str) -> Iterator[Mapping[str, Any]]:
    return (step for step in at.steps if step["kind"] in kinds)


def _written(step: Mapping[str, Any]) -> Is:
    return Is(files.digest(step["text"].encode()), "as provisioned")
