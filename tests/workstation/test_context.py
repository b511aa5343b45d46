"""Wherever somebody stands: a sub-folder of the checkout, or elsewhere with the script's full path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.workstation import context

ROOT = Path(__file__).parents[2]


def test_a_sub_folder_finds_the_project() -> None:
    words = (sys.executable, "-m", "invoke", "explain", "--host", "sprout")
    done = subprocess.run(words, cwd=ROOT / "tests" / "cases", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fleet/hosts/sprout.yaml" in done.stdout


def test_without_a_fleet_around_it_is_this_checkout_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAGE_FLEET", raising=False)
    assert context.root() == ROOT
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "fleet.yaml").touch()
    assert context.root() == tmp_path
