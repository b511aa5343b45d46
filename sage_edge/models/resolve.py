"""Resolves a name to a ResolvedModel: the only place that makes one, and engines take nothing else.

    name ── line of fleet/models.lock ── manifest in the store, as locked ── sizes of all blobs ── fits ── model
      └──── shelf: a card beside its bytes, like the seedling that ships ─── size ──────────────── fits ── model

Resolving compares listing and sizes and reads no weights, and no YAML either: at most 5 ms on a warm store.
`check`, which engines call before every load, and `deep` hash all bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sage_edge.hints import Hint, sage
from sage_edge.models import shipped_card
from sage_edge.models.card import ModelCard, stem
from sage_edge.models.card_sources import HubSource
from sage_edge.models.cards import read_card, read_cards
from sage_edge.models.errors import (
    AdapterWithoutBase,
    DigestMismatch,
    DoesNotFit,
    ModelIncomplete,
    ModelNotFound,
    NotLocked,
)
from sage_edge.models.inspect.adapter_base import where_it_points
from sage_edge.models.lock import LockedModel, read_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare.stages import is_part
from sage_edge.models.store import blobs
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef

SHIPPED = Path(__file__).parent
"""The shelf that comes with the package; it holds the seedling."""


@dataclass(frozen=True)
class Part:
    """One file of a resolved model: where it is and what it must be."""

    name: str
    path: Path
    size_bytes: int
    digest: Digest


@dataclass(frozen=True)
class ResolvedModel:
    """A model that was found where it belongs, whole by its sizes.

    path: what an engine opens: a GGUF file, the first of its splits (the others lie beside it), or a folder. digest:
    what the weights are known by (`manifest.weights_digest`). size_bytes: of all files. parts: all files; empty stands
    for the one at `path`.
    """

    ref: ModelRef
    path: Path
    digest: Digest
    size_bytes: int
    context_tokens: int
    chat_template: Digest | None
    parts: tuple[Part, ...] = ()

    def check(self, on_bytes: blobs.PieceListener = blobs.silent) -> None:
        """Hash every file. on_bytes: is told of each piece read. Raises DigestMismatch, ModelIncomplete."""
        for part in self.parts or (Part(self.path.name, self.path, self.size_bytes, self.digest),):
            self._check_size(part)
            actual = blobs.hash_file(part.path, on_bytes)
            if actual != part.digest:
                said_by = "its manifest" if self.parts else "its card"
                raise DigestMismatch(part.name, part.digest, actual, hint=self._mend(part), said_by=said_by)

    def _check_size(self, part: Part) -> None:
        if not part.path.is_file():
            raise ModelIncomplete(self.ref, [part.name], hint=self._mend(part))
        if (size := part.path.stat().st_size) != part.size_bytes:
            what = f"{part.size_bytes - size} bytes of {part.name} ({size} of {part.size_bytes} are there)"
            raise ModelIncomplete(self.ref, [what], hint=self._mend(part))

    def _mend(self, part: Part) -> Hint:
        if self.parts:
            return sage("model prepare", self.ref)
        if part.path.is_relative_to(SHIPPED):
            return "get the shipped file back: git checkout -- sage_edge/models, or reinstall sage-edge"
        return (f"copy {part.name} again from where its card came from, then: ", sage("model verify", deep=True))


class Library:
    """All models that one machine can have: the store under its lock, and the shelves.

    fleet: the folder with `models/` and `models.lock`. store: bytes by digest. shelves: folders of `*/card.yaml`.
    """

    def __init__(self, fleet: Path, root: Path) -> None:
        self.fleet, self.store, self.shelves = fleet, Store(root), (SHIPPED, root)

    @cached_property
    def shelved(self) -> Mapping[ModelRef, tuple[Path, shipped_card.ShippedCard]]:
        """What lies on the shelves, read once. Raises DeclarationError."""
        return known(self.shelves)

    def names(self, cards: Collection[ModelRef] | None = None) -> tuple[ModelRef, ...]:
        """Return every name that is declared, shelved or in the store, sorted. Raises DeclarationError.

        cards: the declared names, where somebody has read them already. What a preparation made on its way is no
        model of its own, and left out.
        """
        declared = read_cards(self.fleet) if cards is None else cards
        stored = (ref for ref in self.store.refs() if not is_part(ref))
        return tuple(sorted({*declared, *self.shelved, *stored}))

    def resolve(self, ref: ModelRef, *, memory_bytes: int | None = None, deep: bool = False) -> ResolvedModel:
        """Return the model of that name. memory_bytes: what the board has, to refuse what cannot fit.

        Raises ModelNotFound, NotLocked, ModelIncomplete, AdapterWithoutBase, DigestMismatch, DoesNotFit,
        DeclarationError (a lock or a card that cannot be read).
        """
        entry = read_lock(self.fleet).get(ref)
        manifest = self.store.manifest(ref)
        if entry is None or manifest is None:
            model = self._on_shelf(ref, memory_bytes) or self._refuse(ref, entry, manifest)
        else:
            model = self._in_store(manifest, entry, memory_bytes)
        if deep:
            model.check()
        return model

    def _in_store(self, manifest: Manifest, entry: LockedModel, memory_bytes: int | None) -> ResolvedModel:
        ref = manifest.ref
        if (actual := manifest.digest()) != entry.manifest:
            again = (sage("model prepare", ref), "; if the new one is meant: ", sage("model lock"))
            raise DigestMismatch(f"the manifest of {ref}", entry.manifest, actual, hint=again, said_by="the lock")
        if gone := self.store.missing(manifest):
            raise ModelIncomplete(ref, gone, hint=sage("model prepare", ref))
        weights = manifest.of_role("weights")
        if not weights:
            raise self._adapter(ref, manifest)
        _fits(ref, manifest.minimum_memory_bytes, memory_bytes)
        if manifest.context_length is None:
            raise ModelIncomplete(ref, ["its context length"], hint=sage("model prepare", ref))
        return ResolvedModel(
            ref=ref,
            path=self.store.loaded_from(manifest),
            digest=manifest.weights_digest(),
            size_bytes=manifest.size_bytes,
            context_tokens=manifest.context_length,
            chat_template=manifest.chat_template,
            parts=tuple(
                Part(file.path, self.store.blob(file.digest), file.size_bytes, file.digest) for file in manifest.files
            ),
        )

    def _on_shelf(self, ref: ModelRef, memory_bytes: int | None) -> ResolvedModel | None:
        if ref not in self.shelved:
            return None
        return resolve(ref, self.shelves, memory_bytes=memory_bytes)

    def _refuse(self, ref: ModelRef, entry: LockedModel | None, manifest: Manifest | None) -> ResolvedModel:
        """Raise what fits a name that is not locked, or not in this store."""
        card = read_card(self.fleet, ref)
        if card is None:
            raise ModelNotFound(ref, sorted({*read_cards(self.fleet), *self.shelved}))
        if entry is not None:
            raise ModelIncomplete(ref, ["all of its files"], hint=sage("model prepare", ref))
        if manifest is not None:
            if not manifest.of_role("weights"):
                raise self._adapter(ref, manifest)
            raise NotLocked(ref, "it is in the store, but fleet/models.lock does not name it", hint=sage("model lock"))
        if unpinned := _unpinned(card):
            file = f"fleet/models/{stem(ref)}.yaml"
            why = f"{unpinned} is pinned to no commit, and nobody fetches what may change"
            hint = (f"write the commit's 40 hex digits into {file}, then: ", sage("fleet check"))
            raise NotLocked(ref, why, hint=hint)
        raise NotLocked(ref)

    def _adapter(self, ref: ModelRef, manifest: Manifest) -> AdapterWithoutBase:
        card = read_card(self.fleet, ref)
        config = next((f for f in manifest.of_role("adapter") if f.path.endswith("adapter_config.json")), None)
        pointed = where_it_points(self.store.blob(config.digest)) if config is not None else "nothing"
        base = card.base if card is not None and card.base is not None else "that no card names"
        return AdapterWithoutBase(base, pointed, hint=sage("model prepare", ref))


def _unpinned(card: ModelCard) -> str | None:
    """The hub repository of a card whose commit nobody has looked up."""
    sources = (source for source in (card.source, card.adapter) if isinstance(source, HubSource))
    return next((source.repo for source in sources if source.revision is None), None)


def _fits(ref: ModelRef, needs_bytes: int, memory_bytes: int | None) -> None:
    if memory_bytes is not None and memory_bytes < needs_bytes:
        raise DoesNotFit(ref, needs_bytes, memory_bytes)


def resolve(ref: ModelRef, shelves: Sequence[Path] = (SHIPPED,), *, memory_bytes: int | None = None) -> ResolvedModel:
    """Return the model of that name from a shelf. `memory_bytes`: what the board has, to refuse what cannot fit.

    Raises ModelNotFound, ModelIncomplete, DoesNotFit, DeclarationError (a card that cannot be read).
    """
    cards = known(shelves)
    if ref not in cards:
        raise ModelNotFound(ref, sorted(cards))
    path, card = cards[ref]
    _fits(ref, card.minimum_memory_bytes, memory_bytes)
    model = ResolvedModel(
        ref=card.ref,
        path=path.parent / card.file,
        digest=Digest(f"sha256:{card.sha256}"),
        size_bytes=card.size_bytes,
        context_tokens=card.context_length,
        chat_template=Digest(f"sha256:{card.chat_template_sha256}"),
    )
    model._check_size(Part(card.file, model.path, model.size_bytes, model.digest))
    return model


def known(shelves: Sequence[Path] = (SHIPPED,)) -> dict[ModelRef, tuple[Path, shipped_card.ShippedCard]]:
    """Return ref → (card file, card) over all shelves; the first shelf wins."""
    cards: dict[ModelRef, tuple[Path, shipped_card.ShippedCard]] = {}
    for folder in reversed(shelves):
        cards.update(shipped_card.read_all(folder))
    return cards
