"""A workstation and a board in one process: tasks as they are typed, the helper's own code, no ssh between them.

The board's root is a folder, its engine is `near_engine`. What takes a thousand cases is shown here; that the same
holds over a real sshd and real engines, `near_sshd` and the stand-ins show.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import json
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest

from sage_edge.declared import yaml_text
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.host import __main__ as door
from sage_edge.host import command_table, machine, probe, provision, release_store, served_line
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.helper_context import HelperContext
from sage_edge.host.journal import DeployJournal
from sage_edge.image import build_record
from sage_edge.names import Digest, HostName
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.ssh import client
from sage_edge.remote.ssh.config import Address
from sage_edge.shell import Result
from sage_edge.workstation import context, deploy_service
from tests.deploy import fleetfacts, loopback
from tests.deploy.loopback import Loopback, Typed
from tests.deploy.near_engine import NearEngine

_BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))
_A_KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()}"
HARDWARE = ("arch", "python", "system", "board", "memory", "disk", "clock")


@dataclass
class NearBoard:
    """here: the workstation, whose fleet declares this board. sent: images that were carried to it."""

    here: Loopback
    engine: NearEngine
    sent: list[str] = field(default_factory=list)

    @property
    def places(self) -> Places:
        return Places(self.here.board)

    @property
    def journal(self) -> DeployJournal:
        return DeployJournal(self.places.journal, self.places.root)

    def typed(self, words: str) -> Typed:
        """Type `invoke WORDS --host sprout`."""
        return self.here.typed(f"{words} --host sprout")

    def status(self) -> dict[str, str]:
        """What `status` says of it."""
        (row,) = json.loads(self.typed("status --json").out)["content"]
        return dict(row)

    def declare(self, temperature: float) -> None:
        """Declare another sampling, and with it another release."""
        path = self.here.fleet / "hosts" / "sprout.yaml"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        changed = [f"  temperature: {temperature}\n" if line.startswith("  temperature:") else line for line in lines]
        path.write_text("".join(changed), "utf-8")

    def build(self, digit: str) -> str:
        """Make another image count as the one that was built last; return its id."""
        image = Digest(f"sha256:{digit * 64}")
        build_record.keep(self.here.root, replace(fleetfacts.wanted().image, id=image))
        return image

    def current(self) -> str:
        return release_store.current(self.places) or ""

    def pin(self) -> served_line.Pin | None:
        return served_line.of(self.journal.entries()).pin

    def serves(self) -> str:
        """The release that the agent's container runs."""
        box = self.engine.boxes.get("c1")
        if not box or not box["State"]["Running"]:
            return ""
        return str(box["Config"]["Env"][0]).partition("=")[2]

    def helper(self, verb: str, **request: Any) -> Any:
        """Call the helper on the board itself."""
        return command_table.answer(self._context(lambda line: None), verb, request)

    def _context(self, log: Callable[[str], None]) -> HelperContext:
        return HelperContext(self.places, self.engine, helper_zipapp.packed().short, log)

    def facts(self, places: Places, engine: NearEngine, helper: str) -> dict[str, Any]:
        """A probe, with what is told."""
        return {**_probed(places, engine, helper), **self.told()}

    def told(self) -> dict[str, Any]:
        """What a folder cannot have: hardware, groups, users and units."""
        return {
            **{key: fleetfacts.TOLD[key] for key in HARDWARE},
            "facts_root": "/",
            "groups": {"docker": 999, "video": 44, "render": 104, "sage-agent": 10001},
            "users": {"sage-agent": {"uid": 10001, "gid": 10001, "groups": ["video", "render"]}},
            "units": {name: name in self.engine.units for name in probe.UNITS},
            "user": {"uid": 0, "asked_by": "root", "asked_uid": os.getuid(), "groups": []},
        }


_probed = probe.facts


class NearRemote:
    """What is asked of it, the board's helper answers in this process."""

    def __init__(self, board: NearBoard, host: HostName) -> None:
        self._board, self.address = board, Address(host, "near", 22, "root", host, board.here.fleet)

    def run(
        self, script: str, *words: str, stdin: bytes | IO[bytes] = b"", hear: Callable[[str], None] = print, **_: Any
    ) -> Result:
        if words[: len(helper_zipapp.CALL)] != helper_zipapp.CALL:
            if "load" in words and not isinstance(stdin, bytes):
                self._board.engine.images_there.add(stdin.read().decode())
            return Result(0, b"", b"")  # installs a helper, or loads an image
        helper = helper_zipapp.packed().short
        document: dict[str, Any] = {"helper": helper, "ok": True}
        code = 0
        try:
            asked = json.loads(stdin if isinstance(stdin, bytes) else stdin.read())
            document["result"] = command_table.answer(self._board._context(hear), words[-1], asked)
        except Refusal as refused:
            code, document = int(refused.code), {"helper": helper, "ok": False, "error": refused.as_json()}
        except OSError as failed:
            refusal = door.board_failed(failed)
            code, document = int(refusal.code), {"helper": helper, "ok": False, "error": refusal.as_json()}
        return Result(code, json.dumps(document).encode(), b"")


def made(root: Path, patch: pytest.MonkeyPatch) -> NearBoard:
    """A workstation and a provisioned board on which nothing is deployed yet."""
    here = loopback.workstation(root, patch)
    here.board.mkdir(parents=True)
    _bake_the_seedling(root / "images")
    for record in (root / ".sage" / "images").glob("*.json"):
        record.touch()  # they were built after that
    for card in (here.fleet / "models").glob("[!s]*.yaml"):  # each is read at every look, and none is of Sprout's
        card.unlink()
    (here.fleet / "known_hosts").write_text(f"exchange.sage.internal {_A_KEY}\n", "utf-8")
    board = _joined(_equipped(NearBoard(here, NearEngine(here.board)), patch), patch)
    done = board.typed("provision")
    assert done.code == 0, done
    return board


def copied(of: NearBoard, root: Path, patch: pytest.MonkeyPatch) -> NearBoard:
    """The same workstation and board once more, somewhere else: as they stand now."""
    return _joined(standing_at(of, root, patch), patch)


def standing_at(of: NearBoard, root: Path, patch: pytest.MonkeyPatch) -> NearBoard:
    """The same, where no task reaches the board yet, and the helper that a test calls itself has its engine."""
    subprocess.run(("cp", "-a", str(of.here.root), str(root)), check=True)
    here = loopback.at(root, patch)
    return _equipped(NearBoard(here, replace(copy.deepcopy(of.engine), root=here.board)), patch)


def _joined(board: NearBoard, patch: pytest.MonkeyPatch) -> NearBoard:
    """Let tasks of this process reach the board."""

    @contextlib.contextmanager
    def connect(addresses: Path, host: HostName) -> Iterator[NearRemote]:
        yield NearRemote(board, host)

    patch.setattr(client, "connect", connect)
    patch.setattr(context, "connect", connect)
    return board


def _equipped(board: NearBoard, patch: pytest.MonkeyPatch) -> NearBoard:
    """Let its helper have its engine, and images get there by themselves."""

    @contextlib.contextmanager
    def carried(at: BoardClient, release: DesiredRelease) -> Iterator[tuple[str, ...]]:
        board.sent.append(release.release.image)
        board.engine.images_there.add(release.release.image)
        yield ()

    nobody = SimpleNamespace(getgrnam=lambda name: SimpleNamespace(gr_mem=["sage-agent"], gr_name=name))
    for module, name, value in (
        (deploy_service, "by_registry", lambda _: carried),
        (machine, "run", board.engine.run),
        (probe, "facts", board.facts),
        (provision, "grp", nobody),
        (provision, "pwd", SimpleNamespace(getpwnam=lambda name: name)),
        (os, "fsync", lambda handle: None),  # nothing is killed by the kernel here
        (yaml_text, "load", _load_again),
    ):
        patch.setattr(module, name, value)
    return board


_load = yaml_text.load


@functools.cache
def _loaded(text: str) -> bytes:
    return pickle.dumps(_load(text))


def _load_again(text: str) -> Any:
    """As `yaml_text.load`: a hundred commands in one process read the same texts, which was most of their time."""
    return pickle.loads(_loaded(text))  # noqa: S301 - our own


def _bake_the_seedling(images: Path) -> None:
    """Let Sprout's image carry the one model that needs no preparation, as its record says."""
    images.unlink()
    shutil.copytree(fleetfacts.ROOT / "images", images)
    card = images / "sprout" / "image.yaml"
    own = card.read_text("utf-8").replace(
        "bake: [qwen2.5-0.5b/introspective:v2.1-q8_0]", f"bake: [{fleetfacts.SEEDLING}]"
    )
    card.write_text(own, "utf-8")


def git(folder: Path, words: str) -> None:
    """Run git in a folder."""
    subprocess.run(("git", "-C", str(folder), *words.split()), check=True, capture_output=True)
