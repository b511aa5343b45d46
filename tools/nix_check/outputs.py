"""The flake's outputs, all of them computed for both systems over the stand-in; nothing is built."""

from __future__ import annotations

import json
import re

from sage_edge.shell import Result
from tools.nix_check.errors import NotEvaluated, RequirementUnknown
from tools.nix_check.flake import Flake, last_error, named

SYSTEMS = ("x86_64-linux", "aarch64-linux")
BY_SYSTEM = ("packages", "apps", "devShells", "checks")
_REQUIREMENT = re.compile(r"pyproject\.toml asks for '([^'\n]*)'")


def evaluate(flake: Flake) -> str:
    """Return what was computed. Raises NotEvaluated, RequirementUnknown."""
    _proven(flake.ask("flake check", "", "--no-build", "--all-systems"))
    counted = []
    for output in BY_SYSTEM:
        by_system = names(flake, output)
        if set(by_system) != set(SYSTEMS):
            raise NotEvaluated(f"{output} is there for {named(sorted(by_system))}, and wanted for {named(SYSTEMS)}")
        if len({tuple(sorted(found)) for found in by_system.values()}) > 1:
            raise NotEvaluated(f"{output} has other names on one system than on the other: {by_system}")
        counted.append(f"{len(by_system[SYSTEMS[0]])} {output}")
    return f"{', '.join(counted)}, for each of {named(SYSTEMS)}"


def names(flake: Flake, output: str) -> dict[str, list[str]]:
    """Return the names of an output by system, like those of `checks`."""
    asked = flake.ask("eval", output, "--json", "--apply", "builtins.mapAttrs (_: builtins.attrNames)")
    by_system: dict[str, list[str]] = json.loads(_proven(asked).out)
    return by_system


def _proven(asked: Result) -> Result:
    if asked.code == 0:
        return asked
    if match := _REQUIREMENT.search(asked.complaint):
        name = match[1]
        raise RequirementUnknown(
            f"pyproject.toml asks for {name}, which nixpkgs does not have by that name", output=asked.complaint
        )
    raise NotEvaluated(last_error(asked), output=asked.complaint)
