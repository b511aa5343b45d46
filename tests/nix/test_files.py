"""What can be said of the flake's files without nix: they are small, and the source set forgets no part."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.nix.asking import ROOT

LONGEST = 120
pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout, so nothing is tracked here")


def tracked(*patterns: str) -> list[str]:
    words = ("git", "-C", str(ROOT), "ls-files", "--", *patterns)
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_the_flake_is_short_and_each_output_has_a_file() -> None:
    lengths = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in tracked("*.nix")}
    assert lengths["flake.nix"] <= LONGEST
    assert len(lengths) > 20
    assert {name: lines for name, lines in lengths.items() if lines > 2 * LONGEST} == {}


def test_what_lies_at_the_top_is_in_the_source_set() -> None:
    """The checks run in it: a folder that it does not name would be tested nowhere."""
    named = set(re.findall(r"^ +\.\./([\w./-]+)$", (ROOT / "nix" / "source.nix").read_text("utf-8"), re.MULTILINE))
    assert named == {name.split("/")[0] for name in tracked()}


def test_no_file_of_nix_names_a_place_to_fetch_from() -> None:
    """Inputs are named by their kind, files of PyPI by nixpkgs' own way to them."""
    for name in tracked("*.nix"):
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"https?://", text), name
