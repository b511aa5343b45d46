"""A workstation and a board on this machine: tasks as they are typed, a real sshd, the helper's own code behind it.

The board's root is a folder. What is not there is an engine: what a probe says of hardware, clock and engine is told
(`Loopback.tells`), and `docker` on its PATH is whatever a test puts there.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from invoke import Program

import tasks
from sage_edge.image import build_record
from sage_edge.remote.board import helper_zipapp as packing
from sage_edge.remote.ssh import config
from tests.deploy import boards, fleetfacts
from tests.deploy.boards import Board

_CARD = "format: 1\nhost: sprout\nfleet: sage\n"
_HELPER = """\
import json, os, sys, time
from pathlib import Path

sys.path.insert(0, {root!r})
os.environ["PATH"] = {path!r}
from sage_edge.host import __main__ as door
from sage_edge.host import command_table, probe
from sage_edge.host.helper_context import HelperContext
from sage_edge.host.machine import LocalEngine
from sage_edge.host.board_paths import Places

board = Path({board!r})


def facts(places, engine, helper):
    told = json.loads((board / "told.json").read_text("utf-8"))
    epoch = time.time() + told.pop("ahead_s")
    return {{**told, "helper": helper, "epoch": epoch, "deploy": probe._deploy(places)}}


def real(places, helper, log):
    return HelperContext(Places(board), LocalEngine(str(board / "no-engine")), helper, log)


probe.facts, command_table.real, door._own_digest = facts, real, lambda: {short!r}
door.leave(door.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Typed:
    """What a task printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> list[str]:
        """What stands on stderr from the first error on; before that is progress."""
        lines = self.err.splitlines()
        first = next((number for number, line in enumerate(lines) if line.startswith("error: ")), len(lines))
        return lines[first:]


@dataclass(frozen=True)
class Loopback:
    """root: the workstation's checkout. board: the folder that is the board's root. port: of its sshd."""

    root: Path
    board: Path
    port: int = 0

    @property
    def fleet(self) -> Path:
        return self.root / "fleet"

    def tells(self, ahead_s: float = 0.0, **changes: Any) -> None:
        """Say what a probe finds; `changes` as in fleetfacts.told. ahead_s: how far the board's clock is ahead."""
        told = fleetfacts.told(**{"card": _CARD, **changes})
        (self.board / "told.json").write_text(json.dumps({**told, "ahead_s": ahead_s}), "utf-8")

    def has(self, program: str, script: str) -> None:
        """Put a program on the board's PATH."""
        path = self.board / "bin" / program
        path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        path.chmod(0o755)

    def shares_its_address(self) -> None:
        """Let thor's address, and its key, be those of the board."""
        for name in (config.CONFIG, config.KEYS):
            text = (self.fleet / name).read_text("utf-8")
            (self.fleet / name).write_text(text + text.replace("sprout", "thor"), "utf-8")

    def typed(self, words: str) -> Typed:
        """Type `invoke WORDS`."""
        return typed(words)


def typed(words: str) -> Typed:
    """Type `invoke WORDS` in this process, which stands in a checkout."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            Program(namespace=tasks.ns).run(["invoke", *shlex.split(words)])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Typed(code, out.getvalue(), err.getvalue())


def workstation(root: Path, patch: pytest.MonkeyPatch) -> Loopback:
    """A checkout of its own, with the fleet of this one and images that count as built; its boards are not there."""
    shutil.copytree(fleetfacts.ROOT / "fleet", root / "fleet")
    shutil.copytree(fleetfacts.ROOT / "compose", root / "compose")
    (root / "images").symlink_to(fleetfacts.ROOT / "images")
    sprout = root / "fleet" / "hosts" / "sprout.yaml"
    own = sprout.read_text("utf-8").replace("qwen2.5-0.5b/introspective:v2.1-q8_0", fleetfacts.SEEDLING)
    sprout.write_text(own, "utf-8")  # the one model that needs no preparation
    image = fleetfacts.wanted().image
    build_record.keep(root, image)
    build_record.keep(root, replace(image, name="thor", role="researcher", board="agx-thor", model=None))
    return at(root, patch)


def at(root: Path, patch: pytest.MonkeyPatch) -> Loopback:
    """Type from now on in a checkout that is there."""
    patch.chdir(root)
    patch.setenv("SAGE_FLEET", str(root / "fleet"))
    patch.setenv("SAGE_MODELS", str(root / "models"))
    return Loopback(root, root / "board")


def with_board(root: Path, sshd: Board, identity: Path, patch: pytest.MonkeyPatch) -> Loopback:
    """The same with a board, sprout's."""
    made = replace(workstation(root, patch), port=sshd.port)
    boards.fleet(made.fleet, (sshd,), identity)
    (made.board / "bin").mkdir(parents=True)
    helper = made.board / "sage-host"
    script = _HELPER.format(
        root=str(fleetfacts.ROOT), board=str(made.board), path=str(made.board / "bin"), short=packing.packed().short
    )
    helper.write_text(script, "utf-8")
    patch.setattr(packing, "CALL", (sys.executable, str(helper)))
    patch.setattr(packing, "AS_ROOT", packing.AS_LOGIN)  # this board needs no rights of root
    made.tells()
    return made
