"""What stages take out of the store, and how they put what they made into it under its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sage_edge import __version__
from sage_edge.hints import sage
from sage_edge.models.card import ModelCard, listing
from sage_edge.models.errors import ModelError
from sage_edge.models.manifest import ListedFile, Manifest, ModelContainer, role_of
from sage_edge.models.prepare import own_files
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stage import RECIPE, ModelStage, StepStage
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef


def needed(ref: ModelRef, context: PrepareContext) -> Manifest:
    """Return the listing of an input. Raises ModelError when it has gone."""
    manifest = context.store.manifest(ref)
    if manifest is None:
        raise ModelError(f"{ref} has gone from the store while it was used", hint=sage("model prepare", "REF"))
    return manifest


def weights_of(manifest: Manifest, context: PrepareContext, folder: Path) -> Path:
    """Return what loads a model: its GGUF file, the first of its splits, or the new folder `folder` with the files of
    one in safetensors alone."""
    if manifest.container == "gguf":
        return context.store.loaded_from(manifest)
    return own_files.view(manifest, context.store, folder)


def looked_at(manifest: Manifest, context: PrepareContext) -> Path:
    """Return what shows a whole model: its one GGUF file, else the folder with all of its files."""
    is_alone = manifest.container == "gguf" and len(manifest.of_role("weights")) == 1
    return gguf_of(manifest, context) if is_alone else context.store.tree(manifest)


def gguf_of(manifest: Manifest, context: PrepareContext) -> Path:
    """Return the one file of weights. Raises ModelError when there are more."""
    weights, ref = manifest.of_role("weights"), manifest.ref
    if len(weights) != 1:
        raise ModelError(f"{ref} is in {len(weights)} pieces, one is expected", hint=sage("model show", ref))
    return context.store.blob(weights[0].digest)


def put(
    stage: ModelStage,
    context: PrepareContext,
    listed: Sequence[ListedFile],
    *,
    container: ModelContainer | None = None,
    card: ModelCard | None = None,
    source: str | None = None,
    tools: Mapping[str, str] | None = None,
    template: Digest | None = None,
) -> Manifest:
    """Name what a stage made, and return its listing: it says all that its inputs say of how they were made.

    container, card: where they differ from the stage's. tools: who made it, and what was measured. template: the
    digest of the chat template that was found.
    """
    inputs = [needed(ref, context) for ref in stage.needs]
    made_by = {key: value for manifest in inputs for key, value in manifest.made_by.items()}
    made_by |= {**(tools or {}), RECIPE: stage.recipe}
    if isinstance(stage, StepStage):  # what was only brought here is the same, whoever brings it
        made_by["sage-edge"] = __version__
    parents = dict.fromkeys(digest for manifest in inputs for digest in (*manifest.parents, manifest.digest()))
    manifest = listing(
        card or as_part(stage, container or stage.card.container),
        listed,
        parents=parents,
        made_by=made_by,
        source=source or _made_of(stage.card),
        created=context.clock.now(),
        chat_template=template,
    )
    context.store.put(manifest)
    return manifest


def put_again(
    stage: ModelStage, context: PrepareContext, measured: Mapping[str, str], template: Digest | None = None
) -> Manifest:
    """Name a stage's last input again, with what was measured on it, and return its listing."""
    last = needed(stage.needs[-1], context)
    return put(stage, context, last.files, container=last.container, tools=measured, template=template)


def _made_of(card: ModelCard) -> str:
    """`made here: merge, convert, quantise of tiny/base:f32 with directory: adapters/v1`; without steps the origin."""
    origin = card.base if card.base is not None else card.source
    if not card.steps:
        return str(origin)
    steps = ", ".join(step.name for step in card.steps)
    return f"made here: {steps} of {origin}{f' with {card.adapter}' if card.adapter else ''}"


def as_part(stage: ModelStage, container: ModelContainer) -> ModelCard:
    """Return the card as it speaks of what this stage makes."""
    return stage.card.model_copy(update={"ref": stage.makes, "container": container})


def keep_all(store: Store, folder: Path) -> list[ListedFile]:
    """Move all files of a folder into the store, and return them listed."""
    return [
        keep(store, path, path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file()
    ]


def keep(store: Store, path: Path, name: str) -> ListedFile:
    """Move one file into the store, and return it listed under that name."""
    size = path.stat().st_size
    return ListedFile(path=name, size_bytes=size, digest=store.keep(path), role=role_of(name))


def file_name(ref: ModelRef, kind: str) -> str:
    """Return the name of a GGUF file of a model: `qwen2.5-0.5b-instruct-q8_0.gguf`."""
    return f"{ref.partition(':')[0].replace('/', '-')}-{kind}.gguf"
