"""Bytes on disk that survive a kill and a power cut.

    write_atomic      temp beside it, write, fsync, rename, fsync the folder: old content or new, never half
    create_exclusive  the same, but linked into place: fails if the name exists, and its content is whole at once
    new_folder        a folder that is filled under another name: it appears whole, or not at all
    LineLog           one line `<crc32 hex> <payload>\\n` per record, one write, fdatasync before it counts

Temporaries are named `.tmp-…` and may be swept at any time by whoever holds the folder's lock.
A full disk, a read-only disk and I/O errors become StorageError, and leave what was there untouched.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import io
import os
import secrets
import shutil
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge import system_refusal
from sage_edge.errors import FolderTaken, StorageError
from sage_edge.names import Digest

_TEMP = ".tmp-"
_REFUSALS = system_refusal.OF_WRITING | {errno.EACCES, errno.EPERM}

_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO}
"""Nothing can be written there, however much room there is."""


UNSUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENOLCK})
"""What a file system answers that lacks links, locks, or the syncing of folders (CIFS, vfat, some of FUSE)."""

BETTER_PLACE = "put the folder on a file system that has it: ext4, xfs or btrfs"
_EMACS_LOCK = ".#"
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_RENAME_NOREPLACE, _AT_FDCWD = 1, -100


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn the file system's refusals into StorageError, which names `path`."""
    try:
        yield
    except OSError as refusal:
        if isinstance(refusal, NoPlainFile):
            hint = "move away what lies there: it is a pipe, a device, a folder or far too large"
            raise StorageError(str(path), refusal.what, hint=hint) from refusal
        if refusal.errno not in _REFUSALS | _NO_PLACE:
            raise
        step = system_refusal.next_step(refusal.errno, str(path)) if refusal.errno != errno.ENOENT else None
        hint = step or system_refusal.ELSEWHERE
        raise StorageError(str(path), system_refusal.words(refusal.errno), hint=hint) from refusal


def digest(data: bytes) -> Digest:
    """SHA-256 of some bytes."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def digest_file(path: Path) -> Digest:
    """SHA-256 of a file, read in 1 MiB pieces. Raises OSError; NoPlainFile for what may never end."""
    state = hashlib.sha256()
    with os.fdopen(open_plain(path), "rb") as stream:
        while piece := stream.read(1 << 20):
            state.update(piece)
    return Digest(f"sha256:{state.hexdigest()}")


class NoPlainFile(OSError):
    """Something that is no plain file, or one that is larger than its reader takes. what: which of them."""

    def __init__(self, path: Path, what: str) -> None:
        self.what = what
        super().__init__(f"{path} {what}")


def open_plain(path: Path, flags: int = os.O_RDONLY, *, follow: bool = True) -> int:
    """Open a file that somebody else may have put there: nothing that is no plain file is waited for.

    follow: whether a link may stand in its place. Raises OSError; NoPlainFile for a device, a pipe, a folder.
    """
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW), 0o644)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NoPlainFile(path, "is no plain file")
    return handle


def read(path: Path, *, at_most: int) -> bytes:
    """Return a plain file's bytes. Raises OSError; NoPlainFile for a device, a pipe, a folder or too many bytes."""
    with os.fdopen(open_plain(path), "rb") as stream:
        if len(data := stream.read(at_most + 1)) > at_most:
            raise NoPlainFile(path, f"holds more than {at_most} bytes")
    return data


def read_text(path: Path, *, at_most: int, encoding: str = "utf-8") -> str:
    """Return a plain file's text, with line ends of any kind as one sign. Raises as `read`, and UnicodeDecodeError."""
    return io.TextIOWrapper(io.BytesIO(read(path, at_most=at_most)), encoding=encoding).read()


def is_apple_double(path: Path) -> bool:
    """Whether a file is what macOS keeps beside another one: `._x` of `x`, nobody's content.

    It does so on FAT and exFAT, on network shares and in archives. Judged by name and first bytes; never raises.
    """
    if not path.name.startswith("._"):
        return False
    try:
        with os.fdopen(open_plain(path, follow=False), "rb") as stream:
            return stream.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE
    except OSError:
        return False


def listed(folder: Path, pattern: str) -> list[Path]:
    """Return what a pattern finds below a folder, in name order, without what others keep beside files: macOS, Emacs.

    While a file is edited, Emacs lays a link beside it that leads nowhere: `.#x` of `x`.
    """
    every = sorted(folder.glob(pattern))
    return [path for path in every if not path.name.startswith(_EMACS_LOCK) and not is_apple_double(path)]


def make_folder(path: Path) -> None:
    """Make a folder and its parents, durably. Nothing happens if it is there."""
    if path.is_dir():
        return
    with storing(path):
        make_folder(path.parent)
        try:
            path.mkdir(exist_ok=True)
        except FileExistsError:  # and it is no folder
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable; where no folder can be synced, by bringing everything to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as refusal:
        if refusal.errno not in UNSUPPORTED:
            raise
        os.sync()
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the content of `path` durably.

    Raises StorageError; then the old content stands, or the new one if only its folder could not be synced. A device
    or a pipe is refused: a file would take its place, /dev/null's among them.
    """
    with storing(path):
        _demand_file_or_nothing(path)
        make_folder(path.parent)
        temporary = _temporary(path.parent, data)
        try:
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def _demand_file_or_nothing(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.ENXIO, "it is a device or a pipe", str(path))


def create_exclusive(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Create `path` with its whole content, durably, once for ever. Raises FileExistsError, StorageError."""
    with storing(path):
        make_folder(path.parent)
        temporary = _temporary(path.parent, data, mode)
        try:
            _name_once(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Hold a folder for the body to fill; after it, it lies at `path` with all its files on disk.

    An empty folder there is replaced. When the body fails nothing is left. Raises FolderTaken where anything else is,
    before the body where it is there by then; StorageError.
    """
    _demand_empty(path)
    with storing(path):
        make_folder(path.parent)
        temporary = path.parent / f"{_TEMP}{secrets.token_hex(8)}"
        temporary.mkdir()
    try:
        yield temporary
        with storing(path):
            for part in sorted(temporary.rglob("*")):
                _sync(part)
            sync_folder(temporary)
            _demand_empty(path)
            temporary.rename(path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _demand_empty(path: Path) -> None:
    with storing(path):
        if not exists(path):
            return
        if path.is_symlink() or not path.is_dir():
            raise FolderTaken(path, "is there, and is no folder")
        if next(path.iterdir(), None) is not None:
            raise FolderTaken(path, "is there, and is not empty")


def _sync(path: Path) -> None:
    if path.is_dir():
        sync_folder(path)
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name_once(temporary: Path, path: Path) -> None:
    """Give a file its name unless that is taken: by a link, else by a rename that replaces nothing."""
    try:
        os.link(temporary, path)
    except OSError as refusal:
        if refusal.errno not in {errno.EPERM, *UNSUPPORTED}:
            raise
    else:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(temporary), _AT_FDCWD, os.fsencode(path), _RENAME_NOREPLACE) == 0:
        return
    code = ctypes.get_errno()
    if code in {errno.EPERM, *UNSUPPORTED}:
        lacks = "its file system has neither links nor a rename that replaces nothing"
        raise StorageError(str(path), lacks, hint=BETTER_PLACE)
    raise OSError(code, os.strerror(code), str(path))


def exists(path: Path) -> bool:
    """Whether anything has this name, a link that leads nowhere among it."""
    return os.path.lexists(path)


def remove(path: Path) -> None:
    """Remove whatever has this name, a folder with all in it; nothing behind a link is touched. Raises StorageError."""
    with storing(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporaries that a killed process left behind. Only for whoever holds the folder's lock."""
    for left in folder.glob(f"**/{_TEMP}*"):
        left.unlink(missing_ok=True)


def _temporary(folder: Path, data: bytes, mode: int = 0o644) -> Path:
    path = folder / f"{_TEMP}{secrets.token_hex(8)}"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        _write_all(handle, data)
        os.fsync(handle)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return path


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


@dataclass(frozen=True)
class Lines:
    """What a LineLog holds: the payloads, the bytes they take, and the first bad line if a good one follows it."""

    payloads: tuple[str, ...]
    good_bytes: int
    torn: bool
    bad_line: int | None


class LineLog:
    """An append-only file of checked lines; an appended line is on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def encode(payload: str) -> bytes:
        """One line. `payload` must not hold a newline."""
        body = payload.encode("utf-8")
        if b"\n" in body:
            raise ValueError("a line cannot hold a newline")
        return b"%08x %s\n" % (zlib.crc32(body), body)

    def append(self, payload: str) -> None:
        """Append one line durably. Raises StorageError; then the log is as it was."""
        with storing(self.path):
            handle = open_plain(self.path, os.O_WRONLY | os.O_APPEND, follow=False)
            try:
                before = os.fstat(handle).st_size
                try:
                    _write_all(handle, self.encode(payload))
                    os.fdatasync(handle)
                except BaseException:
                    os.ftruncate(handle, before)
                    raise
            finally:
                os.close(handle)

    def read(self) -> Lines:
        """Return the good lines. Bad ones at the end are `torn`: a power cut may make many of one.

        A bad line with a good one after it is no such thing, and is named. Raises OSError.
        """
        with os.fdopen(open_plain(self.path, follow=False), "rb") as stream:
            raw = _split(stream.read())
        payloads = [_decode(line) for line in raw]
        first = next((number for number, payload in enumerate(payloads) if payload is None), len(raw))
        good = tuple(payload for payload in payloads[:first] if payload is not None)
        bad = any(payload is not None for payload in payloads[first:])
        torn = first < len(raw) and not bad
        return Lines(good, sum(map(len, raw[:first])), torn, first + 1 if bad else None)

    def cut(self, good_bytes: int) -> None:
        """Cut a torn tail off, durably."""
        with storing(self.path):
            handle = open_plain(self.path, os.O_WRONLY, follow=False)
            try:
                os.ftruncate(handle, good_bytes)
                os.fsync(handle)
            finally:
                os.close(handle)


def _split(data: bytes) -> list[bytes]:
    pieces = data.split(b"\n")
    return [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def _decode(line: bytes) -> str | None:
    body = line[9:-1]
    if not line.endswith(b"\n") or line[:9] != b"%08x " % zlib.crc32(body):
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
