"""The near board behind a real sshd on loopback: connections as they are made, the packed helper as a process there.

    workstation (this process)              the board's side, each a process of its own
    sage_edge.remote ── 127.0.0.1 ──► sshd ──► sh ──► python3 near_helper.py FOLDER VERB
    near_engine ◄── FOLDER/engine.sock, HTTP ────────┤
                ◄── FOLDER/board.sock ───────────────┴──► docker, systemctl, … of FOLDER/bin

One sshd serves any number of boards, one after the other: which one it is, board.sock says.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socketserver
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sage_edge.host.errors import Refusal
from sage_edge.remote.board import helper_zipapp
from tests.deploy import boards, near_board, near_helper, near_program
from tests.deploy.near_board import NearBoard

PROGRAMS = ("docker", "systemctl", "systemd-run", "dpkg-query", "visudo", "sshd", "groupadd", "useradd", "usermod")
"""What the helper starts there, and nothing of this machine does; its ssh-keygen is a real one."""

TOOLS = ("python3", "mkdir", "chmod", "sync", "rm", "ln", "ssh-keygen")
PYTHON = helper_zipapp.CALL[0]


class NearLine(socketserver.ThreadingUnixStreamServer):
    """Answers for the board that is `served`: its engine over HTTP, or what its programs are called with."""

    daemon_threads = True
    served: NearBoard

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let the asker see a connection that was cut off, and whoever reads the test's output why."""
        sys.excepthook(*sys.exc_info())


class _Engine(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        place = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        with contextlib.suppress(Refusal):  # it is stopped: who asks it hears nothing
            content = self.server.served.engine.get(place)  # type: ignore[attr-defined]
            status = "404 Not Found" if content is None else "200 OK"
            self.wfile.write(f"HTTP/1.0 {status}\r\n\r\n{json.dumps(content)}".encode())


class _Programs(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        folder, *words = self.rfile.readline().decode().rstrip("\n").split("\0")
        board = self.server.served  # type: ignore[attr-defined]
        if not words:  # the helper, which wants to know where it is
            self.wfile.write(json.dumps({"root": str(board.here.board), "facts": board.told()}).encode())
            return
        ran = board.engine.run(words, folder=Path(folder))
        self.wfile.write(f"{ran.code}\n{ran.out}{ran.err}".encode())


@dataclass(frozen=True)
class NearSshd:
    """An sshd, the key that it lets in, and the lines to the engine and the programs of the board that it serves."""

    board: boards.Board
    identity: Path
    lines: tuple[NearLine, NearLine]

    def copied(self, of: NearBoard, root: Path, patch: pytest.MonkeyPatch) -> NearBoard:
        """A workstation and its board once more, somewhere else; from now on tasks reach that board through sshd."""
        board = near_board.standing_at(of, root, patch)
        exchange = (board.here.fleet / "known_hosts").read_text("utf-8")
        boards.fleet(board.here.fleet, (self.board,), self.identity)
        with (board.here.fleet / "known_hosts").open("a", encoding="utf-8") as keys:
            keys.write(exchange)
        folder = self.board.folder
        patch.setattr(helper_zipapp, "CALL", (PYTHON, "-I", "-S", near_helper.__file__, str(folder)))
        patch.setattr(helper_zipapp, "AS_ROOT", helper_zipapp.AS_LOGIN)  # this board needs no rights of root
        install = helper_zipapp.INSTALL.replace(helper_zipapp.FOLDER, str(folder / "host"))
        patch.setattr(helper_zipapp, "INSTALL", install)
        for line in self.lines:
            line.served = board
        return board


@contextlib.contextmanager
def running(folder: Path) -> Iterator[NearSshd]:
    """Run one for the body, with the helper installed."""
    identity = folder / "id"
    boards.keygen(identity)
    with contextlib.ExitStack() as stack:
        there = folder / "sprout"
        public = identity.with_suffix(".pub").read_text("utf-8")
        sshd = stack.enter_context(boards.board("sprout", there, public, bare=True))
        _equip(sshd.tools)
        boards.install_helper(there / "host")
        lines = []
        for name, kind in (("engine.sock", _Engine), ("board.sock", _Programs)):
            line = stack.enter_context(NearLine(str(there / name), kind))
            threading.Thread(target=line.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(line.shutdown)
            lines.append(line)
        yield NearSshd(sshd, identity, (lines[0], lines[1]))


def _equip(tools: Path) -> None:
    """Put on the board's PATH what its helper and its installation start, and no more of this machine."""
    for name in TOOLS:
        (tools / name).symlink_to(PYTHON if name == "python3" else shutil.which(name) or "")
    program = f"#!{PYTHON} -IS\n{Path(near_program.__file__).read_text('utf-8')}"
    for name in PROGRAMS:
        (tools / name).write_text(program, "utf-8")
        (tools / name).chmod(0o755)
