"""What a container lays where the helper reads as root: a plain file is read, all else is refused at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.host import beat, foreign_file, probe


def bound(path: Path) -> None:
    """A socket's name."""
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(path))


LAID: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a socket": bound,
    "a folder": Path.mkdir,
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("what", LAID)
def test_what_is_no_plain_file_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    for name in ("heartbeat.json", "status.json"):
        LAID[what](Path(name))
    with pytest.raises(OSError, match=r"plain file|No such device|symbolic links|Is a directory"):
        foreign_file.read(tmp_path / "heartbeat.json", 100)
    assert beat.read(tmp_path) is None
    assert probe._quarantined(tmp_path / "status.json") is None


def test_a_long_file_is_read_so_far(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    found = foreign_file.read(tmp_path / "a", 10)
    assert (found.content, found.status.st_size) == (b"x" * 10, 100)
