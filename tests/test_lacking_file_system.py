"""A file system without links, locks or synced folders, by faults: CIFS and the kernel's vfat are not mounted here."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest

from sage_edge import files, locks
from sage_edge.errors import StorageError
from sage_edge.host import durable

LACKING = [errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL]


@pytest.mark.parametrize("code", [*LACKING, errno.EPERM])
def test_without_links_a_paper_is_still_created_once(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(code, "no links")

    monkeypatch.setattr(os, "link", no_link)
    files.create_exclusive(tmp_path / "paper", b"first")
    with pytest.raises(FileExistsError):
        files.create_exclusive(tmp_path / "paper", b"second")
    assert (tmp_path / "paper").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["paper"]


@pytest.mark.parametrize("code", LACKING)
def test_where_no_folder_can_be_synced_everything_is(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, synced = os.fsync, []

    def only_files(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, "no folder")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", only_files)
    monkeypatch.setattr(os, "sync", lambda: synced.append(1))
    files.write_atomic(tmp_path / "page", b"content")
    durable.replace(tmp_path / "board", b"content")
    assert len(synced) == 2


@pytest.mark.parametrize("code", [*LACKING, errno.ENOLCK])
def test_without_locks_two_lines_say_so(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_lock(*_: object) -> None:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_lock)
    with pytest.raises(StorageError, match="its file system has no locks"), locks.hold(tmp_path / "lock", "a test"):
        pass
