"""The doing of one stage: its inputs out of the store, the work, and its product into the store under its name.

Work happens in `partial/prepare-…/`, on the file system of the blobs, so that keeping is renaming. A folder that a
killed process left there is removed by the next one that prepares the same name.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sage_edge import __version__, files
from sage_edge.errors import AdapterWithoutBase, DigestMismatch, ModelError
from sage_edge.models.card import Card, HostSource, listing, stem
from sage_edge.models.inspect.adapter_base import where_it_points
from sage_edge.models.manifest import Container, ListedFile, Manifest, role_of
from sage_edge.models.prepare import gguf_tools, merge, parity, smoke, sources
from sage_edge.models.prepare.plan import MEASURED, RECIPE
from sage_edge.models.prepare.prepare_context import Workshop
from sage_edge.models.prepare.stages import Kind, Stage
from sage_edge.models.store.store import WORK, Store
from sage_edge.names import Digest, ModelRef


def do(stage: Stage, shop: Workshop, workplace: Path) -> Manifest:
    """Carry out one stage and return the listing of what it made. Raises what its kind of work raises.

    workplace: a folder for what is not finished, best on the file system of the store.
    """
    if stage.kind in _PROVING:
        return _PROVING[stage.kind](stage, shop)
    with tempfile.TemporaryDirectory(dir=workplace, ignore_cleanup_errors=True) as folder:
        return _MAKING[stage.kind](stage, shop, Path(folder))


@contextlib.contextmanager
def workplace(ref: ModelRef, store: Store) -> Iterator[Path]:
    """Make a folder for preparing a name, and remove what killed ones left. Only for who holds the name's lock."""
    mark = f"{WORK}{hashlib.sha256(ref.encode()).hexdigest()[:16]}-"
    files.make_folder(store.partial)
    for left in store.partial.glob(f"{mark}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=mark, dir=store.partial, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


# --- bringing ---


def _bring(stage: Stage, shop: Workshop, folder: Path) -> Manifest:
    source, is_adapter = stage.source, stage.is_adapter
    if source is None:
        raise RuntimeError(f"{stage.makes} is brought from nowhere")
    card = _as_part(stage, "safetensors" if is_adapter else sources.container(stage.card))
    brought = sources.bring(card, source, shop, is_adapter=is_adapter, scratch=folder)
    return _put(stage, shop, brought.files, card=card, source=str(source), template=brought.template)


def _copy(stage: Stage, shop: Workshop, folder: Path) -> Manifest:
    """Take over what another board's store holds under this name, listing and all: the lock speaks of that listing."""
    if not isinstance(stage.source, HostSource):
        raise TypeError(f"{stage.makes} is copied from {stage.source}")
    card, manifest = stage.card, shop.copy(stage.source, stage.makes)
    sources.look(shop.store.checkout(manifest, folder), card, is_adapter=stage.is_adapter)
    if stage.makes == card.ref and manifest.container == "gguf":
        smoke.judge(smoke.ask(_gguf(shop, manifest), card.ref), card.ref, card.chat_template, own=False)
    shop.store.put(manifest)
    return manifest


# --- making ---


def _merge(stage: Stage, shop: Workshop, folder: Path) -> Manifest:
    base, adapter = stage.needs
    lora = shop.store.tree(_needed(shop, adapter))
    found = shop.store.manifest(base)
    if found is None or shop.store.missing(found):
        raise AdapterWithoutBase(
            base, where_it_points(lora / "adapter_config.json"), hint=f"sage-edge model prepare {base}"
        )
    _demand_base(stage.card, found)
    done = merge.merge(shop.store.tree(found), lora, folder / "merged")
    return _put(stage, shop, _keep_all(shop.store, folder / "merged"), container="safetensors", tools=done.tools)


def _demand_base(card: Card, base: Manifest) -> None:
    actual = base.weights_digest()
    again = f"fleet/models/{stem(card.ref)}.yaml, then: sage-edge model prepare {card.ref}"
    if card.base_weights is None:
        raise ModelError(
            f"{card.ref} does not say which weights of {base.ref} its adapter belongs to",
            hint=f"if it is these, write `base_weights: {actual}` into {again}",
        )
    if actual != card.base_weights:
        raise DigestMismatch(
            f"the base {base.ref}", card.base_weights, actual, said_by=f"the card of {card.ref}",
            hint=f"an adapter is merged into its own base and no other: sage-edge model show {base.ref}",
        )  # fmt: skip


def _convert(stage: Stage, shop: Workshop, folder: Path) -> Manifest:
    source = shop.store.tree(_needed(shop, stage.needs[0]))
    ref = stage.card.ref
    out = gguf_tools.convert(
        source, folder / _file_name(ref, stage.precision), name=ref, cache=shop.tools, precision=stage.precision,
        pre_tokenizer=gguf_tools.pre_tokenizer(source), keys={smoke.MODEL_KEY: ref},
    )  # fmt: skip
    return _put(stage, shop, [_keep(shop.store, out, out.name)], container="gguf", tools=_llama())


def _quantise(stage: Stage, shop: Workshop, folder: Path) -> Manifest:
    kind = gguf_tools.kind(stage.card.quantisation or "")
    out = gguf_tools.quantise(_weights(shop, stage.needs[0]), folder / _file_name(stage.card.ref, kind), kind)
    return _put(stage, shop, [_keep(shop.store, out, out.name)], container="gguf", tools=_llama())


# --- proving ---


def _parity(stage: Stage, shop: Workshop) -> Manifest:
    original, *made = stage.needs
    manifest = _needed(shop, original)
    reference = _weights(shop, original) if manifest.container == "gguf" else shop.store.tree(manifest)
    found = parity.compare(reference, [_weights(shop, ref) for ref in made], threads=shop.threads)
    measured = {}
    for ref, result in zip(made, found, strict=True):
        what = ref.rpartition(".")[2]
        shop.tell(f"  {what}: {result}")
        parity.judge(result, f"{stage.card.ref} ({what})", exact=what == "converted")
        measured[f"{MEASURED}{what}"] = str(result)
    return _again(stage, shop, measured)


def _smoke(stage: Stage, shop: Workshop) -> Manifest:
    card, before = stage.card, _needed(shop, stage.needs[0])
    model = _weights(shop, before.ref) if before.container == "gguf" else shop.store.tree(before)
    found = smoke.ask(model, card.ref)
    smoke.judge(found, card.ref, card.chat_template, own="convert" in card.steps)
    told = {f"{MEASURED}smoke": f"{found.answer_tokens} tokens answered to {found.prompt_tokens}"}
    return _again(stage, shop, told, template=found.template)


def _again(stage: Stage, shop: Workshop, measured: Mapping[str, str], template: Digest | None = None) -> Manifest:
    """Name the last product again, with what was measured on it."""
    before = _needed(shop, stage.needs[-1])
    return _put(stage, shop, before.files, container=before.container, tools=measured, template=template)


# --- names and bytes ---


def _needed(shop: Workshop, ref: ModelRef) -> Manifest:
    manifest = shop.store.manifest(ref)
    if manifest is None:
        raise ModelError(f"{ref} has gone from the store while it was used", hint="sage-edge model prepare REF")
    return manifest


def _weights(shop: Workshop, ref: ModelRef) -> Path:
    return _gguf(shop, _needed(shop, ref))


def _gguf(shop: Workshop, manifest: Manifest) -> Path:
    """The one file of weights."""
    found, ref = manifest.of_role("weights"), manifest.ref
    if len(found) != 1:
        raise ModelError(f"{ref} is in {len(found)} pieces, one is expected", hint=f"sage-edge model show {ref}")
    return shop.store.blob(found[0].digest)


def _put(
    stage: Stage,
    shop: Workshop,
    listed: Sequence[ListedFile],
    *,
    container: Container | None = None,
    card: Card | None = None,
    source: str | None = None,
    tools: Mapping[str, str] | None = None,  # who made it, and what was measured
    template: Digest | None = None,
) -> Manifest:
    """Name a product: its listing holds all that its inputs say of how they were made, and its parents in order."""
    inputs = [_needed(shop, ref) for ref in stage.needs]
    made_by = {key: value for one in inputs for key, value in one.made_by.items()}
    made_by |= {**(tools or {}), "sage-edge": __version__, RECIPE: stage.recipe}
    parents = dict.fromkeys(digest for one in inputs for digest in (*one.parents, one.digest()))
    manifest = listing(
        card or _as_part(stage, container or stage.card.container), listed, parents=parents, made_by=made_by,
        source=source or _made_of(stage.card), created=shop.clock.now(),
        chat_template=template,
    )  # fmt: skip
    shop.store.put(manifest)
    return manifest


def _made_of(card: Card) -> str:
    """`made here: merge, convert, quantise of tiny/base:f32 with directory: adapters/v1`."""
    origin = card.base if card.base is not None else card.source
    return (
        f"made here: {', '.join(card.steps) or 'nothing'} of {origin}{f' with {card.adapter}' if card.adapter else ''}"
    )


def _as_part(stage: Stage, container: Container) -> Card:
    """The card as it speaks of what this stage makes."""
    return stage.card.model_copy(update={"ref": stage.makes, "container": container})


def _keep_all(store: Store, folder: Path) -> list[ListedFile]:
    return [
        _keep(store, path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file()
    ]


def _keep(store: Store, path: Path, name: str) -> ListedFile:
    size = path.stat().st_size
    return ListedFile(path=name, size_bytes=size, digest=store.keep(path), role=role_of(name))


def _file_name(ref: ModelRef, kind: str) -> str:
    return f"{ref.partition(':')[0].replace('/', '-')}-{kind}.gguf"


def _llama() -> Mapping[str, str]:
    return {"llama-cpp-python": gguf_tools.release(), "converter": f"sdist {gguf_tools.sdist_digest()}"}


_MAKING: Mapping[Kind, Callable[[Stage, Workshop, Path], Manifest]] = {
    "fetch": _bring, "import": _bring, "copy": _copy, "merge": _merge, "convert": _convert, "quantise": _quantise,
}  # fmt: skip
_PROVING: Mapping[Kind, Callable[[Stage, Workshop], Manifest]] = {"parity": _parity, "smoke": _smoke}
