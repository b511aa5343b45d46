"""Which files belong to the model or the adapter that was found among others: the rest is neither listed nor linked.

A folder may hold a second set of weights under another name, checkpoints of its training, adapters of others. What is
merged, converted and compared is a folder of links that holds the found one's files alone, so no tool can find more.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sage_edge.models.inspect import adapter
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import InspectReport
from sage_edge.models.inspect.safetensors_weights import INDEX
from sage_edge.models.manifest import ListedFile, Manifest, role_of
from sage_edge.models.store.store import Store

_BESIDE_WEIGHTS = ("config", "tokenizer", "template")


def strays(names: Iterable[str], folder: Path, report: InspectReport) -> tuple[str, ...]:
    """Return the weights and adapters among files of a folder that are not those of what was found there.

    names: relative to `folder`. report: of the folder, or of one file below it.
    """
    at = report.path.parent if report.path.is_file() else report.path
    own = {(at / name).relative_to(folder).as_posix() for name in (*report.weights, adapter.CONFIG)}
    return tuple(name for name in names if role_of(name) in ("weights", "adapter") and name not in own)


def view(manifest: Manifest, store: Store, folder: Path) -> Path:
    """Put links to a safetensors model's or an adapter's own files into the new folder `folder`, and return it.

    Its listing may hold more, like one that another board made. Raises ModelError for what is neither.
    """
    report = classify(store.tree(manifest), within=store.root)
    if not report.is_adapter and (refusal := report.refusal(manifest.ref)) is not None:
        raise refusal
    files = tuple(file for file in manifest.files if _is_own(file, report))
    return store.checkout(manifest.model_copy(update={"files": files}), folder)


def _is_own(file: ListedFile, report: InspectReport) -> bool:
    if file.path in report.weights or (report.is_adapter and file.path == adapter.CONFIG):
        return True
    is_other_index = file.path.endswith(".index.json") and file.path != INDEX
    return "/" not in file.path and file.role in _BESIDE_WEIGHTS and not is_other_index
