"""The helper as one file: the same everywhere, installed whole or not at all, compiled where that works."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sage_edge.remote.board import helper_zipapp as packing
from sage_edge.remote.board.helper_zipapp import Helper


def install(folder: Path, helper: Helper, sha256: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the board's install script with another folder in the place of its own."""
    script = packing.INSTALL.replace(packing.FOLDER, str(folder))
    words = ("sh", "-c", script, "sage-edge", sha256 or helper.sha256)
    return subprocess.run(words, input=helper.content, capture_output=True, check=False)


def probed(folder: Path) -> str:
    """The digest that the installed helper says of itself."""
    words = [word.replace(packing.FOLDER, str(folder)) for word in packing.CALL]
    done = subprocess.run((*words, "probe"), input=b"{}", capture_output=True, check=True)
    return str(json.loads(done.stdout)["helper"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    helper = packing.packed()
    assert install(tmp_path / "host", helper).returncode == 0
    return tmp_path / "host"


def test_what_is_installed_answers_and_is_compiled(folder: Path) -> None:
    short = packing.packed().short
    assert (folder / "sage-host").readlink() == Path(f"sage-host-{short}.pyz")
    assert list((folder / f"sage-host-{short}").rglob("*.pyc"))
    assert probed(folder) == short


def test_the_archive_alone_answers_too(folder: Path) -> None:
    short = packing.packed().short
    (folder / f"sage-host-{short}").rename(folder / "elsewhere")
    assert probed(folder) == short


def test_what_arrives_changed_is_not_installed(folder: Path) -> None:
    other = Helper(packing.packed().content + b"x")
    refused = install(folder, other, packing.packed().sha256)
    assert refused.returncode == 1
    assert b"arrived as" in refused.stderr
    assert probed(folder) == packing.packed().short
    assert not list(folder.glob(".*.part"))


def test_installing_again_changes_no_name(folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert install(folder, packing.packed()).returncode == 0
    assert sorted(folder.iterdir()) == before
