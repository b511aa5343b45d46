"""A folder's files: links are not followed, devices not opened, and what is too large is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sage_edge.legacy import folder_walk, session_file
from sage_edge.legacy.decode import LIMIT_BYTES
from sage_edge.legacy.errors import UnreadableFile
from tests.legacy.papers import plant, session


def seen(root: Path) -> dict[str, tuple[str, str]]:
    return {found.name: (found.kind, found.why) for found in folder_walk.walk(root)}


def test_every_name_is_seen(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b/one.json": {}, "two.json": {}, ".hidden.json": {}, ".git/config": b"x", "sub/.git": b"y"})
    assert seen(tmp_path) == {
        "a/b/one.json": ("file", ""),
        "two.json": ("file", ""),
        ".hidden.json": ("file", ""),
        ".git": ("folder", folder_walk.GIT),
        "sub/.git": ("file", ""),
    }


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"session_001.json": session(1)})
    root = plant(tmp_path / "in", {"session_002.json": session(2)})
    (root / "out.json").symlink_to(outside / "session_001.json")
    (root / "folder").symlink_to(outside)
    (root / "again.json").symlink_to("session_002.json")
    (root / "circle").symlink_to("circle")
    (root / "up").symlink_to("..")
    found = seen(root)
    assert set(found) == {"session_002.json", "out.json", "folder", "again.json", "circle", "up"}
    assert {name for name, (_, why) in found.items() if "leads out" in why} >= {"out.json", "folder", "up"}
    assert "is read itself" in found["again.json"][1]
    with pytest.raises(UnreadableFile, match="it became a link"):
        folder_walk.read(root / "out.json")


def test_a_device_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert seen(tmp_path) == {"pipe.json": ("device", "it is no regular file")}
    with pytest.raises(UnreadableFile, match="no regular file"):
        folder_walk.read(tmp_path / "pipe.json")


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = tmp_path / "session_001.json"
    with large.open("wb") as stream:
        stream.truncate(100_000_000)
    monkeypatch.setattr(folder_walk, "read", None)  # whoever reads it fails
    (found,) = folder_walk.walk(tmp_path)
    why = str(session_file.read(found).why)
    assert "100,000,000 bytes" in why
    assert f"{LIMIT_BYTES:,}" in why
    assert "not read" in why


def test_what_grew_meanwhile_is_refused(tmp_path: Path) -> None:
    grown = tmp_path / "x.json"
    grown.write_bytes(b" " * (LIMIT_BYTES + 1))
    with pytest.raises(UnreadableFile, match="was not read"):
        folder_walk.read(grown)


def test_what_is_gone_or_forbidden_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read: No such file"):
        folder_walk.read(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"caf\xe9.json", "caf\\xe9.json"),
        (b"caf\\xe9.json", "caf\\x5cxe9.json"),
        (b"caf\\x5cxe9.json", "caf\\x5cx5cxe9.json"),
        (b"text\\x1.json", "text\\x1.json"),
        ("café.json".encode(), "café.json"),
    ],
)
def test_no_two_names_are_one(raw: bytes, name: str, tmp_path: Path) -> None:
    plant(tmp_path, {os.fsdecode(raw): session(1)})
    (found,) = folder_walk.walk(tmp_path)
    assert found.name == name
    assert session_file.read(found).drafts[0].head.source == name


def test_folders_of_any_depth(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "x.json").write_bytes(b"{}")
    assert len(seen(tmp_path)) == 1
