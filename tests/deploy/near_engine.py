"""An engine and an init system in memory, for a board that is a folder: what its helper asks, starts and stops."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sage_edge.host import machine
from sage_edge.host.machine import LocalEngine, Ran, engine_silent
from sage_edge.models import resolve
from tests.deploy import fleetfacts

FINE = Ran(0, "", "")
LABELS = {
    "sage.role": "practitioner",
    "sage.board": "orin-nano",
    "sage.platform": "l4t",
    "sage.model": fleetfacts.SEEDLING,
    "sage.model.digest": f"sha256:{resolve.known((resolve.SHIPPED,))[fleetfacts.SEEDLING][1].sha256}",
}


_run_there = machine.run


@dataclass
class NearEngine(LocalEngine):
    """Keeps images and containers. is_up: whether it answers; sick: images whose agent never becomes healthy."""

    root: Path
    labels: dict[str, str] = field(default_factory=lambda: dict(LABELS))
    images_there: set[str] = field(default_factory=set)
    boxes: dict[str, dict[str, Any]] = field(default_factory=dict)
    sick: set[str] = field(default_factory=set)
    is_up: bool = True
    timers: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)

    def get(self, place: str) -> Any:
        """As the real one, from memory."""
        if not self.is_up:
            raise engine_silent("it is stopped")
        kind, _, rest = place.strip("/").partition("/")
        if kind == "version":
            return {"Version": "26.1.5"}
        if kind == "info":
            return {"ServerVersion": "26.1.5", "Runtimes": {"nvidia": {}, "runc": {}}, "DockerRootDir": str(self.root)}
        name = rest.removesuffix("/json")
        if kind == "images":
            listed = [self._image(image) for image in sorted(self.images_there)]
            return listed if rest.startswith("json") else next((i for i in listed if i["Id"] == name), None)
        if rest.startswith("json"):
            return [self._listed(box) for box in self.boxes.values()]
        return next((box for box in self.boxes.values() if name in (box["Id"], box["Name"].lstrip("/"))), None)

    def _image(self, image: str) -> dict[str, Any]:
        size = self.sizes.get(image, 1000)
        return {"Id": image, "RepoTags": [], "Labels": self.labels, "Size": size, "Config": {"Labels": self.labels}}

    def _listed(self, box: Mapping[str, Any]) -> dict[str, Any]:
        state = "running" if box["State"]["Running"] else "exited"
        return {
            "Id": box["Id"],
            "Image": box["Image"],
            "ImageID": box["Image"],
            "State": state,
            "Labels": box["Config"]["Labels"],
            "Names": [box["Name"]],
        }

    def run(self, words: Sequence[str], *, folder: Path | None = None, **_: Any) -> Ran:
        """Do what a program of the board would."""
        program, *rest = words
        if program == "docker":
            return self._docker(rest, folder or self.root)
        if program == "systemd-run":
            self.timers.add("sage-revert")
        if program == "systemctl" and rest[:1] == ["stop"]:
            self.timers.clear()
        if program == "systemctl" and "enable" in rest:
            self.units.add(rest[-1])
        if program == "systemctl" and "disable" in rest:
            self.units.discard(rest[-1])
        if program == "systemctl" and "is-enabled" in rest:
            return Ran(0 if rest[-1] in self.units else 1, "", "")
        if program == "ssh-keygen":
            return _run_there(words)
        if program == "dpkg-query":
            return Ran(0, "installed", "")
        return FINE

    def _docker(self, words: Sequence[str], folder: Path) -> Ran:
        if not self.is_up:
            return Ran(1, "", "Cannot connect to the Docker daemon")
        match words:
            case ("compose", "config", *_):
                there = (folder / "compose.yaml").is_file() and (folder / ".env").is_file()
                return FINE if there else Ran(14, "", "no configuration file provided: not found")
            case ("compose", "up", *_):
                return self._up(folder)
            case ("stop", name):
                self._box(name)["State"]["Running"] = False
            case ("rm", "--force", name):
                self.boxes.pop(self._box(name)["Id"])
            case ("rmi", *_, image):
                self.images_there.discard(image)
            case ("exec", _, "sage-smoke"):
                return Ran(0, "one token", "")
            case ("logs", *_):
                return Ran(0, "2027-01-15T08:00:00.0Z awake\n", "")
            case ("load", *_):
                pass
        return FINE

    def _box(self, name: str) -> dict[str, Any]:
        return next(box for box in self.boxes.values() if name in (box["Id"], box["Name"].lstrip("/")))

    def _up(self, folder: Path) -> Ran:
        env = dict(line.partition("=")[::2] for line in (folder / ".env").read_text("utf-8").splitlines())
        image = env["SAGE_IMAGE"]
        if image not in self.images_there:
            return Ran(1, "", f"No such image: {image}")
        began = (datetime.now(timezone.utc) - timedelta(seconds=0.1)).isoformat()  # before its agent beats
        beat = self.root / "srv/sage/state/heartbeat.json"
        beat.parent.mkdir(parents=True, exist_ok=True)
        beat.write_text(json.dumps({"failing": None}), "utf-8")
        with contextlib.suppress(PermissionError):
            os.chown(beat, 10001, 10001)  # as the agent in the container would
        health = "unhealthy" if image in self.sick else "healthy"
        self.boxes["c1"] = {
            "Id": "c1",
            "Name": "/sage-agent-1",
            "Image": image,
            "RestartCount": 0,
            "State": {
                "Running": True,
                "Status": "running",
                "Health": {"Status": health},
                "StartedAt": began,
            },
            "Config": {
                "User": "10001:10001",
                "Env": [f"SAGE_RELEASE={env['SAGE_RELEASE']}"],
                "Labels": {**self.labels, "com.docker.compose.project": "sage", "com.docker.compose.service": "agent"},
            },
        }
        return FINE
