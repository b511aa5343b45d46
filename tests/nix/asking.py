"""A flake asked as tests need it: values of the working tree's outputs, on the stand-in, without building anything."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_edge.shell import Result
from tools.nix_check.flake import STANDIN, SYSTEM, Flake
from tools.nix_check.program import Nix

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 600.0
"""`invoke nix.check` holds its nix as long as it runs."""


@dataclass(frozen=True)
class Asked:
    """A checkout and the nix that reads it."""

    flake: Flake

    @property
    def standin(self) -> str:
        return str(self.flake.folder / STANDIN)

    def value(self, output: str, *words: str) -> Any:
        """Return an output as JSON; the test fails where it cannot be computed."""
        said = self.flake.ask("eval", output, "--json", *words)
        assert said.code == 0, said.complaint
        return json.loads(said.out)

    def of_system(self, output: str, function: str = "value: value") -> Any:
        """Return what an output like `checks.units.units` is for this machine's system, or a function of it."""
        kind, _, rest = output.partition(".")
        return self.value(f"{kind}.{SYSTEM}.{rest}", "--apply", function)

    def expression(self, text: str) -> Result:
        """Compute an expression that may read any file; LIB in it is the stand-in's lib, NIX our folder of files."""
        said = text.replace("LIB", f"(import {self.standin}/lib.nix)").replace("NIX", str(self.flake.folder / "nix"))
        return self.flake.nix.ask("eval", "--impure", "--offline", "--json", "--expr", said)


def asked(nix: Nix, folder: Path = ROOT) -> Asked:
    """Ask about the flake in a folder."""
    return Asked(Flake(folder, nix))


def clone(folder: Path) -> Path:
    """Make a clone of what is committed here, to be changed."""
    words = ("git", "clone", "--quiet", "--shared", str(ROOT), str(folder))
    subprocess.run(words, check=True, capture_output=True)
    return folder
