"""What is told of a host on which everything is in order; tests change one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sage_edge.inventory import load
from sage_edge.inventory.serve_settings import ServeSettings
from sage_edge.names import Digest, HostName, ModelRef, Slug
from sage_edge.records.release import Release
from sage_edge.verify import board_checks
from sage_edge.verify.board.facts import BoardCase
from sage_edge.verify.board_target import BoardTarget
from sage_edge.verify.wants import FactValue
from tests.deploy import fleetfacts

FLEET = load.load(Path(__file__).parents[2] / "fleet")
HOST = FLEET.host("sprout")
IMAGE, MODEL, WEIGHTS, OTHER = (Digest(f"sha256:{digit * 64}") for digit in "1234")
BAKED, STORED = ModelRef("sage/baked:q8_0"), ModelRef("sage/stored:q8_0")
RELEASE = Release(
    host=HostName("sprout"),
    role=HOST.role,
    board=HOST.board,
    overlay=None,
    image=IMAGE,
    models={BAKED: MODEL, STORED: OTHER},
    fleet=OTHER,
    compose=OTHER,
)
STEPS: tuple[Mapping[str, Any], ...] = (
    {"kind": "packages", "names": ["git"]},
    {"kind": "group", "name": "sage-agent", "gid": 10001},
    {"kind": "user", "name": "sage-agent", "uid": 10001, "gid": 10001, "groups": ["video"]},
    {"kind": "folder", "path": "srv/sage/state", "uid": 10001, "gid": 10001, "mode": "0750"},
    {
        "kind": "file",
        "path": "etc/sage/host.yaml",
        "text": "# who\nformat: 1\nhost: sprout\n",
        "uid": 0,
        "gid": 0,
        "mode": "0644",
    },
    {"kind": "file", "path": "etc/sudoers.d/sage-host", "text": "x\n", "uid": 0, "gid": 0, "mode": "0440"},
    {"kind": "key", "path": "srv/sage/keys/exchange", "uid": 10001, "gid": 10001, "comment": "sprout"},
    {"kind": "unit", "name": "sage-release.service", "text": "[Install]\n"},
    {"kind": "unit", "name": "sage-watch.service", "text": "[Unit]\n"},
    {"kind": "service", "name": "docker"},
    {"kind": "sshd"},
)
X_SHA = "sha256:73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac"
BOOT_SHA = "sha256:c580ba0fa8f68d89e0dd674a711bbbeea07f934766fcf107b2f6f58ae2cb6304"
UNIT_SHA = "sha256:ae6c63cff33bcfa3b6a2d6d0c9dd19521dedaa351146b1a642d2bfc9cf5a1e1f"


def target(**changes: Any) -> BoardTarget:
    """A sound Sprout: a Jetson with a release that carries one model and needs another one from its store."""
    sound = BoardTarget(
        host=HOST,
        card=FLEET.boards["orin-nano"],
        remote="ssh://git@hub/x.git",
        helper="0123456789ab",
        steps=STEPS,
        current=RELEASE.id.short,
        release=RELEASE,
        baked=frozenset({BAKED}),
        shipped=frozenset(),
        weights={BAKED: WEIGHTS},
        locked={ModelRef("sage/spare:q8_0"): OTHER, STORED: OTHER},
        oldest_engine=(20, 10),
        probe=fleetfacts.probed(),
    )
    return replace(sound, **changes)


def that_serves() -> BoardTarget:
    """The same, declared to answer others with the model that its image carries."""
    serve = ServeSettings(kind="llamacpp-server", model=BAKED)
    return target(host=HOST.model_copy(update={"serve": serve}), served="answers")


def on_a_stand_in() -> BoardTarget:
    """The same on a board without a GPU."""
    card = FLEET.boards["sim-orin-nano"]
    return target(card=card, host=HOST.model_copy(update={"board": Slug("sim-orin-nano")}))


FOUND: Mapping[str, FactValue] = {
    "helper": "0123456789ab",
    "board is orin-nano": frozenset(),
    "group sage-agent": 10001,
    "user sage-agent": "10001:10001",
    "groups of sage-agent": frozenset({"video", "render"}),
    "rights of /srv/sage/state": "0750 10001:10001",
    "rights of /etc/sage/host.yaml": "0644 0:0",
    "rights of /etc/sudoers.d/sage-host": "0440 0:0",
    "rights of /srv/sage/keys/exchange": "0400 10001:10001",
    "host card": "host: sprout",
    "content of /etc/sudoers.d/sage-host": X_SHA,
    "content of sage-release.service": BOOT_SHA,
    "content of sage-watch.service": UNIT_SHA,
    "sage-release.service at boot": "enabled",
    "rights below /srv/sage/state": frozenset(),
    "secrets open to anybody": frozenset(),
    "docker": "20.10.24",
    "docker compose": "there",
    "runtime": frozenset({"nvidia", "runc"}),
    "containers that are not ours": frozenset(),
    "in service": frozenset(),
    "release": str(RELEASE.id),
    "files of the release": frozenset(),
    "deploy lock": frozenset(),
    "newest deployment": "committed",
    "release by the journal": RELEASE.id.short,
    "agent": "running",
    "health of the agent": "healthy",
    "agent's user": "10001:10001",
    "agent's release": RELEASE.id.short,
    "agent as it was started": frozenset(),
    "image": str(IMAGE),
    "image's role": "practitioner",
    "image's platform": "l4t",
    "image's board": "orin-nano",
    "image's model": str(BAKED),
    f"model {BAKED}": str(WEIGHTS),
    f"model {STORED}": str(OTHER),
    "bytes of the models": frozenset(),
    "manifest of sage/spare:q8_0": None,
    "heartbeat": 12.0,
    "heartbeat's writer": "running",
    "last wake": frozenset(),
    "quarantine": frozenset(),
    "clock": 0.2,
    "clock is kept": "yes",
    "clock as the agent sees it": frozenset(),
    "room for sage": 10**9,
    "room for state": 10**9,
    "room for docker": 10**10,
    "free memory": 10**9,
    "exchange": "answers",
}
"""What is found on a sound board, check by check."""


def case(name: str, at: BoardTarget | None = None) -> BoardCase:
    """One check by its name."""
    (named,) = (case for case in board_checks.cases(at or target()) if case.name == name)
    return named
