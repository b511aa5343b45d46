"""A folder that somebody already has becomes a model of the store: for boards without a network, and for old folders.

The folder is only read. It is looked at as a whole first, then the files that the card wants are copied, hashed while
they are copied, and named last. What else lies there (optimiser states, notes, pictures) stays there.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sage_edge import __version__
from sage_edge.errors import AdapterWithoutBase, ModelError, ModelIncomplete
from sage_edge.models.cards import Card, listing
from sage_edge.models.classify import admit
from sage_edge.models.manifest import ListedFile, Manifest, inside, role_of
from sage_edge.models.pointing import where_it_points
from sage_edge.models.store import Store
from sage_edge.names import Digest

_WEIGHTS = {"gguf": ".gguf", "safetensors": ".safetensors"}


def import_folder(folder: Path, card: Card, store: Store, now: datetime) -> Manifest:
    """Copy a folder's model into the store, name it, and return its listing; it is not locked yet.

    Raises what `classify.admit` finds wrong with it, AdapterWithoutBase for an adapter (it is merged, not imported),
    ModelIncomplete without weights of the card's container, ModelError for symlinks, StorageError, Locked.
    """
    with store.preparing(card.ref):
        chosen = files_of(folder, card)
        template = _admit(folder, chosen, card)
        manifest = _listing(card, [_take(path, folder, store) for path in chosen], folder, now, template)
        store.put(manifest)
        if manifest.container != "gguf":
            store.tree(manifest)
    return manifest


def files_of(folder: Path, card: Card) -> tuple[Path, ...]:
    """Return the files of a folder that belong to the card's model, sorted; reads no weights. Raises ModelError."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder", hint=f"sage-edge model import DIR --ref {card.ref}")
    found = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir()]
    chosen = tuple(path for path in found if card.wants(path.relative_to(folder).as_posix()))
    for path in chosen:
        if path.is_symlink():
            raise ModelError(
                f"{path} is a symlink; what it points to is not part of the folder",
                hint=f"cp -rL {folder} COPY, then: sage-edge model import COPY --ref {card.ref}",
            )
        _demand_inside(path.relative_to(folder).as_posix())
    return chosen


def _admit(folder: Path, chosen: tuple[Path, ...], card: Card) -> Digest | None:
    """Return the digest of the chat template of a whole model of the right kind. Raises ModelError."""
    weights = [path for path in chosen if role_of(path.name) == "weights"]
    adapters = [path for path in folder.glob("adapter_config.json") if not weights]
    if adapters:
        raise AdapterWithoutBase(card.base or "(its card names none)", where_it_points(adapters[0]))
    fitting = [path for path in weights if path.suffix == _WEIGHTS[card.container]]
    lacking = ModelIncomplete(
        card.ref, [f"its {card.container} weights"], hint=f"sage-edge model inspect {folder}"
    )  # fmt: skip
    if weights and not fitting:
        raise lacking
    template = admit(fitting[0] if card.container == "gguf" and len(fitting) == 1 else folder, family=card.architecture)
    if not fitting:
        raise lacking
    return template


def _take(path: Path, folder: Path, store: Store) -> ListedFile:
    name, size = path.relative_to(folder).as_posix(), path.stat().st_size
    digest = store.add(path)
    if store.blob(digest).stat().st_size != size:
        raise ModelError(f"{path} changed while it was read", hint="wait until it is finished, then import it again")
    return ListedFile(path=name, size_bytes=size, digest=digest, role=role_of(name))


def _listing(card: Card, listed: list[ListedFile], folder: Path, now: datetime, template: Digest | None) -> Manifest:
    try:
        return listing(
            card,
            listed,
            source=f"import: {folder.resolve().name}",
            created=now,
            made_by={"sage-edge": __version__},
            chat_template=template,
        )
    except ValueError as wrong:
        raise ModelError(f"{folder} is not {card.ref}: {wrong}", hint=f"sage-edge model show {card.ref}") from None


def _demand_inside(name: str) -> None:
    try:
        inside(name)
    except ValueError as wrong:
        raise ModelError(str(wrong), hint="rename the file, then import it again") from None
