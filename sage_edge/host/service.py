"""Start, stop and examine a release's containers, and arm the timer that takes a release back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sage_edge.host import beat, file_lock, image_pull, machine, served_model, started
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.machine import LocalEngine
from sage_edge.host.release_store import Released, twelve
from sage_edge.host.served_model import NOT_SERVED, SERVER_CONTAINER

PROJECT = "sage"
AGENT = "agent"
"""The compose service whose health and canary decide."""

AGENT_CONTAINER = f"{PROJECT}-{AGENT}-1"
"""The name that compose gives its container."""

TIMER = "sage-revert"
UP_S, CANARY_S = 600.0, 300.0
_PAUSE_S = 0.25


@dataclass(frozen=True)
class Running:
    """The agent's container as the engine sees it. health: `healthy`, `unhealthy`, `starting` or `none`."""

    image: str
    release: str
    running: bool
    health: str
    started: str


class Service(Protocol):
    """What a deployment may do to a board; the tests' double keeps the same promises."""

    def answers(self) -> bool: ...
    def read_compose(self, released: Released) -> None: ...
    def fetch(self, released: Released, check_cancelled: Callable[[], None]) -> None: ...
    def up(self, released: Released) -> None: ...
    def down(self) -> None: ...
    def running(self) -> Running | None: ...
    def healthy(self, released: Released, within_s: float) -> None: ...
    def canary(self, released: Released) -> str: ...
    def arm(self, seconds: int) -> None: ...
    def disarm(self) -> None: ...
    def quiet(
        self, wait_s: float, log: Callable[[str], None], check_cancelled: Callable[[], None]
    ) -> contextlib.AbstractContextManager[None]: ...


class Docker:
    """The real one: the engine, compose and systemd of this board."""

    def __init__(self, places: Places, engine: LocalEngine) -> None:
        self._places, self._engine = places, engine

    def answers(self) -> bool:
        """True if the engine can be asked."""
        try:
            return bool(self._engine.version())
        except Refusal:
            return False

    def read_compose(self, released: Released) -> None:
        """Let compose read the release's files as it will when it starts them. Raises Refusal, exit 2."""
        folder = self._places.releases / released.short
        ran = machine.run(("docker", "compose", "config", "--quiet"), folder=folder)
        machine.require_installed(ran)
        if ran.code != 0:
            raise Refusal(
                "bad-compose",
                f"docker compose cannot read the release: {ran.tail}",
                "mend the file below compose/, then: ",
                invoke("deploy", host=HOST),
                code=ExitStatus.USAGE,
            )

    def fetch(self, released: Released, check_cancelled: Callable[[], None]) -> None:
        """Make the image be here and be the one that was asked for. Raises Refusal, exit 3, for another.

        check_cancelled: asked all the while; what it raises ends the transfer, and what has arrived stays.
        """
        image = self._engine.image(released.image)
        if image is None and released.image_from:
            image_pull.pull(released.image_from, check_cancelled)
            image_pull.tidy(self._engine)
            image = self._engine.image(released.image)
        if image is None:
            raise Refusal(
                "image-missing",
                f"the image {twelve(released.image)} is not on this board",
                "send it: ",
                invoke("image.push", host=HOST),
            )
        check_labels(image, released)

    def up(self, released: Released) -> None:
        """Start the release's containers, replacing those of another one, and record how compose made them."""
        words = ("docker", "compose", "up", "--detach", "--remove-orphans")
        folder = self._places.releases / released.short  # its .env names the project and the files, as for a person
        machine.require(words, "starting", timeout_s=UP_S, folder=folder)
        ours = {name: full for name in self._ours() if (full := self._engine.container(name))}
        started.write(self._places.started, released.short, ours)

    def down(self) -> None:
        """Stop and remove every container of ours; harmless when there is none."""
        for name in self._ours():
            machine.run(("docker", "stop", name), timeout_s=UP_S)
            machine.run(("docker", "rm", "--force", name), timeout_s=UP_S)

    def has_containers(self) -> bool:
        """True if something of ours is there, running or not."""
        return bool(self._ours())

    def _ours(self) -> list[str]:
        """The names of all containers of our project, running or not."""
        return [
            str(container["Names"][0]).lstrip("/")
            for container in self._engine.containers()
            if container.get("Labels", {}).get("com.docker.compose.project") == PROJECT
        ]

    def running(self) -> Running | None:
        """Return the agent's container, or None."""
        container = self._engine.container(AGENT_CONTAINER)
        return _running(container) if container else None

    def healthy(self, released: Released, within_s: float) -> None:
        """Return once the agent runs this release's image, is healthy and has written a heartbeat itself.

        Raises Refusal with its last lines.
        """
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            now = self.running()
            if now and now.running and now.image == released.image and now.health in ("healthy", "none"):
                if self._beats(released):
                    return
            elif now and (now.health == "unhealthy" or not now.running):
                break
            time.sleep(_PAUSE_S)
        silent = "" if self._beats(released) else "; it has written no heartbeat since it was started"
        what = f"the agent is not healthy: {_described(self.running())}{silent}; {self._last_words()}"
        raise Refusal("unhealthy", what, "read more: ", invoke("logs", host=HOST))

    def canary(self, released: Released) -> str:
        """Let the model inside the container generate a token, and what is served, too; return what they say."""
        words = ("docker", "exec", AGENT_CONTAINER, "sage-smoke")
        own = machine.require(words, "the canary generation", timeout_s=CANARY_S).strip()[-200:]
        served = self.served()
        return f"{own}; {served}" if served else own

    def served(self) -> str:
        """Let what this board serves draw a token, and return what came of it; empty where it serves nothing.

        Waits for a server that is still loading its model. Raises Refusal.
        """
        until = time.monotonic() + CANARY_S
        while (container := self._engine.container(SERVER_CONTAINER)) is not None:
            now = _running(container)
            if not now.running or now.health != "starting" or time.monotonic() > until:
                break
            time.sleep(_PAUSE_S)
        if container is None:
            return ""
        if not now.running or now.health not in ("healthy", "none"):
            last = machine.run(("docker", "logs", "--tail", "5", SERVER_CONTAINER)).tail or "it said nothing"
            what = f"what serves its model is not healthy: {_described(now)}; {last}"
            anew = "where its token or its certificate is to blame: "
            raise Refusal(NOT_SERVED, what, anew, invoke("key.serving", host=HOST))
        return served_model.ask(self._places, container)

    def arm(self, seconds: int) -> None:
        """Let systemd take the release back after `seconds`, whoever is still there."""
        self.disarm()
        helper = str(self._places.helpers / "sage-host")
        machine.require(
            (
                "systemd-run",
                f"--unit={TIMER}",
                f"--on-active={seconds}s",
                "--timer-property=AccuracySec=1s",
                "--quiet",
                "/usr/bin/python3",
                "-I",
                helper,
                "recover",
                "--because=timer",
            ),
            "arming the revert timer",
        )

    def disarm(self) -> None:
        """Stop the timer; harmless when there is none. A revert that already runs is not cut off."""
        machine.run(("systemctl", "stop", f"{TIMER}.timer"))
        machine.run(("systemctl", "reset-failed", f"{TIMER}.timer", f"{TIMER}.service"))

    @contextlib.contextmanager
    def quiet(self, wait_s: float, log: Callable[[str], None], check_cancelled: Callable[[], None]) -> Iterator[None]:
        """Hold the lock of sessions for the body, once the running session ends. Raises Refusal, exit 5.

        check_cancelled: asked all the while; what it raises ends the wait.
        """
        path = self._places.session_lock
        if not path.exists():  # no session was ever conducted here; what we made now would be root's, not the agent's
            yield
            return
        busy = Refusal(
            "session-running",
            "a session is still running",
            "wait longer, or cut it: --when now",
            code=ExitStatus.LOCKED,
        )
        waiting = "a session is running; waiting for its end"
        with file_lock.hold(path, wait_s, busy, on_wait=lambda: log(waiting), check_cancelled=check_cancelled):
            yield

    def _beats(self, released: Released) -> bool:
        """True if the newest heartbeat is of the container that runs, and of this release."""
        newest, container = beat.read(self._places.state), self._engine.container(AGENT_CONTAINER)
        return newest is not None and container is not None and newest.is_of(container, released.short)

    def _last_words(self) -> str:
        ran = machine.run(("docker", "logs", "--tail", "20", AGENT_CONTAINER))
        return ran.tail or "it said nothing"


def check_labels(image: Mapping[str, Any], released: Released) -> None:
    """Raise Refusal, exit 3, unless the image is the release's own, and made for this role and board.

    An image for plain processors is made for no board.
    """
    labels = (image.get("Config") or {}).get("Labels") or {}
    wrong = [
        f"its {name} is {actual or 'not said'}, expected {expected}"
        for name, actual, expected in (
            ("id", image.get("Id"), released.image),
            ("role", labels.get("sage.role"), released.role),
            ("board", labels.get("sage.board"), released.board),
        )
        if actual != expected and not (name == "board" and labels.get("sage.platform") == "cpu")
    ]
    if wrong:
        what = f"this image is not for {released.host}: {'; '.join(wrong)}"
        build = invoke("image.build", host=released.host)
        raise Refusal("wrong-image", what, "build the image of this host: ", build, code=ExitStatus.REFUSED)


def _running(container: Mapping[str, Any]) -> Running:
    state, config = container.get("State") or {}, container.get("Config") or {}
    variables = dict(pair.partition("=")[::2] for pair in config.get("Env") or ())
    return Running(
        image=str(container.get("Image", "")),
        release=variables.get("SAGE_RELEASE", ""),
        running=bool(state.get("Running")) and not state.get("Restarting"),
        health=str((state.get("Health") or {}).get("Status", "none")),
        started=str(state.get("StartedAt", "")),
    )


def _described(now: Running | None) -> str:
    if now is None:
        return "there is no container"
    return f"image {twelve(now.image)}, {'running' if now.running else 'not running'}, {now.health}"
