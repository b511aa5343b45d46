"""The units of our NixOS modules, as systemd reads them: not a word of complaint, and little that they may do."""

from __future__ import annotations

import shutil

from tools.nix_check import builds
from tools.nix_check.errors import NotBuilt, NotProven, UnitsRefused
from tools.nix_check.flake import Flake

OUTPUT = "checks.units"
_ANALYZE = "systemd-analyze"


def verify(flake: Flake) -> str:
    """Return what systemd says of the units. Raises UnitsRefused with its complaint."""
    if shutil.which(_ANALYZE) is None:
        raise NotProven(f"there is no {_ANALYZE} here to read the units with", hint="apt-get install systemd")
    try:
        return builds.build(flake, OUTPUT)
    except NotBuilt as refusal:
        raise UnitsRefused(refusal.message, output=refusal.output) from None
