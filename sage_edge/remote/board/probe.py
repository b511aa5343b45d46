"""What a board's helper found, as a value: parsed once, at the door.

The helper tells files as they stand (host/probe.py); what they mean is decided here, with the same rules by which the
agent in the container judges its board (`inventory.board_facts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sage_edge.inventory.board_facts import Facts as Board
from sage_edge.inventory.board_facts import measured
from sage_edge.names import HostName
from sage_edge.remote.errors import UnreadableProbe

_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class BoardContainer:
    """A container of ours on a board."""

    name: str
    image: str
    status: str
    health: str | None
    release: str | None
    started: str
    labels: Mapping[str, str]
    restarts: int
    user: str


@dataclass(frozen=True)
class BoardEngine:
    """The board's Docker engine. compose: where its plugin lies, None if there is none."""

    version: str
    runtimes: tuple[str, ...]
    root: str
    compose: str | None
    images: frozenset[str]
    containers: tuple[BoardContainer, ...]

    @property
    def number(self) -> tuple[int, int]:
        """(major, minor); (0, 0) for a version that is none."""
        found = _VERSION.match(self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def agent(self) -> BoardContainer | None:
        """The agent's container, or None."""
        ours = {"com.docker.compose.project": "sage", "com.docker.compose.service": "agent"}  # not one run by hand
        return next((one for one in self.containers if ours.items() <= one.labels.items()), None)


@dataclass(frozen=True)
class BoardDeployment:
    """What the board says of its deployments. journal_state: of the newest one; damaged: why nothing can be said.

    release_sha256: of the current release.json's bytes, which is its release's id unless somebody changed it.
    """

    current: str | None
    release: Mapping[str, Any] | None
    releases: tuple[str, ...]
    journal_state: str | None
    journal_release: str | None
    journal_previous: str | None
    lock: Mapping[str, Any] | None
    damaged: str
    release_sha256: str | None = None


@dataclass(frozen=True)
class ProvisionedState:
    """What provisioning left on a board. users: name → uid, gid, groups; texts: path → sha256; units: name → enabled.

    secrets_open: paths of secrets that anybody there may read.
    """

    users: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    texts: Mapping[str, str | None] = field(default_factory=dict)
    units: Mapping[str, bool] = field(default_factory=dict)
    secrets_open: tuple[str, ...] = ()


@dataclass(frozen=True)
class BoardProbe:
    """One probe of one board. clock_ahead_s: how far its clock is ahead of ours; heartbeat_age_s: of its agent's.

    bytes_missing: files of models that the store lists and does not hold whole; None: its helper does not say.
    failing: why its agent's last wake failed, nothing when it did not; None: the agent does not say.
    """

    host: HostName
    helper: str
    board: Board
    card: str | None
    facts_root: str
    system: Mapping[str, str]
    python: tuple[int, int]
    memory: Mapping[str, int]
    disk: Mapping[str, Mapping[str, int]]
    groups: Mapping[str, int | None]
    user: Mapping[str, Any]
    files: Mapping[str, Mapping[str, Any] | None]
    clock_synchronized: bool
    clock_ahead_s: float
    boot: str
    engine: BoardEngine | None
    deployed: BoardDeployment
    models: Mapping[str, str]
    furniture: ProvisionedState = field(default_factory=ProvisionedState)
    heartbeat_age_s: float | None = None
    failing: tuple[str, ...] | None = None
    bytes_missing: tuple[str, ...] | None = None


def parse(host: HostName, told: Mapping[str, Any], our_clock_s: float) -> BoardProbe:
    """Return what a probe found. Raises UnreadableProbe. our_clock_s: seconds since 1970 when it was asked."""
    if told.get("format") != 1:
        raise UnreadableProbe(host, f"expected format 1, got {told.get('format')!r:.20}")
    try:
        return _parsed(host, told, our_clock_s)
    except (KeyError, TypeError, ValueError, AttributeError) as unfit:
        raise UnreadableProbe(host, f"{type(unfit).__name__} {unfit}"[:200]) from None


def _parsed(host: HostName, told: Mapping[str, Any], our_clock_s: float) -> BoardProbe:
    major, minor = (int(part) for part in str(told["python"]).split(".")[:2])
    return BoardProbe(
        host=host,
        helper=str(told["helper"]),
        board=measured(told["board"], str(told["arch"])),
        card=told["card"],
        facts_root=str(told["facts_root"]),
        system=_os_release(told["system"] or ""),
        python=(major, minor),
        memory=dict(told["memory"]),
        disk=dict(told["disk"]),
        groups=dict(told["groups"]),
        user=dict(told["user"]),
        files=dict(told["files"]),
        clock_synchronized=bool(told["clock"]["synchronized"]),
        clock_ahead_s=float(told["epoch"]) - our_clock_s,
        boot=str(told["boot"]),
        engine=_engine(told["docker"]) if told["docker"] else None,
        deployed=_deployed(told["deploy"]),
        models=dict(told["models"]),
        bytes_missing=None if told.get("bytes_missing") is None else tuple(told["bytes_missing"]),
        furniture=_furniture(told),
        heartbeat_age_s=told.get("heartbeat_age_s"),
        failing=None if told.get("failing") is None else tuple(told["failing"]),
    )


def _furniture(told: Mapping[str, Any]) -> ProvisionedState:
    """An older helper tells none of it, and is still worth reading: its age is the first thing that a check says."""
    return ProvisionedState(
        users=dict(told.get("users", {})),
        texts=dict(told.get("texts", {})),
        units=dict(told.get("units", {})),
        secrets_open=tuple(told.get("secrets_open", ())),
    )


def _engine(told: Mapping[str, Any]) -> BoardEngine:
    return BoardEngine(
        version=str(told["version"]),
        runtimes=tuple(told["runtimes"]),
        root=str(told["root"]),
        compose=told["compose"],
        images=frozenset(told["images"]),
        containers=tuple(
            BoardContainer(
                name=one["name"], image=str(one["image"]), status=str(one["status"]), health=one["health"],
                release=one["release"], started=str(one["started"]), labels=dict(one["labels"]),
                restarts=int(one["restarts"] or 0), user=str(one["user"] or ""),
            )
            for one in told["containers"]
        ),
    )  # fmt: skip


def _deployed(told: Mapping[str, Any]) -> BoardDeployment:
    journal = told["journal"] or {}
    return BoardDeployment(
        current=told["current"],
        release=told["release"],
        releases=tuple(told["releases"]),
        journal_state=journal.get("state"),
        journal_release=journal.get("release"),
        journal_previous=journal.get("previous"),
        lock=told["lock"],
        damaged=str(told["damaged"]),
        release_sha256=told.get("release_sha256"),
    )


def _os_release(text: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key: value.strip('"') for key, _, value in pairs}
