"""A nix for tests, and checkouts that they may spoil. Nothing is fetched: `invoke nix.check` does that beforehand."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.nix_check import program, sandbox
from tools.nix_check.flake import Flake
from tools.nix_check.program import Nix

ROOT = Path(__file__).parents[1]
NO_NIX = "no nix"
WHO = ("-c", "user.name=test", "-c", "user.email=test@example.test")


def nix(place: Path) -> Nix:
    """Return the nix of this checkout or this machine, with a store of its own; without one skip, and fail in CI."""
    own = program.at_hand(ROOT / ".sage" / "nix")
    if own is None and os.environ.get("CI") == "true":
        pytest.fail(NO_NIX)
    if own is None:
        pytest.skip(NO_NIX)
    return sandbox.with_environment(dataclasses.replace(own, place=place))


def flake(of: Nix, folder: Path, changed: Mapping[str, tuple[str, str]] | None = None) -> Flake:
    """Return a copy of this checkout, committed, then changed: file → what stands there, and what shall stand there.

    An empty text for what stands there: the other is written behind all that the file holds.
    """
    known = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, known.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for words in (("init", "-q"), ("add", "-A"), (*WHO, "commit", "-q", "-m", "a copy")):
        subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True)
    for name, (old, new) in (changed or {}).items():
        text = (folder / name).read_text("utf-8")
        assert old in text, f"{name} has no {old!r} any more"
        (folder / name).write_text(text.replace(old, new, 1) if old else text + new, "utf-8")
    return Flake(folder, of)
