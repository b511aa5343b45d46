"""Getting nix where there is none: what a machine without apt, without Debian or without a network is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sage_edge.errors import ExitCode
from sage_edge.hints import text
from tools.nix_check import mirror
from tools.nix_check.errors import MirrorSilent, NoNix

BOOKWORM = "ID=debian\nVERSION_CODENAME=bookworm\n"
DEAD = "Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: bookworm\nComponents: main\n"
"""Nobody listens on port 9 of this machine."""
needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt-get: this is no Debian")


def machine(root: Path, release: str | None, sources: str = DEAD) -> Path:
    """Make the /etc of a machine."""
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    (root / "etc/apt/sources.list.d/debian.sources").write_text(sources)
    if release is not None:
        (root / "etc/os-release").write_text(release)
    return root


@pytest.mark.slow  # apt tries twice
@needs_apt
@pytest.mark.parametrize("release", [BOOKWORM, "ID=debian\nVERSION_CODENAME=trixie\n"], ids=["bookworm", "later"])
def test_a_mirror_that_does_not_answer(tmp_path: Path, release: str) -> None:
    place = tmp_path / "nix" / "program"
    with pytest.raises(MirrorSilent) as caught:
        mirror.unpack(place, machine(tmp_path / "root", release))
    assert caught.value.code == ExitCode.UNREACHABLE
    assert "apt-get update" in text(caught.value.hint)
    assert list(place.parent.iterdir()) == []


@needs_apt
@pytest.mark.parametrize(
    ("release", "sources", "word"),
    [
        ("ID=fedora\nVERSION_CODENAME=\n", DEAD, "no Debian"),
        (None, DEAD, "which system"),
        (BOOKWORM, DEAD.replace("bookworm", "stretch"), "no source"),
    ],
    ids=["another system", "no system", "no source of its own"],
)
def test_a_machine_that_has_no_such_package(tmp_path: Path, release: str | None, sources: str, word: str) -> None:
    with pytest.raises(NoNix, match=word) as caught:
        mirror.unpack(tmp_path / "nix" / "program", machine(tmp_path / "root", release, sources))
    assert caught.value.code == ExitCode.FAILED
    assert "install nix" in text(caught.value.hint)


def test_a_machine_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoNix, match="no apt-get"):
        mirror.unpack(tmp_path / "nix" / "program", machine(tmp_path / "root", BOOKWORM))


def test_what_a_killed_run_left_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "nix" / ".nix-left" / "archives"
    left.mkdir(parents=True)
    with pytest.raises(NoNix, match="which system"):
        mirror.unpack(tmp_path / "nix" / "program", machine(tmp_path / "root", None))
    assert not left.parent.exists()
