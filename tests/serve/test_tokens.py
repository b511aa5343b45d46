"""The gateway's token: made once, readable by nobody else, refused by what is wrong with it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sage_edge.serve import tokens
from sage_edge.serve.errors import ServeTokenMissing, ServeTokenUnusable


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "serve" / "token"
    assert tokens.make(path)
    token = tokens.read(path)
    assert len(token) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not tokens.make(path)
    assert tokens.read(path) == token


def spoilt(folder: Path, content: bytes = b"x" * 64, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 300, b"x" * 40 + b"\nmore", b"\xff" * 64, b"x" * 100_000])
def test_what_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ServeTokenUnusable):
        tokens.read(spoilt(tmp_path, content))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_one_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ServeTokenUnusable, match="read by others"):
        tokens.read(spoilt(tmp_path, mode=mode))


def test_one_that_is_not_there_and_one_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ServeTokenMissing):
        tokens.read(tmp_path / "token")
    (tmp_path / "token").mkdir()
    with pytest.raises(ServeTokenUnusable):
        tokens.read(tmp_path / "token")


@pytest.mark.parametrize(
    ("header", "opens"),
    [
        (None, False),
        ("", False),
        ("Bearer", False),
        ("Bearer secret", True),
        ("bearer  secret ", True),
        ("Bearer secret2", False),
        ("Basic secret", False),
        ("Bearer sécret", False),
        ("Bearer \udcff", False),
    ],
)
def test_which_header_opens(header: str | None, opens: bool) -> None:
    assert tokens.opens(header, b"secret") is opens
