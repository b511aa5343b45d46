"""Imports a folder into the store as a declared model: for boards without a network, and for old folders.

The folder is only read. It is looked at as a whole first, then the files that the card wants are copied, hashed while
they are copied, and named last. What else lies there (optimiser states, notes, other weights) stays. A GGUF has to
speak, in a child process with limits, before it gets its name: nothing else has ever proven that file here.

`<ref>.adapter` is the adapter of a declared model: so a board holds what a card with `adapter: {host: …}` copies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sage_edge import __version__, files
from sage_edge.hints import quoted, sage
from sage_edge.models.card import ModelCard, find, listing
from sage_edge.models.download.ranges import ByteProgress, counting, silent
from sage_edge.models.errors import AdapterWithoutBase, ModelError, ModelIncomplete
from sage_edge.models.inspect.adapter_base import where_it_points
from sage_edge.models.inspect.report import InspectReport
from sage_edge.models.manifest import ListedFile, Manifest, inside, role_of
from sage_edge.models.prepare import own_files, smoke
from sage_edge.models.prepare.smoke import SmokeResult
from sage_edge.models.prepare.sources import look
from sage_edge.models.prepare.stages import is_part
from sage_edge.models.store import disk_space
from sage_edge.models.store.blobs import PieceListener
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef

_WEIGHTS = {"gguf": ".gguf", "safetensors": ".safetensors"}


Ask = Callable[[Path, str], SmokeResult]
"""Lets a GGUF speak, as `smoke.ask` does."""


def card_of(name: str, cards: Mapping[ModelRef, ModelCard]) -> ModelCard:
    """Return the card under which a folder is imported: a declared model's, or that of its adapter alone.

    Raises ModelNotFound.
    """
    whole, _, last = name.rpartition(".")
    if last == "adapter" and whole in cards and cards[ModelRef(whole)].adapter is not None:
        return cards[ModelRef(whole)].model_copy(update={"ref": ModelRef(name), "container": "safetensors"})
    return cards[find(name, cards)]


def import_folder(
    folder: Path, card: ModelCard, store: Store, now: datetime, ask: Ask | None = None, progress: ByteProgress = silent
) -> Manifest:
    """Copy a folder's model into the store, name it, and return its listing; it is not locked yet.

    ask: lets a GGUF speak first; None where llama.cpp is not installed. progress: is told bytes copied, and all bytes.
    Raises what `sources.look` finds wrong with it, AdapterWithoutBase for an adapter (it is merged, unless it is
    imported as one), ModelIncomplete without weights of the card's container, ModelError for symlinks, Mute,
    StorageError before the first byte, Locked.
    """
    with store.preparing(card.ref):
        chosen = files_of(folder, card)
        report = _admit(folder, chosen, card)
        left = own_files.strays((path.relative_to(folder).as_posix() for path in chosen), folder, report)
        chosen = tuple(path for path in chosen if path.relative_to(folder).as_posix() not in left)
        total = sum(path.stat().st_size for path in chosen)
        disk_space.require(store, total, f"importing {card.ref}")
        on_bytes = counting(progress, total)
        manifest = _listing(
            card, [_take(path, folder, store, on_bytes) for path in chosen], folder, now, report.template
        )
        if ask is not None and manifest.container == "gguf":
            smoke.judge(ask(store.loaded_from(manifest), card.ref), card.ref, card.chat_template, own=False)
        store.put(manifest)
        if manifest.container != "gguf":
            store.tree(manifest)
    return manifest


def files_of(folder: Path, card: ModelCard) -> tuple[Path, ...]:
    """Return the files of a folder that belong to the card's model, sorted; reads no weights. Raises ModelError."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder", hint=sage("model import", "DIR", ref=card.ref))
    paths = [path for path in files.listed(folder, "**/*") if path.is_symlink() or not path.is_dir()]
    chosen = tuple(path for path in paths if card.wants(path.relative_to(folder).as_posix()))
    for path in chosen:
        if path.is_symlink():
            raise ModelError(
                f"{path} is a symlink; what it points to is not part of the folder",
                hint=(f"cp -rL {quoted(str(folder))} COPY, then: ", sage("model import", "COPY", ref=card.ref)),
            )
        _require_inside(path.relative_to(folder).as_posix())
    return chosen


def _admit(folder: Path, chosen: tuple[Path, ...], card: ModelCard) -> InspectReport:
    """Return what a whole model of the right kind is. Raises ModelError."""
    if is_part(card.ref):
        return look(folder, card, sage("model inspect", str(folder)), is_adapter=True)
    weights = [path for path in chosen if role_of(path.name) == "weights"]
    adapters = [path for path in folder.glob("adapter_config.json") if not weights]
    if adapters:
        raise AdapterWithoutBase(card.base or "(its card names none)", where_it_points(adapters[0]))
    fitting = [path for path in weights if path.suffix == _WEIGHTS[card.container]]
    lacking = ModelIncomplete(card.ref, [f"its {card.container} weights"], hint=sage("model inspect", str(folder)))
    if weights and not fitting:
        raise lacking
    path = fitting[0] if card.container == "gguf" and len(fitting) == 1 else folder
    report = look(path, card, sage("model inspect", str(path)), is_adapter=False, is_finished=True)
    if not fitting:
        raise lacking
    return report


def _take(path: Path, folder: Path, store: Store, on_bytes: PieceListener) -> ListedFile:
    name, size = path.relative_to(folder).as_posix(), path.stat().st_size
    digest = store.add(path, on_bytes=on_bytes)
    if store.blob(digest).stat().st_size != size:
        raise ModelError(f"{path} changed while it was read", hint="wait until it is finished, then import it again")
    return ListedFile(path=name, size_bytes=size, digest=digest, role=role_of(name))


def _listing(
    card: ModelCard, listed: list[ListedFile], folder: Path, now: datetime, template: Digest | None
) -> Manifest:
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
        raise ModelError(f"{folder} is not {card.ref}: {wrong}", hint=sage("model show", card.ref)) from None


def _require_inside(name: str) -> None:
    try:
        inside(name)
    except ValueError as wrong:
        raise ModelError(str(wrong), hint="rename the file, then import it again") from None
