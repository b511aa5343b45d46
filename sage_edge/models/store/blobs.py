"""Copies and hashes plain files into blobs: synced, read-only, never by way of a symlink."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from sage_edge import files
from sage_edge.hints import quoted, sage
from sage_edge.models.errors import ModelError
from sage_edge.names import Digest

PieceListener = Callable[[int], None]
"""Is told the size of each piece that was read, in bytes."""

_PIECE = 1 << 20
_READ_ONLY = 0o444


def silent(size: int) -> None:
    """Tell nobody."""


def hash_file(path: Path, on_bytes: PieceListener = silent) -> Digest:
    """SHA-256 of a plain file's bytes, read into one buffer of 1 MiB. Raises ModelError for what is no plain file."""
    handle = _open(path)
    try:
        return _drain(handle, None, on_bytes)
    finally:
        os.close(handle)


def seal(path: Path) -> Digest:
    """Hash a plain file, make it read-only and durable, and return its digest."""
    handle = _open(path)
    try:
        digest = _drain(handle, None)
        os.fchmod(handle, _READ_ONLY)
        os.fsync(handle)
    finally:
        os.close(handle)
    return digest


def copy(path: Path, to: Path, on_bytes: PieceListener = silent) -> Digest:
    """Copy a plain file to the new, read-only and durable file `to`, and return the digest of what was copied."""
    source = _open(path)
    try:
        target = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            digest = _drain(source, target, on_bytes)
            os.fchmod(target, _READ_ONLY)
            os.fsync(target)
        finally:
            os.close(target)
    finally:
        os.close(source)
    return digest


def link(blob: Path, at: Path) -> None:
    """Let `at` be the blob: a hard link, on another device a copy. Nothing happens where it already is."""
    if at.exists() and at.samefile(blob):
        return
    files.make_folder(at.parent)
    if at.is_symlink() or at.parent.is_symlink():
        raise ModelError(f"{at} is a symlink", hint=f"remove it: rm {quoted(str(at))}")
    with files.storing(at):
        at.unlink(missing_ok=True)
        try:
            at.hardlink_to(blob)
        except OSError as refusal:
            if refusal.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
                raise
            shutil.copyfile(blob, at)


def _open(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as refusal:
        if refusal.errno in (errno.ELOOP, errno.ENXIO):
            raise _no_plain_file(path) from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _no_plain_file(path)
    return handle


def _no_plain_file(path: Path) -> ModelError:
    return ModelError(
        f"{path} is no plain file; the store takes neither symlinks nor devices",
        hint=("name the file that it points to, then: ", sage("model import", "DIR", ref="REF")),
    )


def _drain(source: int, target: int | None, on_bytes: PieceListener = silent) -> Digest:
    """Hash all bytes of a handle, and write them to another."""
    state, buffer = hashlib.sha256(), bytearray(_PIECE)
    view = memoryview(buffer)
    while size := os.readv(source, [buffer]):
        state.update(view[:size])
        left = view[:size]
        while target is not None and left:
            left = left[os.write(target, left) :]
        on_bytes(size)
    return Digest(f"sha256:{state.hexdigest()}")
