"""A board's answer to a probe, and a release for it, with everything in order; tests change one thing at a time."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.image.built import BuiltImage
from sage_edge.inventory import load
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import Digest, HostName, ModelRef, RoleName, Slug
from sage_edge.records.release import Release
from sage_edge.remote.board import probe
from sage_edge.remote.board.probe import BoardProbe

ROOT = Path(__file__).parents[2]
SPROUT = HostName("sprout")
IMAGE = Digest(f"sha256:{'1' * 64}")
SEEDLING = ModelRef("sage/seedling:q8_0")
NOW = 1_800_000_000.0

TOLD: dict[str, Any] = {
    "format": 1,
    "helper": "0123456789ab",
    "at": "2027-01-15T08:00:00.000Z",
    "epoch": NOW,
    "boot": "b",
    "uptime_s": 10.0,
    "arch": "aarch64",
    "python": "3.10.12",
    "system": 'ID=ubuntu\nVERSION_ID="22.04"\n',
    "card": "format: 1\nhost: sprout\n",
    "facts_root": "/",
    "board": {
        "etc/nv_tegra_release": "# R36 (release), REVISION: 4.7, GCID: 1, BOARD: generic, EABI: aarch64\n",
        "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
        "proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005\0nvidia,p3767-0005\0nvidia,tegra234\0",
        "proc/device-tree/nvidia,boardids": None,
        "proc/device-tree/nvidia,dtsfilename": None,
        "proc/meminfo": "MemTotal:        7802672 kB\n",
    },
    "memory": {"total": 7_990_000_000, "available": 6_000_000_000},
    "disk": {
        name: {"device": 1, "free": 50_000_000_000, "total": 10**11} for name in ("sage", "state", "docker", "root")
    },
    "groups": {"docker": 999, "video": 44, "render": 104, "sage": None},
    "user": {"uid": 0, "asked_by": "sage", "asked_uid": 1000, "groups": ["sudo"]},
    "files": {},
    "clock_doubt": [],
    "docker": {
        "version": "26.1.5",
        "runtimes": ["io.containerd.runc.v2", "nvidia", "runc"],
        "default_runtime": "runc",
        "root": "/var/lib/docker",
        "compose": "/usr/libexec/docker/cli-plugins/docker-compose",
        "containers": [],
        "images": [],
    },
    "clock": {"synchronized": True, "kept_by": []},
    "deploy": {"current": None, "release": None, "releases": [], "journal": None, "lock": None, "damaged": ""},
    "models": {},
}


def told(**changes: Any) -> dict[str, Any]:
    """A probe's answer with parts changed: `docker__version="1.0"` changes a key of a part."""
    answer = copy.deepcopy(TOLD)
    for key, value in changes.items():
        part, _, inner = key.partition("__")
        if inner:
            answer[part][inner] = value
        else:
            answer[part] = value
    return answer


def probed(**changes: Any) -> BoardProbe:
    """The same, parsed."""
    return probe.parse(SPROUT, told(**changes), NOW)


def fleet(overlay: str | None = None) -> Fleet:
    """The fleet of this checkout."""
    return load.load(ROOT / "fleet", overlay)


def wanted(**changes: Any) -> DesiredRelease:
    """A release for sprout and its image. changes: of the image."""
    release = Release(
        host=SPROUT,
        role=RoleName("practitioner"),
        board=Slug("orin-nano"),
        overlay=None,
        image=IMAGE,
        models={SEEDLING: Digest(f"sha256:{'2' * 64}")},
        fleet=Digest(f"sha256:{'3' * 64}"),
        compose=Digest(f"sha256:{'4' * 64}"),
    )
    image = BuiltImage(
        IMAGE, "sprout", "sage/sprout:l4t", "practitioner", "orin-nano", "l4t", 1_000_000_000, str(SEEDLING)
    )
    return DesiredRelease(release, replace(image, **changes), {"release.json": release.canonical().decode()}, "sage")


def serving(found: DesiredRelease, **changes: Any) -> dict[str, Any]:
    """What a probe tells of a board on which a release serves."""
    container = {
        "name": "sage-agent-1",
        "image": found.release.image,
        "status": "running",
        "health": "healthy",
        "started": "",
        "restarts": 0,
        "user": "10001:10001",
        "release": found.short,
        "exit_code": 0,
        "differs": [],
        "rights": [],
        "beats": True,
        "labels": {"com.docker.compose.project": "sage", "com.docker.compose.service": "agent"},
        **changes,
    }
    deployed = {
        **TOLD["deploy"],
        "current": found.short,
        "release": found.release.model_dump(mode="json"),
        "releases": [found.short],
        "release_sha256": found.release.id.removeprefix("sha256:"),
        "files_changed": [],
        "journal": {"state": "committed", "release": found.short},
    }
    engine = {**TOLD["docker"], "containers": [container], "images": [found.release.image]}
    return {"deploy": deployed, "docker": engine}
