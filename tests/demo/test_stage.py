"""The demo's folder, made of declarations that lie where nobody may write."""

from __future__ import annotations

import shutil
from pathlib import Path

from sage_edge.demo import stage

FLEET = Path(__file__).parents[2] / "fleet"


def test_declarations_that_are_read_only_make_a_fleet_that_is_not(tmp_path: Path) -> None:
    """As in the store of nix; root may write anywhere, so the modes are looked at."""
    installed = tmp_path / "installed"
    shutil.copytree(FLEET, installed)
    for path in (installed, *installed.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    made = stage.make(installed, tmp_path / "demo").fleet
    kept = [path for path in (made, *made.rglob("*")) if not path.stat().st_mode & 0o200]
    assert kept == []
    assert (made / "overlays" / "demo.yaml").is_file()
