"""A path that is empty, or of a place that is no file, is named as what it is."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sage_edge.cli import main, mishap
from sage_edge.sanitize import terminal

FLEET = Path(__file__).parents[2] / "fleet"
EMPTY = (
    "exchange init {}",
    "report --corpus {} --out x.html",
    "report --corpus x --out {}",
    "report --corpus x --markdown {}",
    "report --exchange {} --out x.html",
    "analyse --corpus {}",
    "analyse --exchange {}",
    "model inspect {}",
    "model import {} --ref a/b:c",
    "import-legacy {} --into x",
    "import-legacy x --into {}",
)


@pytest.mark.parametrize("line", EMPTY)
def test_an_empty_path_is_not_the_current_folder(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(main, [word if word != "{}" else "" for word in line.split()])
    assert answer.exit_code == 2
    assert "it is empty; for the current folder say ." in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_under_us_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    line = 'cd "$1/gone" && rmdir "$1/gone" && "$0" -m sage_edge fleet check'
    env = {**os.environ, "SAGE_FLEET": str(FLEET), "PYTHONPATH": str(FLEET.parent)}
    words = ["sh", "-c", line, sys.executable, str(tmp_path)]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the folder in which this was started is gone\n next: cd into another one")


def test_a_byte_of_a_name_is_shown_as_its_code() -> None:
    assert terminal("a/\udcff.gguf") == "a/\\xff.gguf"
    assert terminal("a\ud800b") == "ab"


def test_what_is_no_file_is_not_called_absent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    answer = CliRunner().invoke(main, ["model", "inspect", str(tmp_path / "pipe")])
    assert answer.exit_code == 1
    assert "is neither a folder nor a file" in answer.stderr


class LibraryError(OSError):
    """An error of a library that counts in numbers of its own, as ssl does."""


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (OSError(errno.ENOENT, "No such file or directory"), "No such file or directory", "mend what the system names"),
        (OSError(errno.EACCES, "x", "/a/b"), "/a/b: Permission denied", "its rights: ls -ld /"),
        (LibraryError(136, "no certificate or crl found"), "no certificate or crl found", "mend what the system names"),
        (MemoryError(), "there is not enough memory for this", "end what else needs memory"),
        (ValueError("odd"), "this is a fault in sage-edge itself: ValueError: odd", "SAGE_VERBOSE=1"),
        (KeyError(), "this is a fault in sage-edge itself: KeyError", "SAGE_VERBOSE=1"),
    ],
)
def test_what_no_room_has_foreseen_has_words(error: Exception, message: str, hint: str) -> None:
    described = mishap.described(error)
    assert described.message == message
    assert hint in str(described.hint)
    assert "PATH" not in str(described.hint)
