"""Every way of changing a release's folder shows, and what a copy of it holds is found out by its bytes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.host import release_listing, release_store
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from tests.host.boards import OLD

SHORT = OLD[0].short


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    places = Places(tmp_path)
    release_store.write(places, *OLD)
    return places.releases / SHORT


def keeping_times(path: Path) -> None:
    """Other bytes of the same length, with the mtime that it had."""
    before = path.stat()
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path, by: Callable[[Path], object]) -> None:
    path.unlink()
    by(path)


EDITS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "edited": (lambda at: (at / "compose.yaml").write_text("privileged: true"), ["compose.yaml"]),
    "edited, its mtime put back": (lambda at: keeping_times(at / "compose.yaml"), ["compose.yaml"]),
    "open to all": (lambda at: (at / ".env").chmod(0o666), [".env"]),
    "gone": (lambda at: (at / "compose.yaml").unlink(), ["compose.yaml (gone)"]),
    "another one": (lambda at: (at / "compose.override.yaml").write_text("x"), ["compose.override.yaml (new)"]),
    "another one below": (
        lambda at: shutil.copytree(at, at / "fleet"),
        [f"fleet/{n} (new)" for n in (".env", ".listing.json", "compose.yaml", "release.json")],
    ),
    "a link in its place": (lambda at: replaced(at / ".env", lambda env: env.symlink_to("/etc/hosts")), [".env"]),
    "a pipe in its place": (lambda at: replaced(at / ".env", os.mkfifo), [".env"]),
    "a folder in its place": (lambda at: replaced(at / ".env", Path.mkdir), [".env (gone)"]),
    "a link to a folder": (lambda at: (at / "fleet").symlink_to("/etc"), ["fleet (new)"]),
    "renamed": (lambda at: (at / ".env").rename(at / "env"), [".env (gone)", "env (new)"]),
    "touched": (lambda at: os.utime(at / "compose.yaml"), []),
    "nothing": (lambda at: None, []),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_is_named_and_staging_again_mends_it(folder: Path, name: str) -> None:
    edit, wrong = EDITS[name]
    edit(folder)
    assert release_listing.changed(folder) == wrong
    places = Places(folder.parents[3])
    assert release_store.write(places, *OLD) is bool(wrong)
    assert release_listing.changed(folder) == []
    assert {path: (folder / path).read_text() for path in release_listing.names(folder)} == OLD[1]


def test_a_copy_of_the_folder_is_what_it_was(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    for name in release_listing.names(copy):
        (copy / name).chmod((folder / name).stat().st_mode)
    assert release_listing.changed(copy) == []


def test_bytes_are_read_only_where_the_stamp_differs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = release_listing._sha256

    def counted(path: Path, status: os.stat_result) -> str:
        read.append(path.name)
        return real(path, status)

    monkeypatch.setattr(release_listing, "_sha256", counted)
    assert release_listing.changed(folder) == []
    assert read == []
    os.utime(folder / "compose.yaml")
    assert release_listing.changed(folder) == []
    assert read == ["compose.yaml"]


@given(st.binary(max_size=60))
def test_a_listing_that_is_none_is_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("release")
    (folder / release_listing.NAME).write_bytes(content)
    assert release_listing.changed(folder) is None


def test_a_release_that_was_edited_is_not_rolled_back_to(folder: Path) -> None:
    places = Places(folder.parents[3])
    release_store.require_unchanged(places, SHORT)
    (folder / "compose.yaml").write_text("privileged: true")
    with pytest.raises(Refusal, match=r"is not what was staged: compose\.yaml"):
        release_store.require_unchanged(places, SHORT)


def test_one_that_was_never_listed_is_listed_as_it_lies_there(folder: Path) -> None:
    (folder / release_listing.NAME).unlink()
    assert release_listing.changed(folder) is None
    release_store.require_unchanged(Places(folder.parents[3]), SHORT)
    assert release_listing.changed(folder) == []
