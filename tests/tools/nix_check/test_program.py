"""A nix to ask: how it is found, started and asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.nix_check import mirror, program
from tools.nix_check.errors import NoNix
from tools.nix_check.program import Nix


def pretend(folder: Path, script: str) -> None:
    """Put a program named nix on a PATH of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "nix").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "nix").chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("version", "taken"),
    [("2.18.0", True), ("2.34.8", True), ("3.0pre1", True), ("2.8.0", False), ("2.17.1", False), ("", False)],
)
def test_the_machine_s_own_nix_is_taken_if_it_is_recent_enough(path: Path, version: str, taken: bool) -> None:
    pretend(path, f"echo 'nix (Nix) {version}'")
    assert (program.at_hand(path.parent / "place") == Nix(path.parent / "place")) is taken


@pytest.mark.parametrize("brought", [True, False])
def test_a_damaged_one_is_brought_anew(path: Path, monkeypatch: pytest.MonkeyPatch, brought: bool) -> None:
    """The mirror is replaced: it brings a nix that starts, or one that does not."""

    def unpack(place: Path) -> None:
        assert not place.exists()
        place.mkdir()
        if brought:
            pretend(path, "echo 'nix (Nix) 2.26.3'")

    (path.parent / "place" / "program" / "usr").mkdir(parents=True)
    monkeypatch.setattr(mirror, "unpack", unpack)
    if brought:
        assert program.find(path.parent / "place").version() == (2, 26)
    else:
        with pytest.raises(NoNix, match="does not start"):
            program.find(path.parent / "place")


@pytest.mark.parametrize(
    ("complaint", "runs"), [("error: getting sandbox mount namespace: No such file", 2), ("error: no", 1)]
)
def test_a_lost_builder_is_started_once_more(path: Path, complaint: str, runs: int) -> None:
    pretend(path, f"echo run >>{path}/runs; echo '{complaint}' >&2; exit 1")
    assert Nix(path.parent).ask("build").code == 1
    assert (path / "runs").read_text() == "run\n" * runs


def test_nothing_of_the_machine_s_settings_counts(path: Path) -> None:
    pretend(path, 'echo "$NIX_CONFIG"; echo "$NIX_CONF_DIR $HOME"; echo "$@"')
    *settings, folders, words = Nix(path.parent / "place").ask("build", "x").text.splitlines()
    assert f"store = {path.parent}/place/store" in settings
    assert {"sandbox = true", "sandbox-fallback = false", "substituters = "} <= set(settings)
    assert folders == f"{path.parent}/place/home/none {path.parent}/place/home"
    assert words == "build x --option build-hook "
