"""git is told to sync in the words that it knows, and says nothing about them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from sage_edge.exchange import git_sync, hub

OLD, NEW = "\tfsyncObjectFiles = true\n", "\tfsync = all\n\tfsyncMethod = fsync\n"


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ("git version 2.34.1", OLD),
        ("git version 2.35.8", OLD),
        ("git version 2.36.0", NEW),
        ("git version 2.39.5 (Apple Git-154)", NEW),
        ("git version 3.0.0-rc1", NEW),
        ("", NEW),
        ("fatal: nothing", NEW),
    ],
)
def test_the_words_go_by_the_version(answer: str, lines: str) -> None:
    assert git_sync.of(answer) == lines


def test_the_git_of_this_machine_reads_them_and_warns_of_nothing(tmp_path: Path) -> None:
    hub.init(tmp_path / "hub.git", {})
    read = ["git", "--git-dir", str(tmp_path / "hub.git"), "config", "--get-regexp", "^core[.]fsync"]
    asked = subprocess.run(read, capture_output=True, text=True, check=True)
    key, _, value = git_sync.lines().splitlines()[0].strip().partition(" = ")
    assert f"core.{key.lower()} {value}" in asked.stdout.splitlines()
    written = ["git", "--git-dir", str(tmp_path / "hub.git"), "hash-object", "-w", "--stdin"]
    done = subprocess.run(written, input="content", capture_output=True, text=True, check=True)
    assert (re.fullmatch("[0-9a-f]{40}\n", done.stdout) is not None, done.stderr) == (True, "")
