"""Brings a model's or an adapter's files into the store from where its card says, and inspects them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.hints import Hint, sage
from sage_edge.models.card import ModelCard, stem
from sage_edge.models.card_sources import DirectorySource, HubSource, ModelSource, PackageSource
from sage_edge.models.download import fetch, package
from sage_edge.models.errors import DigestMismatch, ModelError, ModelIncomplete, NotAsDeclared, NotLocked
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import InspectReport, ModelKind, plain
from sage_edge.models.manifest import ListedFile, inside, role_of
from sage_edge.models.prepare import card_facts, own_files
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store import blobs
from sage_edge.names import Digest, ModelRef


@dataclass(frozen=True)
class SourceFiles:
    """Files that are in the store, without a name yet, and the digest of the chat template among them."""

    files: tuple[ListedFile, ...]
    template: Digest | None


def bring(
    card: ModelCard, source: ModelSource, context: PrepareContext, *, is_adapter: bool, scratch: Path
) -> SourceFiles:
    """Bring the files of a source into the store, and return them listed.

    Raises Unreachable, HubRefused, NotLocked for a revision that nobody has pinned, PipMissing, and what is wrong with
    the files: ModelIncomplete, ModelError, AdapterWithoutBase, DigestMismatch, WheelRefused, StorageError.
    """
    if isinstance(source, HubSource):
        return _from_hub(card, source, context, is_adapter=is_adapter, scratch=scratch)
    if isinstance(source, DirectorySource):
        return _from_folder(card, source, context, is_adapter=is_adapter)
    if isinstance(source, PackageSource):
        return _from_package(card, source, context, scratch)
    raise ModelError(f"{card.ref} has nothing to be brought ({source})", hint=sage("model show", card.ref))


def _from_folder(card: ModelCard, source: DirectorySource, context: PrepareContext, *, is_adapter: bool) -> SourceFiles:
    folder = context.home / source.directory
    if not folder.is_dir():
        raise ModelIncomplete(
            card.ref,
            [f"its folder {source.directory}"],
            hint=("put its files there, then: ", sage("model prepare", _whole(card))),
        )
    paths = [path for path in files.listed(folder, "**/*") if not path.is_dir()]
    chosen = [path for path in paths if card.wants(path.relative_to(folder).as_posix())]
    ggufs = [path for path in chosen if path.suffix == ".gguf"]
    alone = card.container == "gguf" and len(ggufs) == 1  # others may lie beside it
    looked_at = ggufs[0] if alone else folder
    report = look(looked_at, card, sage("model inspect", str(looked_at)), is_adapter=is_adapter)
    names = [path.relative_to(folder).as_posix() for path in chosen]
    own = _without_strays(names, folder, report, context)
    return SourceFiles(tuple(_listed(context, context.store.add(folder / name), name) for name in own), report.template)


def _without_strays(
    names: Iterable[str], folder: Path, report: InspectReport, context: PrepareContext
) -> tuple[str, ...]:
    """Return the files that are kept; weights besides those that make the model are told, and not listed."""
    named = tuple(names)
    left = own_files.strays(named, folder, report)
    if left:
        context.log(f"  left out, because it is none of the model's own weights: {plain(', '.join(left))}")
    return tuple(name for name in named if name not in left)


def _from_hub(
    card: ModelCard, source: HubSource, context: PrepareContext, *, is_adapter: bool, scratch: Path
) -> SourceFiles:
    hub = context.hub.heeding(context.stop, context.on_wait)
    if source.revision is None:
        latest = hub.revision(source.repo)
        raise NotLocked(
            card.ref,
            f"{source.repo} is pinned to no commit; it is at {latest} now",
            hint=f"if that is meant, write it behind the @ in fleet/models/{stem(_whole(card))}.yaml",
        )
    wanted = hub.files(source.repo, source.revision, card.wants)
    digests = fetch.bring(
        hub.at(source.repo, source.revision),
        wanted,
        context.store,
        progress=context.progress,
        on_wait=context.on_wait,
        stop=context.stop,
        clock=context.clock,
    )
    listed = tuple(_listed(context, digest, path) for path, digest in digests.items())
    for file in listed:
        blobs.link(context.store.blob(file.digest), scratch / file.path)
    files.make_folder(scratch)
    where = f"fleet/models/{stem(_whole(card))}.yaml"
    others = f"name another revision, or in `files` only those that are meant, in {where}, then: "
    report = look(scratch, card, (others, sage("model prepare", _whole(card))), is_adapter=is_adapter)
    listed = tuple(file for file in listed if not files.is_apple_double(scratch / file.path))
    own = _without_strays((file.path for file in listed), scratch, report, context)
    return SourceFiles(tuple(file for file in listed if file.path in own), report.template)


def _from_package(card: ModelCard, source: PackageSource, context: PrepareContext, scratch: Path) -> SourceFiles:
    store = context.store
    package.bring(
        source,
        store,
        scratch,
        licences=context.fleet / "models" / "licences",
        progress=context.progress,
        log=context.log,
        stop=context.stop,
    )
    listed = tuple(_listed(context, file.digest, file.name) for file in source.files)
    at = scratch / source.file.name
    blobs.link(store.blob(source.file.digest), at)
    return SourceFiles(listed, look(at, card, is_adapter=False).template)


def look(
    path: Path, card: ModelCard, hint: Hint = "", *, is_adapter: bool, is_finished: bool | None = None
) -> InspectReport:
    """Return what a folder or a file is, after refusing what is not what the card speaks of.

    hint: what to do then, by default to look at the card. is_finished: it is the model itself, and not what the card's
    steps begin with; by default where a card has no steps.
    Raises ModelIncomplete, ModelError, AdapterWithoutBase, DigestMismatch, NotAsDeclared.
    """
    report, then = classify(path, family=card.architecture), hint or sage("model show", _whole(card))
    if is_adapter and not report.is_adapter:
        if report.missing and not report.faults:
            raise ModelIncomplete(card.ref, report.missing, hint=then)
        reasons = "; ".join((*report.faults, *(f"{lack} is missing" for lack in report.missing)))
        is_other = report.base is None and report.kind is not ModelKind.UNSUPPORTED
        what = "no adapter but " if is_other else ""
        raise ModelError(f"{card.ref} is {what}{report.kind.value}{': ' if reasons else ''}{reasons}", hint=then)
    refusal = None if is_adapter else report.refusal(card.ref, then)
    if refusal is not None:
        raise refusal
    if report.template is not None and card.chat_template not in (None, report.template):
        raise DigestMismatch(
            f"the chat template of {card.ref}",
            str(card.chat_template),
            report.template,
            hint=f"look at the template, then mend chat_template in fleet/models/{stem(_whole(card))}.yaml",
        )
    if not is_adapter:
        is_whole = not card.steps if is_finished is None else is_finished
        if wrong := card_facts.differences(report, card, is_finished=is_whole):
            raise NotAsDeclared(_whole(card), wrong, f"fleet/models/{stem(_whole(card))}.yaml")
    return report


def _listed(context: PrepareContext, digest: Digest, name: str) -> ListedFile:
    try:
        size = context.store.blob(digest).stat().st_size
        return ListedFile(path=inside(name), size_bytes=size, digest=digest, role=role_of(name))
    except ValueError as wrong:
        raise ModelError(str(wrong), hint="rename the file and prepare again") from None


def _whole(card: ModelCard) -> ModelRef:
    """The name that a person asked for, of which this card may be a part."""
    return ModelRef(card.ref.removesuffix(".adapter").removesuffix(".fetched"))
