"""Parse what a board's helper probed into a value, once, at the door.

The helper gives files as they stand (host/probe.py); what they mean is decided here, with the same rules by which the
agent in the container judges its board (`inventory.board_facts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sage_edge.inventory.board_facts import BoardFacts as Board
from sage_edge.inventory.board_facts import measured
from sage_edge.names import HostName
from sage_edge.remote.errors import UnreadableProbe

_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class BoardContainer:
    """A container on a board. release: what it says itself; differs: from what the board started, None: not recorded.

    rights: by what it could change the board; exit_code: of one that ended; beats: the newest heartbeat is its own.
    """

    name: str
    image: str
    status: str
    health: str | None
    release: str | None
    started: str
    labels: Mapping[str, str]
    restarts: int
    user: str
    exit_code: int | None = None
    differs: tuple[str, ...] | None = None
    rights: tuple[str, ...] = ()
    beats: bool | None = None


@dataclass(frozen=True)
class BoardEngine:
    """The board's Docker engine. compose: where its plugin lies, None if there is none.

    started: names of the containers that the board started last, all of which should run.
    """

    version: str
    runtimes: tuple[str, ...]
    root: str
    compose: str | None
    images: frozenset[str]
    containers: tuple[BoardContainer, ...]
    started: tuple[str, ...] = ()

    @property
    def number(self) -> tuple[int, int]:
        """(major, minor); (0, 0) for a version that is none."""
        match = _VERSION.match(self.version)
        return (int(match[1]), int(match[2])) if match else (0, 0)

    def agent(self) -> BoardContainer | None:
        """The agent's container, or None."""
        return self.of_service("agent")

    def of_service(self, name: str) -> BoardContainer | None:
        """The container of one service of our compose file, or None."""
        ours = {"com.docker.compose.project": "sage", "com.docker.compose.service": name}  # not one run by hand
        return next((container for container in self.containers if ours.items() <= container.labels.items()), None)


@dataclass(frozen=True)
class BoardPin:
    """A board that was rolled back, and stays there. away_from: the releases that it was rolled back from."""

    release: str
    away_from: tuple[str, ...]
    since: str

    def __str__(self) -> str:
        return f"pinned to {self.release} since {self.since}: rolled back from {', '.join(self.away_from) or 'it'}"


@dataclass(frozen=True)
class BoardDeployment:
    """What the board says of its deployments. journal_state: of the newest one; damaged: why nothing can be said.

    lock_damaged: why nobody can say who holds the lock. retired: since when it is out of service, and by whom.

    release_sha256: of the current release.json's bytes, which is its release's id unless somebody changed it.
    files_changed: files of the current release that are not as they were staged; None: nobody listed them.
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
    files_changed: tuple[str, ...] | None = None
    pin: BoardPin | None = None
    lock_damaged: str = ""
    retired: str = ""

    @property
    def should_serve(self) -> str | None:
        """The release that serves once the newest deployment is over as it must be; None: nothing, as far as is known.

        By the journal; where there is none, what `current` names.
        """
        if self.journal_state is None:
            return self.current
        return self.journal_release if self.journal_state in ("confirmed", "committed") else self.journal_previous


@dataclass(frozen=True)
class BoardProbe:
    """One probe of one board. clock_ahead_s: how far its clock is ahead of ours.

    answer: all that the helper tells, as it stands; what only a check asks is read there (`verify.board_checks`).
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
    failing: tuple[str, ...] | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def serving(self) -> str | None:
        """The release that the agent's container runs, by its own word; None without a container."""
        agent = self.engine.agent() if self.engine else None
        return agent.release if agent else None


def parse(host: HostName, content: Mapping[str, Any], our_clock_s: float) -> BoardProbe:
    """Return what a probe found. Raises UnreadableProbe. our_clock_s: seconds since 1970 when it was asked."""
    if content.get("format") != 1:
        raise UnreadableProbe(host, f"expected format 1, got {content.get('format')!r:.20}")
    try:
        return _parsed(host, content, our_clock_s)
    except (KeyError, TypeError, ValueError, AttributeError) as unfit:
        raise UnreadableProbe(host, f"{type(unfit).__name__} {unfit}"[:200]) from None


def _parsed(host: HostName, content: Mapping[str, Any], our_clock_s: float) -> BoardProbe:
    major, minor = (int(part) for part in str(content["python"]).split(".")[:2])
    return BoardProbe(
        host=host,
        helper=str(content["helper"]),
        board=measured(content["board"], str(content["arch"])),
        card=content["card"],
        facts_root=str(content["facts_root"]),
        system=_os_release(content["system"] or ""),
        python=(major, minor),
        memory=dict(content["memory"]),
        disk=dict(content["disk"]),
        groups=dict(content["groups"]),
        user=dict(content["user"]),
        files=dict(content["files"]),
        clock_synchronized=bool(content["clock"]["synchronized"]),
        clock_ahead_s=float(content["epoch"]) - our_clock_s,
        boot=str(content["boot"]),
        engine=_engine(content["docker"]) if content["docker"] else None,
        deployed=_deployed(content["deploy"]),
        models=dict(content["models"]),
        failing=None if content.get("failing") is None else tuple(content["failing"]),
        answer=content,
    )


def _engine(content: Mapping[str, Any]) -> BoardEngine:
    return BoardEngine(
        version=str(content["version"]),
        runtimes=tuple(content["runtimes"]),
        root=str(content["root"]),
        compose=content["compose"],
        images=frozenset(content["images"]),
        containers=tuple(
            BoardContainer(
                name=entry["name"],
                image=str(entry["image"]),
                status=str(entry["status"]),
                health=entry["health"],
                release=entry["release"],
                started=str(entry["started"]),
                labels=dict(entry["labels"]),
                restarts=int(entry["restarts"] or 0),
                user=str(entry["user"] or ""),
                exit_code=entry.get("exit_code"),
                differs=_texts(entry.get("differs")),
                rights=_texts(entry.get("rights")) or (),
                beats=entry.get("beats"),
            )
            for entry in content["containers"]
        ),
        started=_texts(content.get("started")) or (),
    )


def _deployed(content: Mapping[str, Any]) -> BoardDeployment:
    journal = content["journal"] or {}
    return BoardDeployment(
        current=content["current"],
        release=content["release"],
        releases=tuple(content["releases"]),
        journal_state=journal.get("state"),
        journal_release=journal.get("release"),
        journal_previous=journal.get("previous"),
        lock=content["lock"],
        damaged=str(content["damaged"]),
        release_sha256=content.get("release_sha256"),
        files_changed=_texts(content.get("files_changed")),
        lock_damaged=str(content.get("lock_damaged", "")),
        pin=_pin(content["pin"]) if content.get("pin") else None,
        retired="{at} by {who}".format(**mark) if (mark := content.get("retired")) else "",
    )


def _texts(content: Any) -> tuple[str, ...] | None:
    """A list that an older helper does not tell is None."""
    return None if content is None else tuple(map(str, content))


def _pin(content: Mapping[str, Any]) -> BoardPin:
    return BoardPin(str(content["release"]), tuple(map(str, content["away_from"])), str(content["since"]))


def _os_release(text: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key: value.strip('"') for key, _, value in pairs}
