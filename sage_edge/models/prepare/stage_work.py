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
from sage_edge.hints import sage
from sage_edge.models.card import HostSource, ModelCard, listing, stem
from sage_edge.models.errors import AdapterWithoutBase, DigestMismatch, ModelError
from sage_edge.models.inspect.adapter_base import where_it_points
from sage_edge.models.manifest import ListedFile, Manifest, ModelContainer, role_of
from sage_edge.models.prepare import gguf_tools, merge, parity, smoke, sources
from sage_edge.models.prepare.plan import MEASURED, RECIPE
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stages import Kind, Stage
from sage_edge.models.store.store import WORK, Store
from sage_edge.names import Digest, ModelRef


def do(stage: Stage, context: PrepareContext, workplace: Path) -> Manifest:
    """Carry out one stage and return the listing of what it made. Raises what its kind of work raises.

    workplace: a folder for what is not finished, best on the file system of the store.
    """
    if stage.kind in _PROVING:
        return _PROVING[stage.kind](stage, context)
    with tempfile.TemporaryDirectory(dir=workplace, ignore_cleanup_errors=True) as folder:
        return _MAKING[stage.kind](stage, context, Path(folder))


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


def _bring(stage: Stage, context: PrepareContext, folder: Path) -> Manifest:
    source, is_adapter = stage.source, stage.is_adapter
    if source is None:
        raise RuntimeError(f"{stage.makes} is brought from nowhere")
    card = _as_part(stage, "safetensors" if is_adapter else sources.container(stage.card))
    brought = sources.bring(card, source, context, is_adapter=is_adapter, scratch=folder)
    return _put(stage, context, brought.files, card=card, source=str(source), template=brought.template)


def _copy(stage: Stage, context: PrepareContext, folder: Path) -> Manifest:
    """Take over what another board's store holds under this name, listing and all: the lock speaks of that listing."""
    if not isinstance(stage.source, HostSource):
        raise TypeError(f"{stage.makes} is copied from {stage.source}")
    card, manifest = stage.card, context.copy(stage.source, stage.makes)
    sources.look(context.store.checkout(manifest, folder), card, is_adapter=stage.is_adapter)
    if stage.makes == card.ref and manifest.container == "gguf":
        smoke.judge(smoke.ask(_gguf(context, manifest), card.ref), card.ref, card.chat_template, own=False)
    context.store.put(manifest)
    return manifest


# --- making ---


def _merge(stage: Stage, context: PrepareContext, folder: Path) -> Manifest:
    base, adapter = stage.needs
    lora = context.store.tree(_needed(context, adapter))
    found = context.store.manifest(base)
    if found is None or context.store.missing(found):
        raise AdapterWithoutBase(base, where_it_points(lora / "adapter_config.json"), hint=sage("model prepare", base))
    _demand_base(stage.card, found)
    done = merge.merge(context.store.tree(found), lora, folder / "merged")
    return _put(stage, context, _keep_all(context.store, folder / "merged"), container="safetensors", tools=done.tools)


def _demand_base(card: ModelCard, base: Manifest) -> None:
    actual = base.weights_digest()
    if card.base_weights is None:
        raise ModelError(
            f"{card.ref} does not say which weights of {base.ref} its adapter belongs to",
            hint=(
                f"if it is these, write `base_weights: {actual}` into fleet/models/{stem(card.ref)}.yaml, then: ",
                sage("model prepare", card.ref),
            ),
        )
    if actual != card.base_weights:
        raise DigestMismatch(
            f"the base {base.ref}", card.base_weights, actual, said_by=f"the card of {card.ref}",
            hint=("an adapter is merged into its own base and no other: ", sage("model show", base.ref)),
        )  # fmt: skip


def _convert(stage: Stage, context: PrepareContext, folder: Path) -> Manifest:
    source = context.store.tree(_needed(context, stage.needs[0]))
    ref = stage.card.ref
    out = gguf_tools.convert(
        source, folder / _file_name(ref, stage.precision), name=ref, cache=context.tools, precision=stage.precision,
        pre_tokenizer=gguf_tools.pre_tokenizer(source), keys={smoke.MODEL_KEY: ref},
    )  # fmt: skip
    return _put(stage, context, [_keep(context.store, out, out.name)], container="gguf", tools=_llama())


def _quantise(stage: Stage, context: PrepareContext, folder: Path) -> Manifest:
    kind = gguf_tools.kind(stage.card.quantisation or "")
    out = gguf_tools.quantise(_weights(context, stage.needs[0]), folder / _file_name(stage.card.ref, kind), kind)
    return _put(stage, context, [_keep(context.store, out, out.name)], container="gguf", tools=_llama())


# --- proving ---


def _parity(stage: Stage, context: PrepareContext) -> Manifest:
    original, *made = stage.needs
    manifest = _needed(context, original)
    reference = _weights(context, original) if manifest.container == "gguf" else context.store.tree(manifest)
    found = parity.compare(reference, [_weights(context, ref) for ref in made], threads=context.threads)
    measured = {}
    for ref, result in zip(made, found, strict=True):
        what = ref.rpartition(".")[2]
        context.tell(f"  {what}: {result}")
        parity.judge(result, f"{stage.card.ref} ({what})", exact=what == "converted")
        measured[f"{MEASURED}{what}"] = str(result)
    return _again(stage, context, measured)


def _smoke(stage: Stage, context: PrepareContext) -> Manifest:
    card, before = stage.card, _needed(context, stage.needs[0])
    model = _weights(context, before.ref) if before.container == "gguf" else context.store.tree(before)
    found = smoke.ask(model, card.ref)
    smoke.judge(found, card.ref, card.chat_template, own="convert" in card.steps)
    told = {f"{MEASURED}smoke": f"{found.answer_tokens} tokens answered to {found.prompt_tokens}"}
    return _again(stage, context, told, template=found.template)


def _again(
    stage: Stage, context: PrepareContext, measured: Mapping[str, str], template: Digest | None = None
) -> Manifest:
    """Name the last product again, with what was measured on it."""
    before = _needed(context, stage.needs[-1])
    return _put(stage, context, before.files, container=before.container, tools=measured, template=template)


# --- names and bytes ---


def _needed(context: PrepareContext, ref: ModelRef) -> Manifest:
    manifest = context.store.manifest(ref)
    if manifest is None:
        raise ModelError(f"{ref} has gone from the store while it was used", hint=sage("model prepare", "REF"))
    return manifest


def _weights(context: PrepareContext, ref: ModelRef) -> Path:
    return _gguf(context, _needed(context, ref))


def _gguf(context: PrepareContext, manifest: Manifest) -> Path:
    """The one file of weights."""
    found, ref = manifest.of_role("weights"), manifest.ref
    if len(found) != 1:
        raise ModelError(f"{ref} is in {len(found)} pieces, one is expected", hint=sage("model show", ref))
    return context.store.blob(found[0].digest)


def _put(
    stage: Stage,
    context: PrepareContext,
    listed: Sequence[ListedFile],
    *,
    container: ModelContainer | None = None,
    card: ModelCard | None = None,
    source: str | None = None,
    tools: Mapping[str, str] | None = None,  # who made it, and what was measured
    template: Digest | None = None,
) -> Manifest:
    """Name a product: its listing holds all that its inputs say of how they were made, and its parents in order."""
    inputs = [_needed(context, ref) for ref in stage.needs]
    made_by = {key: value for one in inputs for key, value in one.made_by.items()}
    made_by |= {**(tools or {}), "sage-edge": __version__, RECIPE: stage.recipe}
    parents = dict.fromkeys(digest for one in inputs for digest in (*one.parents, one.digest()))
    manifest = listing(
        card or _as_part(stage, container or stage.card.container), listed, parents=parents, made_by=made_by,
        source=source or _made_of(stage.card), created=context.clock.now(),
        chat_template=template,
    )  # fmt: skip
    context.store.put(manifest)
    return manifest


def _made_of(card: ModelCard) -> str:
    """`made here: merge, convert, quantise of tiny/base:f32 with directory: adapters/v1`."""
    origin = card.base if card.base is not None else card.source
    return (
        f"made here: {', '.join(card.steps) or 'nothing'} of {origin}{f' with {card.adapter}' if card.adapter else ''}"
    )


def _as_part(stage: Stage, container: ModelContainer) -> ModelCard:
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


_MAKING: Mapping[Kind, Callable[[Stage, PrepareContext, Path], Manifest]] = {
    "fetch": _bring, "import": _bring, "copy": _copy, "merge": _merge, "convert": _convert, "quantise": _quantise,
}  # fmt: skip
_PROVING: Mapping[Kind, Callable[[Stage, PrepareContext], Manifest]] = {"parity": _parity, "smoke": _smoke}
