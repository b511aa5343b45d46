"""A nix to ask: the machine's own if it is recent enough, else one that `mirror` unpacked into `.sage/nix`.

    .sage/nix/
      program/     a nix of the next Debian (tools/nix_check/mirror.py)
      store/       its store, made anew by each run, so that nothing is taken for built that an earlier run has built
      pypi/        files with pinned hashes (tools/nix_check/pins.py)
      home/        what nix remembers: fetched sources, evaluations
      lock         one run at a time

Settings come by the environment alone: whatever /etc/nix says does not count, no substituter is asked, no daemon is
needed, and the sandbox is not given up where it cannot be had.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge import shell
from sage_edge.errors import CommandFailed
from sage_edge.shell import Command, Result
from tools.nix_check import mirror
from tools.nix_check.errors import NoNix

OLDEST = (2, 18)
"""nixpkgs asks for it (lib.fileset, and more)."""
_LOST = "getting sandbox mount namespace"
"""Seen once in some hundred builds on a busy machine: a builder was gone before nix had looked at it."""
_VERSION = re.compile(r"\(Nix\) (\d+)\.(\d+)\S*")


@dataclass(frozen=True)
class Nix:
    """A nix that can be started. unpacked: the root of its files; None: the one on PATH. place: its own folder."""

    place: Path
    unpacked: Path | None = None
    mounts: tuple[str, ...] = ("/bin/sh=/usr/bin/bash", "/usr", "/lib", "/lib64")

    @property
    def store(self) -> Path:
        return self.place / "store"

    @property
    def pypi(self) -> Path:
        return self.place / "pypi"

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return "this machine's nix" if self.unpacked is None else "a nix of the next Debian, unpacked below .sage"

    def ask(self, *words: str, program: str = "nix", timeout_s: float = 600.0) -> Result:
        """Run one of nix's programs and return whatever happened; if nix lost its own builder, run it once more."""
        start = (program,) if self.unpacked is None else _loaded(self.unpacked, program)
        # only as an option is an empty hook believed; without one nix looks for helpers that are not there
        command = Command((*start, *words, "--option", "build-hook", ""), timeout_s, env=self._env())
        result = shell.attempt(command)
        return shell.attempt(command) if result.code != 0 and _LOST in result.complaint else result

    def version(self) -> tuple[int, int] | None:
        """Return its version as major and minor; None if it does not say."""
        return _version(self.ask("--version").text)

    def _env(self) -> Mapping[str, str]:
        home = str(self.place / "home")
        folders = {f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        return {"HOME": home, **folders, "NIX_CONF_DIR": f"{home}/none", "NIX_PATH": "", "NIX_CONFIG": self._config()}

    def _config(self) -> str:
        lines = {
            "experimental-features": "nix-command flakes",
            "store": str(self.store),
            "build-users-group": "",  # root builds without a group of builders
            "substituters": "",
            "flake-registry": "",
            "sandbox": "true",
            "sandbox-fallback": "false",
            "require-drop-supplementary-groups": "false",  # root of a container may not do that
            "sandbox-paths": " ".join(path for path in self.mounts if Path(path.rpartition("=")[2]).exists()),
            "max-jobs": "1",  # each step is told its own time
            "warn-dirty": "false",
            "connect-timeout": "5",  # where the network is dead, nobody waits for it
            "download-attempts": "1",
        }
        return "".join(f"{name} = {value}\n" for name, value in lines.items())


def _loaded(root: Path, program: str) -> tuple[str, ...]:
    """Return the words that start an unpacked program with its own loader and libraries."""
    loader = next((root / "usr" / "lib").glob("*-linux-gnu*/ld-linux*.so.*"), None)
    if loader is None or not (root / "usr" / "bin" / "nix").is_file():
        raise NoNix(f"{root} holds no whole nix", hint=f"rm -r {root}, then try again")
    shown = ("--library-path", str(loader.parent), "--argv0", program)
    return (str(loader), *shown, str(root / "usr" / "bin" / "nix"))


def find(place: Path) -> Nix:
    """Return a nix, fetched if need be; a damaged one is fetched anew. Raises NoNix, MirrorSilent."""
    if nix := at_hand(place):
        return nix
    unpacked = place / "program"
    if unpacked.exists():
        shutil.rmtree(unpacked)
    mirror.unpack(unpacked)
    if nix := at_hand(place):
        return nix
    raise NoNix("the nix of the next Debian does not start here", hint=mirror.BY_HAND)


def at_hand(place: Path) -> Nix | None:
    """Return the machine's nix or the one that was fetched, as long as it is recent enough; None without either."""
    for nix in (Nix(place), Nix(place, place / "program")):
        with contextlib.suppress(NoNix, CommandFailed):
            if (nix.version() or (0, 0)) >= OLDEST:
                return nix
    return None


def _version(text: str) -> tuple[int, int] | None:
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2])) if match else None


def clear_store(nix: Nix) -> None:
    """Remove the store; its folders are read-only, so they are opened first."""
    if not nix.store.exists():
        return
    shell.run(Command(("chmod", "-R", "u+w", str(nix.store)), timeout_s=300))
    shutil.rmtree(nix.store)
