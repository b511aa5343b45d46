"""`fleet/models.lock`: which manifest each name means. Refreshed only when somebody asks, with the difference shown.

    format 1
    qwen2.5-0.5b/instruct:bf16                sha256:<64 hex>  7ae557604adf67be50417f59c2c2f167def9a775
    qwen2.5-0.5b/introspective:v2.1-q8_0      sha256:<64 hex>  -

One line a model, sorted by ref: the ref, the manifest's digest, and the hub's revision or `-`. Lines with `#` are notes
of people; they are kept out, because the file is written anew by `sage-edge model lock`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files, locks
from sage_edge.declared.reader import LARGEST_BYTES
from sage_edge.errors import DeclarationError, Fault
from sage_edge.hints import sage
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import HubSource
from sage_edge.models.manifest import Manifest
from sage_edge.names import Digest, ModelRef

_HEAD = "format 1"
_REVISION = re.compile(r"[0-9a-f]{40}|-")


@dataclass(frozen=True)
class LockedModel:
    """What one name is locked to. `revision`: the hub's commit, None for what was made here or copied."""

    manifest: Digest
    revision: str | None = None


ModelLock = Mapping[ModelRef, LockedModel]


@dataclass(frozen=True)
class LockDifference:
    """What writing the new lock would change for one name; None on the side where it is absent."""

    ref: ModelRef
    before: LockedModel | None
    after: LockedModel | None

    def __str__(self) -> str:
        return "\n".join(
            f"{sign} {_line(self.ref, entry)}" for sign, entry in (("-", self.before), ("+", self.after)) if entry
        )


def lock_path(fleet: Path) -> Path:
    """Where the lock lies."""
    return fleet / "models.lock"


def read_lock(fleet: Path) -> dict[ModelRef, LockedModel]:
    """Return ref → entry; empty where there is no lock yet. Raises DeclarationError with every bad line."""
    path = lock_path(fleet)
    try:
        lines = files.read_text(path, at_most=LARGEST_BYTES).split("\n")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as unreadable:
        raise _refuse(path, [("", f"cannot be read: {unreadable}")]) from None
    faults: list[tuple[str, str]] = []
    if not lines or lines[0] != _HEAD:
        faults.append(("line 1", f"expected {_HEAD!r}, got {lines[0] if lines else ''!r:.60}"))
    locked: dict[ModelRef, LockedModel] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            ref, entry = _parse(line)
        except ValueError as wrong:
            faults.append((f"line {number}", str(wrong)))
            continue
        if ref in locked:
            faults.append((f"line {number}", f"{ref} is locked twice"))
        locked[ref] = entry
    if faults:
        raise _refuse(path, faults)
    return locked


def _parse(line: str) -> tuple[ModelRef, LockedModel]:
    words = line.split()
    if len(words) != 3:
        raise ValueError(f"expected a ref, a digest and a revision or '-', got {line!r:.120}")
    if not _REVISION.fullmatch(words[2]):
        raise ValueError(f"expected a revision of 40 hex digits or '-', got {words[2]!r:.60}")
    return ModelRef(words[0]), LockedModel(Digest(words[1]), None if words[2] == "-" else words[2])


def _refuse(path: Path, faults: list[tuple[str, str]]) -> DeclarationError:
    label = f"{path.parent.name}/{path.name}"
    return DeclarationError(
        [Fault(label, key, message) for key, message in faults], hint=("write it anew: ", sage("model lock"))
    )


def differences(before: ModelLock, after: ModelLock) -> tuple[LockDifference, ...]:
    """Return what changes, by ref; empty means that both say the same."""
    return tuple(
        LockDifference(ref, before.get(ref), after.get(ref))
        for ref in sorted({*before, *after})
        if before.get(ref) != after.get(ref)
    )


def refreshed(
    locked: ModelLock, cards: Mapping[ModelRef, ModelCard], manifests: Mapping[ModelRef, Manifest]
) -> ModelLock:
    """Return the lock that this machine would write.

    A model in the store is locked to what is there; one that is elsewhere keeps its line; a line without a card goes.
    Adapters without weights are not locked: they are no models.
    """
    lock = {ref: entry for ref, entry in locked.items() if ref in cards}
    for ref, manifest in manifests.items():
        if ref in cards and manifest.of_role("weights"):
            lock[ref] = entry(cards[ref], manifest)
    return lock


def entry(card: ModelCard, manifest: Manifest) -> LockedModel:
    """Return the line that locks a card's model to this listing."""
    return LockedModel(manifest.digest(), card.source.revision if isinstance(card.source, HubSource) else None)


def render(lock: ModelLock) -> bytes:
    """The bytes of the lock's file."""
    return "".join(f"{line}\n" for line in (_HEAD, *(_line(ref, lock[ref]) for ref in sorted(lock)))).encode()


def _line(ref: ModelRef, entry: LockedModel) -> str:
    return f"{ref:<44} {entry.manifest}  {entry.revision or '-'}"


@contextlib.contextmanager
def changing(store: Path, wait_s: float = 10.0) -> Iterator[None]:
    """Be the only process of this machine's store that changes the lock. Raises Locked."""
    with locks.hold(store / "locks" / "models.lock", "fleet/models.lock", wait_s=wait_s):
        yield


def write_lock(fleet: Path, lock: ModelLock) -> None:
    """Replace the lock durably. Raises StorageError; then the old one stands."""
    files.write_atomic(lock_path(fleet), render(lock))
