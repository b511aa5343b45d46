"""The whole command, in a copy of this checkout with a mistake in it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sage_edge.errors import ExitCode
from tests.tools.nix_check.conftest import Spoilt
from tools.nix_check.report import UNPROVEN
from tools.nix_check.steps import STEPS

MISSPELT = {"pyproject.toml": ('"pydantic>=2.11"', '"pydantik>=2.11"')}


@pytest.mark.slow
def test_it_says_which_step_does_not_hold_and_why(spoilt: Spoilt) -> None:
    flake = spoilt(MISSPELT)
    place = flake.folder / ".sage" / "nix"
    place.mkdir(parents=True)
    if flake.nix.unpacked:
        (place / "program").symlink_to(flake.nix.unpacked)
    words = (sys.executable, "-m", "tools.nix_check", "--json")
    done = subprocess.run(words, cwd=flake.folder, capture_output=True, text=True)
    assert done.returncode == ExitCode.NOT_VERIFIED, done.stderr
    assert "changed tree" in done.stderr
    content = json.loads(done.stdout)["content"]
    assert content["changed"] == ["pyproject.toml"]
    assert content["unproven"] == list(UNPROVEN)
    steps = {entry["step"]: entry for entry in content["steps"]}
    assert list(steps) == ["get nix", *(step.name for step in STEPS)]
    assert steps["evaluate"]["error"] == "RequirementUnknown"
    assert "pydantik" in steps["evaluate"]["message"]
    assert steps["evaluate"]["next"].endswith("invoke nix.check")
    assert [name for name, entry in steps.items() if entry.get("needs") == ["evaluate"]] == [
        step.name for step in STEPS if "evaluate" in step.needs
    ]
    assert all(steps[name]["holds"] for name in ("get nix", "parse", "bindings", "lock", "sandbox"))
