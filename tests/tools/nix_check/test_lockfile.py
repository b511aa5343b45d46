"""flake.lock: what shows that a hand was at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.nix_check import lockfile

HASH = "sha256-ZeRxu4yn6shd3SNF5ZUQb4r7BaVo1zBKMjRhfoNSBmw="
OTHER = "sha256-NSwtPEFxHlN7+l/dX0H+9bN/fOol+Tjurdq2P1v1Gyk="
Change = Callable[[dict[str, Any]], Any]


def lock(change: Change = lambda node: None) -> str:
    """Return a lock as nix writes it, with one node changed."""
    asked = {"owner": "NixOS", "repo": "nixpkgs", "type": "github"}
    locked = {**asked, "rev": "7" * 40, "narHash": HASH, "lastModified": 1782535326}
    node: dict[str, Any] = {"locked": locked, "original": {**asked, "ref": "nixos-26.05"}}
    change(node)
    nodes = {"nixpkgs": node, "root": {"inputs": {"nixpkgs": "nixpkgs"}}}
    return written({"nodes": nodes, "root": "root", "version": 7})


def written(content: object) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def setting(**values: object) -> Change:
    return lambda node: node["locked"].update(values)


def test_what_nix_writes_is_right() -> None:
    assert list(lockfile.edits(lock(), None)) == []
    assert list(lockfile.edits(lock(), lock())) == []


def test_an_update_changes_all_three() -> None:
    newer = lock(setting(rev="8" * 40, narHash=OTHER, lastModified=1782535327))
    assert list(lockfile.edits(newer, lock())) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (lock(setting(rev="8" * 40)), "rev changed without narHash, lastModified"),
        (lock(setting(narHash=OTHER)), "narHash changed without rev, lastModified"),
        (lock(setting(lastModified=1)), "lastModified changed without rev, narHash"),
        (lock(setting(rev="8" * 40, narHash=OTHER)), "rev, narHash changed without lastModified"),
        (lock(setting(rev="nixos-26.05")), "is no commit"),
        (lock(setting(rev=None)), "is no commit"),
        (lock(setting(narHash=HASH[:-2])), "is no sha256"),
        (lock(setting(narHash="sha256-" + "A" * 44)), "is no sha256"),
        (lock(setting(narHash=HASH.replace("mw=", "mx="))), "is no sha256"),
        (lock(setting(narHash="sha1-" + HASH[7:])), "is no sha256"),
        (lock(setting(lastModified="today")), "is no time"),
        (lock(setting(owner="another")), "'NixOS' was asked for"),
        (lock(lambda node: node.pop("original")), "is missing"),
        (lock(lambda node: node.update(locked=7)), "is missing"),
        (lock().replace("  ", " "), "order or spaces"),
        (lock().rstrip(), "order or spaces"),
        ("{}", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"nodes": {"a": 7}}', "cannot be read"),
        ("<<<<<<< HEAD\n" + lock(), "cannot be read"),
    ],
)
def test_an_edit_is_found(text: str, word: str) -> None:
    assert any(word in what for what in lockfile.edits(text, lock()))


@pytest.mark.parametrize("committed", ["", "{}", '{"nodes": 7}', '{"nodes": {"nixpkgs": {}}}'])
def test_a_broken_lock_may_be_mended(committed: str) -> None:
    assert list(lockfile.edits(lock(), committed)) == []
