"""A flake in a git checkout, as nix is asked about it: nixpkgs is our stand-in, nothing is fetched.

By `git+file` nix takes what git knows, changed or not, so that neither `.venv` nor `.sage` is copied; what git does not
know is not there for it.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sage_edge import shell
from sage_edge.errors import UsageError
from sage_edge.shell import Command, Result
from tools.nix_check.program import Nix

STANDIN = "tests/nix/standin"
SYSTEM = f"{platform.machine()}-linux"


@dataclass(frozen=True)
class Flake:
    """A checkout with a flake.nix, and the nix that is asked about it."""

    folder: Path
    nix: Nix

    @property
    def address(self) -> str:
        return f"git+file://{quote(str(self.folder))}?shallow=1"

    @property
    def nixpkgs(self) -> str:
        """The address of the stand-in."""
        return f"path:{quote(str(self.folder / STANDIN))}"

    def ask(self, verb: str, output: str = "", *words: str, timeout_s: float = 600.0) -> Result:
        """Ask about the flake or one of its outputs: `ask("build", "checks.x86_64-linux.ruff", "--no-link")`."""
        asked = f"{self.address}#{output}" if output else self.address
        standin = ("--override-input", "nixpkgs", self.nixpkgs)
        offline = ("--offline", "--no-write-lock-file")
        return self.nix.ask(*verb.split(), asked, *offline, *standin, *words, timeout_s=timeout_s)

    def known(self, *patterns: str) -> list[str]:
        """Return the files that git knows and that are there, relative to the checkout."""
        return [name for name in _git(self.folder, "ls-files", "-z", "--", *patterns) if (self.folder / name).is_file()]

    def unknown(self, *patterns: str) -> list[str]:
        """Return the files that git was never told of, and would not ignore."""
        return _git(self.folder, "ls-files", "-z", "--others", "--exclude-standard", "--", *patterns)

    def committed(self, name: str) -> str | None:
        """Return a file as it was committed last; None where it was not."""
        shown = shell.attempt(Command(("git", "show", f"HEAD:{name}"), cwd=self.folder))
        return shown.out.decode("utf-8", "replace") if shown.code == 0 else None


def git_changes(folder: Path) -> list[str]:
    """Return the files of a checkout that are not as committed."""
    return _git(folder, "diff", "-z", "--name-only", "HEAD", "--")


def _git(folder: Path, *words: str) -> list[str]:
    asked = shell.attempt(Command(("git", *words), cwd=folder))
    if asked.code != 0:
        raise UsageError(f"git does not know {folder}: {asked.complaint}", hint="work in a clone made by git")
    return [name for name in asked.out.decode("utf-8", "surrogateescape").split("\0") if name]


def last_error(result: Result, lines: int = 8) -> str:
    """Return what nix says last: its own message behind all that it was doing meanwhile."""
    text = result.complaint
    at = text.rfind("error: ")
    return "\n".join(line.strip() for line in text[max(at, 0) :].splitlines()[:lines] if line.strip())


def named(names: Sequence[str], most: int = 6) -> str:
    """Return names for a line of text, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
