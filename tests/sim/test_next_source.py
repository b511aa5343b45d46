"""The script that lets apt take four packages from the next Debian release, and nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sage_edge.sim.image import RECIPE
from tests.sim.test_image import LINES, STANZAS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with Debian 12 and no source yet."""
    (tmp_path / "etc/apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "etc/os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    return tmp_path


def derive(root: Path) -> subprocess.CompletedProcess[str]:
    words = ("sh", str(RECIPE / "next-source"), "docker.io", "docker-compose")
    env = {"APT_ROOT": str(root), "PATH": os.environ["PATH"]}
    return subprocess.run(words, env=env, capture_output=True, text=True)


def made(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((root / "etc/apt").rglob("*sage-next*"))}


def test_of_stanzas(root: Path) -> None:
    (root / "etc/apt/sources.list.d/debian.sources").write_text(STANZAS)
    assert derive(root).returncode == 0
    wanted = "Types: deb\nURIs: http://one.invalid/debian\nSuites: trixie\nComponents: main contrib\n\n"
    assert made(root)["sage-next.sources"] == wanted


def test_of_lines(root: Path) -> None:
    (root / "etc/apt/sources.list").write_text(LINES)
    assert derive(root).returncode == 0
    wanted = "deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://five.invalid/debian trixie main contrib\n"
    assert made(root)["sage-next.list"] == wanted


def test_nothing_else_comes_from_there_and_again_is_the_same(root: Path) -> None:
    (root / "etc/apt/sources.list").write_text(LINES)
    derive(root)
    first = made(root)
    assert first["sage-next"].split("\n\n") == [
        "Package: *\nPin: release n=trixie\nPin-Priority: -1",
        "Package: docker.io docker-compose\nPin: release n=trixie\nPin-Priority: 990\n",
    ]
    derive(root)
    assert made(root) == first


def test_a_source_that_is_switched_off_is_none(root: Path) -> None:
    off = STANZAS.replace("Suites: bookworm bookworm-updates", "Enabled: no\nSuites: bookworm")
    (root / "etc/apt/sources.list.d/debian.sources").write_text(off)
    done = derive(root)
    assert (done.returncode, made(root)) == (1, {})
    assert "no source of bookworm" in done.stderr


def test_the_next_release_needs_no_other(root: Path) -> None:
    (root / "etc/os-release").write_text("VERSION_CODENAME=trixie\n")
    assert (derive(root).returncode, made(root)) == (0, {})


def test_what_is_no_debian_is_refused(root: Path) -> None:
    (root / "etc/os-release").write_text("VERSION_CODENAME=noble\n")
    done = derive(root)
    assert (done.returncode, made(root)) == (1, {})
    assert "'noble'" in done.stderr


def test_no_mirror_is_named_anywhere() -> None:
    files = [*RECIPE.iterdir(), *(Path(__file__).parents[2] / ".ci").iterdir()]
    assert len(files) > 6
    assert [path.name for path in files if "://" in path.read_text("utf-8")] == []
