"""Pack a repository once its loose objects have piled up, and never beside a push.

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.

    sage-upkeep.lock     held (flock) by whoever packs; a push that comes meanwhile waits before it is let in
    sage-pushes/<pid>    a push that was let in and has not ended: nobody packs; one of ten minutes ago is dead, by the
                         start of the machine and the seconds since then that it holds, which no clock changes
    sage-packed          `<count> <bytes>` of the loose objects that the last packing has left: nobody refers to them,
                         and they are too young to be thrown away

On the hub the hook after a push starts it, apart from that push; a host packs its own clone after its push.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

LOOSE = 2000
LOOSE_BYTES = 64_000_000
PACKS = 30
"""More than so many loose objects, bytes in them, or packs, and a repository is packed."""

REPACK = ("repack", "-A", "-d", "-l", "-q", "--unpack-unreachable=2.weeks.ago")
PRUNE = ("prune", "--expire=2.weeks.ago")
PACK_S = 1800.0

_LOCK, _PUSHES, _PACKED = "sage-upkeep.lock", "sage-pushes", "sage-packed"
_PATIENCE_S = 45.0
_DEAD_AFTER_S = 600.0
_PAUSE_S = 0.1


def wants_packing(repository: Path) -> bool:
    """Whether so much has piled up that it should be packed."""
    count, size = _loose(repository / "objects")
    left_count, left_size = _left(repository)
    return count - left_count > LOOSE or size - left_size > LOOSE_BYTES or _packs(repository) > PACKS


def note_packed(repository: Path) -> None:
    """Remember what a packing has left loose."""
    count, size = _loose(repository / "objects")
    (repository / _PACKED).write_text(f"{count} {size}\n", encoding="ascii")


def begin_push(repository: Path, patience_s: float = _PATIENCE_S) -> bool:
    """Note that a push is let in, after a packing has ended; False: it does not end in time."""
    until = time.monotonic() + patience_s
    while True:
        with _held(repository) as free:
            if free:
                with contextlib.suppress(OSError):
                    (repository / _PUSHES).mkdir(exist_ok=True)
                    (repository / _PUSHES / str(os.getppid())).write_text(" ".join(_instant()), encoding="ascii")
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(_PAUSE_S)


def end_push(repository: Path) -> None:
    """Note that the push has ended; start the packing, apart from it, where that is due."""
    with contextlib.suppress(OSError):
        (repository / _PUSHES / str(os.getppid())).unlink()
    if wants_packing(repository):
        nothing = subprocess.DEVNULL
        words = [sys.executable, str(repository / "hooks" / "post-receive"), "pack"]
        # not waited for: the pusher goes, and it goes on
        subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, cwd="/")


def pack(repository: Path) -> bool:
    """Pack a hub unless somebody pushes or packs; whether it was done. A packing that is killed harms nothing."""
    with _held(repository) as free:
        if not free or _is_pushed_to(repository) or not wants_packing(repository):
            return False
        os.nice(10)
        for words in (REPACK, PRUNE):
            git = ["git", f"--git-dir={repository}", *words]
            quiet = subprocess.DEVNULL
            if subprocess.run(git, stdin=quiet, stdout=quiet, stderr=quiet, timeout=PACK_S, check=False).returncode:
                return False
        note_packed(repository)
    return True


@contextlib.contextmanager
def _held(repository: Path) -> Iterator[bool]:
    """Hold the lock for the body; yields False where somebody else has it. A file system without flock has no lock."""
    try:
        handle = os.open(repository / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        yield True
        return
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_pushed_to(repository: Path) -> bool:
    """Whether a push is under way, or was cut off a moment ago."""
    now = time.time()
    arriving = [*(repository / "objects").glob("tmp_objdir-*"), *(repository / "objects").glob("incoming-*")]
    for sign in (*arriving, *(repository / _PUSHES).glob("*")):
        with contextlib.suppress(OSError):
            if abs(_age_s(sign, now)) < _DEAD_AFTER_S:
                return True
            if sign.parent.name == _PUSHES:
                sign.unlink()
    return False


def _instant() -> tuple[str, str]:
    """Which start of this machine it is, and the seconds since then; without either where nobody says."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return boot, str(time.clock_gettime(time.CLOCK_BOOTTIME))
    except (OSError, ValueError, AttributeError):
        return "", ""


def _age_s(sign: Path, now: float) -> float:
    """Seconds since a sign was left; one that names no start of this machine is as old as its mtime says."""
    boot, awake_s = _instant()
    with contextlib.suppress(OSError, ValueError):
        then, since = sign.read_text(encoding="ascii").split()
        if then == boot:
            return float(awake_s) - float(since)
    return now - sign.stat().st_mtime


def _loose(objects: Path) -> tuple[int, int]:
    """Loose objects and their bytes."""
    count = size = 0
    for folder in objects.glob("[0-9a-f][0-9a-f]"):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                count, size = count + 1, size + entry.stat().st_size
    return count, size


def _packs(repository: Path) -> int:
    return sum(1 for _ in (repository / "objects" / "pack").glob("*.pack"))


def _left(repository: Path) -> tuple[int, int]:
    try:
        count, size = (repository / _PACKED).read_text(encoding="ascii").split()
        return int(count), int(size)
    except (OSError, ValueError):
        return 0, 0
