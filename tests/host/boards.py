"""A board in memory: files are real, below a folder; containers and the timer are not. It can fail or die anywhere."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge.host import durable
from sage_edge.host import release_store as released
from sage_edge.host.board_paths import Places
from sage_edge.host.deployment import Deployment, DeployTimeouts
from sage_edge.host.errors import Refusal
from sage_edge.host.journal import DeployJournal
from sage_edge.host.release_store import Released
from sage_edge.host.service import Running


class Killed(BaseException):
    """The process dies here: nothing after it happens, no handler runs."""


def release(name: str) -> tuple[Released, dict[str, str]]:
    """Return a release and its files; the name makes it differ."""
    content = json.dumps(
        {
            "host": "sprout",
            "role": "practitioner",
            "board": "orin-nano",
            "image": f"sha256:{name * 64:.64}",
            "models": {},
        }
    )
    return released.parse(content.encode()), {"release.json": content, "compose.yaml": name, ".env": ""}


OLD, NEW = release("a"), release("b")
QUICK = DeployTimeouts(session_s=0, health_s=0, revert_s=60, cut=False)


@dataclass
class FakeService:
    """Keeps the promises of `host.service.Service`. `at`: called before and after whatever touches the board."""

    at: Callable[[str], None]
    serves: Released | None = None
    is_armed: bool = False
    sick: set[str] = field(default_factory=set)
    timer_was_set: bool = False
    engine_answers: bool = True

    def answers(self) -> bool:
        return self.engine_answers

    def read_compose(self, released: Released) -> None:
        self.at("read compose")

    def fetch(self, released: Released, check_cancelled: Callable[[], None]) -> None:
        self.at("fetch")

    def up(self, released: Released) -> None:
        self.at("before up")
        self.serves = released
        self.at("after up")

    def down(self) -> None:
        self.at("before down")
        self.serves = None
        self.at("after down")

    def running(self) -> Running | None:
        if self.serves is None:
            return None
        return Running(self.serves.image, self.serves.short, True, "healthy", "")

    def healthy(self, released: Released, within_s: float) -> None:
        self.at("healthy")
        if self.serves is None or self.serves.id != released.id or released.short in self.sick:
            raise Refusal("unhealthy", "the agent is not healthy", "look")

    def canary(self, released: Released) -> str:
        self.at("canary")
        return "one token"

    def arm(self, seconds: int) -> None:
        self.at("before arm")
        self.is_armed = self.timer_was_set = True
        self.at("after arm")

    def disarm(self) -> None:
        self.at("before disarm")
        self.is_armed = False
        self.at("after disarm")

    @contextlib.contextmanager
    def quiet(self, wait_s: float, log: Callable[[str], None], check_cancelled: Callable[[], None]) -> Iterator[None]:
        self.at("quiet")
        check_cancelled()
        yield


@dataclass
class Board:
    """A board on which OLD serves, and the points that a deployment passes."""

    folder: Path
    fault: Callable[[int, str], None] = lambda number, name: None
    passed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = Places(self.folder)
        self.places.releases.mkdir(parents=True)
        self.service = FakeService(lambda name: None)

    @property
    def journal(self) -> DeployJournal:
        return DeployJournal(self.places.journal, self.folder)

    def process(self) -> Deployment:
        """A helper that starts anew: it knows only what is on the disk."""
        return Deployment(self.places, self.journal, self.service, lambda line: None)

    def at(self, name: str) -> None:
        """A point: the fault decides what happens here."""
        self.passed.append(name)
        self.fault(len(self.passed), name)

    def deploy(self, wanted: tuple[Released, dict[str, str]]) -> None:
        """Stage, activate and confirm, as a workstation does with three calls."""
        self.process().stage(*wanted)
        self.process().activate(QUICK)
        self.process().confirm(wanted[0].short)

    @contextlib.contextmanager
    def watched(self, fault: Callable[[int, str], None]) -> Iterator[None]:
        """Let `fault` decide at every point of the body: journal lines, the link, every call of the service."""
        self.fault, self.service.at = fault, self.at
        append, link = durable.append, durable.link

        def appended(path: Path, entry: dict[str, object]) -> None:
            self.at(f"before line {entry.get('state')}")
            append(path, entry)
            self.at(f"after line {entry.get('state')}")

        def linked(path: Path, target: str) -> None:
            self.at("before link")
            link(path, target)
            self.at("after link")

        durable.append, durable.link = appended, linked  # type: ignore[assignment]
        try:
            yield
        finally:
            durable.append, durable.link = append, link
            self.service.at = lambda name: None

    def serving(self) -> tuple[str | None, str | None]:
        """(what `current` names, what runs)."""
        running = self.service.running()
        return released.current(self.places), running.release if running else None
