"""`python3 -I -S near_helper.py FOLDER VERB`: the packed helper below FOLDER, over a board that is a folder as well.

Whoever serves FOLDER/board.sock says where that board's root is and what a folder cannot have (`near_sshd`); the rest
is the helper's own code, as it was installed.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sage_edge.host.board_paths import Places
    from sage_edge.host.helper_context import HelperContext
    from sage_edge.host.machine import LocalEngine


def main(folder: Path, words: list[str]) -> None:
    """Answer one question, as the helper does."""
    packed = folder / "host/sage-host"
    if not packed.is_file():
        sys.exit(f"can't open file '{packed}'")
    sys.argv[0] = str(packed)
    sys.path[:0] = (os.path.realpath(packed)[:-4], os.path.realpath(packed))  # compiled, else as it was packed
    from sage_edge.host import __main__ as door
    from sage_edge.host import command_table, helper_context, machine, probe
    from sage_edge.host.board_paths import Places

    told = _told(folder / "board.sock")
    root, probed = Path(told["root"]), probe.facts

    def real(places: Places, helper: str, log: Callable[[str], None]) -> HelperContext:
        return helper_context.HelperContext(Places(root), machine.LocalEngine(str(folder / "engine.sock")), helper, log)

    def facts(places: Places, engine: LocalEngine, helper: str) -> dict[str, Any]:
        return {**probed(places, engine, helper), **told["facts"]}

    command_table.real, probe.facts = real, facts
    os.fsync = _not_synced
    os.environ["PATH"] = str(folder / "bin")
    if words == ["provision"]:
        _know_everybody()
    door.leave(door.main(words))


def _not_synced(fd: object) -> None:
    """Nothing is killed by the kernel here."""


def _know_everybody() -> None:
    """Let every user and group be there that provisioning looks for."""
    from sage_edge.host import provision

    everybody: Any = SimpleNamespace(
        getgrnam=lambda name: SimpleNamespace(gr_mem=["sage-agent"], gr_name=name), getpwnam=lambda name: name
    )
    for name in ("grp", "pwd"):
        setattr(provision, name, everybody)


def _told(path: Path) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        line.sendall(b"\n")
        with line.makefile("rb") as answer:
            return dict(json.loads(answer.read()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
