"""The demo's folder: a hub, the fleet with an overlay for this machine, and two hosts with cards and states.

DIR/hub.git                    bare, with the pre-receive hook
DIR/fleet/                     a copy of the declarations, and overlays/demo.yaml
DIR/sprout/{host.yaml,key,key.pub,state/}  the practitioner; it signs what it writes, where there is an ssh-keygen
DIR/thor/{host.yaml,key,key.pub,state/}    the researcher
DIR/summary.json               written last
DIR/.sage-demo                 marks the folder as the demo's own: only such a folder is made anew
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.declared import yaml_text
from sage_edge.errors import CommandFailed, UsageError
from sage_edge.exchange.commit_key import make_key
from sage_edge.inventory import signers
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName

HOSTS = ("sprout", "thor")
SUBJECT, SEEDLING = "cpu", "seedling"
"""Overlays that name whom a demo raises: the real model that is fetched once, and the toy that ships."""

_MARK = ".sage-demo"
_NOT_INSTALLED = 127


@dataclass(frozen=True)
class Stage:
    """Where the demo plays. models: the store of its subject; None where that ships."""

    folder: Path
    models: Path | None = None

    @property
    def hub(self) -> Path:
        return self.folder / "hub.git"

    @property
    def fleet(self) -> Path:
        return self.folder / "fleet"

    @property
    def summary(self) -> Path:
        return self.folder / "summary.json"

    def state(self, host: str) -> Path:
        return self.folder / host / "state"

    def key(self, host: str) -> Path:
        return self.folder / host / "key"

    def environment(self, host: str) -> dict[str, str]:
        """The environment in which a host's commands run: this machine's, with paths of the demo."""
        own = {
            "SAGE_FLEET": str(self.fleet),
            "SAGE_CARD": str(self.folder / host / "host.yaml"),
            "SAGE_STATE": str(self.state(host)),
            "SAGE_KEY": str(self.key(host)),
            **({"SAGE_MODELS": str(self.models)} if self.models is not None else {}),
        }
        return {**{k: v for k, v in os.environ.items() if not k.startswith("SAGE_")}, **own}


def make(declarations: Path, into: Path, overlay: str = SUBJECT, models: Path | None = None) -> Stage:
    """Make the demo's folder anew. overlay: of the declarations, which names the subject. models: its store.

    Raises UsageError when `into` holds something that is not a demo, CommandFailed.
    """
    folder = into.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise UsageError(f"{into} holds something that is not a demo", hint="name an empty or a new folder with --into")
    shutil.rmtree(folder, ignore_errors=True)
    stage = Stage(folder, models)
    files.write_atomic(folder / _MARK, b"")
    with files.storing(folder):
        _copy(declarations, stage.fleet)
    laid = _overlay(declarations, stage.hub, overlay)
    files.write_atomic(stage.fleet / "overlays" / "demo.yaml", yaml_text.dump(laid).encode())
    for host in HOSTS:
        card = {"format": 1, "host": host, "overlay": "demo"}
        files.write_atomic(folder / host / "host.yaml", yaml_text.dump(card).encode())
    _enrol(stage)
    return stage


def _enrol(stage: Stage) -> None:
    """Give every host a key, and list it; without ssh-keygen nobody signs, and nobody asks for it."""
    try:
        keys = {host: make_key(stage.key(host), host) for host in HOSTS}
    except CommandFailed as failed:
        if failed.exit_code != _NOT_INSTALLED:
            raise
        return
    lines = (Signer(HostName(host), (signers.COMMITS,), key, signers.START) for host, key in keys.items())
    files.write_atomic(stage.fleet / signers.FILE, "".join(f"{line}\n" for line in lines).encode("ascii"))


def _copy(declarations: Path, to: Path) -> None:
    """Copy a folder of declarations so that it can be written to; an installed one may be read-only."""
    shutil.copytree(declarations, to, copy_function=shutil.copyfile)
    for folder in (to, *filter(Path.is_dir, to.rglob("*"))):
        folder.chmod(0o755)


def _overlay(declarations: Path, hub: Path, name: str) -> dict[str, object]:
    """A laptop's overlay, with the hub in this folder and no jitter (the story's times are fixed)."""
    path = declarations / "overlays" / f"{name}.yaml"
    overlay: dict[str, object] = yaml_text.load(path.read_text(encoding="utf-8"))
    fleet = {"exchange": {"remote": str(hub)}, "cadence": {"jitter": "0s"}}
    return {
        **overlay,
        "name": "demo",
        "summary": "Both hosts on this machine, with the hub beside them.",
        "fleet": fleet,
    }
