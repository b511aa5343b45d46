"""Classifies a folder or file as an InspectReport by names, sizes and bounded headers, loading nothing.

In this order: what must not be followed or run · pointers in the place of weights · an adapter · GGUF · safetensors ·
pickles · nothing but configs and tokenizers. What could be two things is neither, and is called unknown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from sage_edge import files
from sage_edge.hints import sage
from sage_edge.models.errors import HeaderBroken, ModelError, Truncated
from sage_edge.models.inspect import (
    adapter,
    adapter_layouts,
    adapter_settings,
    adapter_tensors,
    architectures,
    foreign_content,
    gguf_header,
    gguf_purposes,
    gguf_weights,
    nearby,
    read_safetensors,
    remote_code,
    safetensors_weights,
    source_templates,
    source_voice,
    unfinished,
    voice_rules,
)
from sage_edge.models.inspect.dimensions import family_of
from sage_edge.models.inspect.folder import PICKLES, FolderListing, look, pointer
from sage_edge.models.inspect.foreign_content import ForeignContent
from sage_edge.models.inspect.json_limits import UntrustedJson
from sage_edge.models.inspect.json_limits import read as read_json
from sage_edge.models.inspect.report import THIS, InspectReport, ModelKind, plain, taken_instead
from sage_edge.models.inspect.voice import Voice

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "merges.txt")
_ASKED = ("config.json", "tokenizer_config.json", "generation_config.json", adapter.CONFIG)
_UNREAD = (
    *("tokenizer.model", "vocab.json", "merges.txt", source_templates.FILE),
    *("special_tokens_map.json", "added_tokens.json"),
)
_PARTS = (".safetensors", ".gguf", ".json", ".jinja", ".txt", ".model")
"""How names end that may belong to a model in safetensors."""
_OTHER_NAME = ("it belongs to another model: ", sage("model list"))
_COPY = ("put what it leads to into the folder itself, then: ", sage("model inspect", THIS))
_ONE_TEMPLATE = ("keep one chat template, then: ", sage("model inspect", THIS))
_OTHER_ROWS = (
    "take a release whose embedding has rows for its added words (resize_token_embeddings), or without them; then: ",
    sage("model inspect", "PATH"),
)
_LONGEST_TEMPLATE = 1 << 18
_PLAIN_LORA = ("take an adapter that is plain LoRA, then: ", sage("model inspect", "PATH"))
_NO_CODE = ("take a release of the model that brings no code of its own, then: ", sage("model inspect", "PATH"))


def classify(path: Path, *, within: Path | None = None, family: str | None = None) -> InspectReport:
    """Return what a folder, or a single GGUF file, is.

    within: where links may lead, the folder itself when not given. family: the architecture that is expected, like
    `qwen2`; another one is refused. Raises ModelError where nothing is, or where it cannot be read; nothing else.
    """
    try:
        if path.is_dir():
            report = _folder(look(path, within))
        elif path.is_file():
            report = _file(path)
        elif path.exists():
            raise ModelError(f"{path} is neither a folder nor a file", hint=sage("model list"))
        else:
            raise ModelError(f"{path} is not on this machine", hint=sage("model list"))
    except OSError as unreadable:
        raise ModelError(
            f"{path} cannot be read: {unreadable.strerror}", hint="mend its permissions or its disk, then try again"
        ) from unreadable
    return _expected(dataclasses.replace(report, notes=(*report.notes, *_mute(report.chat_template))), family)


def _mute(source: str | None) -> tuple[str, ...]:
    """Say that nobody can speak with a model whose chat template is none."""
    if source is None or len(source) > _LONGEST_TEMPLATE:
        return ()
    from sage_edge.models.prompt import template  # Jinja2 is loaded where there is one to read

    why = template.fault(source)
    return (f"its chat template is none, so it cannot conduct a session: {plain(why)}",) if why else ()


def _expected(report: InspectReport, family: str | None) -> InspectReport:
    if family is None or report.family is None or architectures.spelt_alike(report.family, family):
        return report
    fault = f"its architecture is {report.family}, expected {family}"
    return dataclasses.replace(report, kind=ModelKind.REFUSED, faults=(fault, *report.faults), mend=_OTHER_NAME)


def _file(path: Path) -> InspectReport:
    """A single file stands for the folder that would hold it alone."""
    if files.is_apple_double(path):
        return InspectReport(path, ModelKind.UNKNOWN, faults=("it is what macOS keeps beside another file",))
    if (stands := pointer(path, path.stat().st_size)) is not None:
        return _pointers(path, {path.name: stands})
    if (begun := unfinished.of_file(path)) is not None:
        return begun
    is_pickle = path.name.lower().endswith(PICKLES) and not gguf_header.is_older(path)
    is_safetensors = path.name.lower().endswith((".safetensors", safetensors_weights.INDEX))
    if (is_pickle or is_safetensors) and (seen := foreign_content.of(path)) is not None:
        return _foreign(path, path.name, seen)
    if is_pickle:
        return InspectReport(path, ModelKind.PICKLE, faults=(_pickle(path.name),))
    if is_safetensors:
        fault = "safetensors are judged with their config.json: name the folder that holds both"
        whole = sage("model inspect", str(path.parent))
        return InspectReport(path, ModelKind.UNKNOWN, "safetensors", faults=(fault,), mend=whole)
    return gguf_weights.weigh(path, path.parent, (path.name,))


def _foreign(path: Path, name: str, seen: ForeignContent) -> InspectReport:
    kind = ModelKind.UNSUPPORTED if seen.instead else ModelKind.DAMAGED
    return InspectReport(path, kind, faults=(f"{name[:80]} {seen.what}",), mend=taken_instead(seen.instead))


def _folder(listing: FolderListing) -> InspectReport:
    path = listing.folder
    if listing.leaving:
        links = tuple(f"the link {name} leads out of the folder" for name in listing.leaving[:5])
        return InspectReport(path, ModelKind.REFUSED, faults=links, mend=_COPY)
    documents, unread = _documents(listing)
    if unread and not _is_gguf(listing):
        return InspectReport(path, ModelKind.DAMAGED, faults=unread)
    if code := tuple(request for name, config in documents.items() for request in remote_code.requests(name, config)):
        return InspectReport(path, ModelKind.REFUSED, faults=code, mend=_NO_CODE)
    report = unfinished.in_folder(listing, _weights(listing, documents))
    template, odd, several = source_templates.find(listing, documents.get("tokenizer_config.json", {}))
    notes = (*report.notes, *_notes(listing), *source_templates.others(listing), *unread)
    odd, several = ((), ()) if _is_gguf(listing) else (odd, several)
    report = dataclasses.replace(report, notes=notes, chat_template=report.chat_template or template)
    if report.container == "safetensors" and "config.json" in documents and not report.is_adapter:
        report, wrong, beyond = _speaking(report, listing, documents)
        odd = (*odd, *wrong, *_foreign_parts(listing))
    else:
        beyond = ()
    return _with_faults(report, odd, several, beyond)


def _with_faults(
    report: InspectReport, odd: tuple[str, ...], several: tuple[str, ...], beyond: tuple[str, ...]
) -> InspectReport:
    """Add what contradicts itself, templates of which one is to be chosen, and words without rows."""
    if not odd and not several and not beyond:
        return report
    mend = report.mend if odd or report.faults else _ONE_TEMPLATE if several else _OTHER_ROWS
    is_whole = report.kind is ModelKind.UNSUPPORTED or not (odd or report.faults)
    kind = ModelKind.UNSUPPORTED if is_whole else ModelKind.DAMAGED
    return dataclasses.replace(report, kind=kind, mend=mend, faults=(*report.faults, *odd, *several, *beyond))


def _foreign_parts(listing: FolderListing) -> tuple[str, ...]:
    """What is no part of a tokenizer, among the files that nothing here reads."""
    seen = ((name, foreign_content.of(listing.path(name))) for name in _UNREAD if _is_own(listing, name))
    return tuple(f"{name} {foreign.what}" for name, foreign in seen if foreign is not None)


def _speaking(
    report: InspectReport, listing: FolderListing, documents: Mapping[str, dict[str, UntrustedJson]]
) -> tuple[InspectReport, tuple[str, ...], tuple[str, ...]]:
    """Add what a source says that its model speaks with; return what is wrong with that, and words without rows."""
    name = source_voice.WORDS
    try:
        words = {name: _words(listing)} if _is_own(listing, name) else {}
    except HeaderBroken as broken:
        return report, (broken.message,), ()
    has_pieces = "tokenizer.model" in listing.sizes
    voice = source_voice.of_source({**documents, **words}, report.chat_template, has_pieces=has_pieces)
    voice, beyond = _without_beyond(voice, source_voice.beyond({**documents, **words}, voice.vocabulary))
    wrong = [f"its tokenizer {fault}" for fault in voice_rules.faults(voice)]
    if not wrong:
        wrong += source_voice.numbers_beyond(documents.get("config.json", {}), voice.vocabulary)
    if words and "model" not in words[name]:
        wrong.append(f"{name} is no tokenizer: it has no model")
    if not voice.ends and architectures.in_config(voice.architecture) is not None:
        wrong.append("neither config.json nor its tokenizer says eos_token_id: nothing would end a reply")
    if has_pieces:  # the converter leaves them out, and llama.cpp runs what it makes
        report = dataclasses.replace(report, notes=(*report.notes, *(f"{text}: a GGUF lacks it" for text in beyond)))
    return dataclasses.replace(report, voice=voice), tuple(wrong), () if has_pieces else beyond


def _without_beyond(voice: Voice, beyond: Sequence[tuple[str, int]]) -> tuple[Voice, tuple[str, ...]]:
    """Part added words without rows, where no others stray, from what cannot be right; the second says which."""
    if not set(voice.strays) <= set(beyond):
        return voice, ()
    sentences = voice_rules.beyond(beyond, voice.vocabulary)
    return dataclasses.replace(voice, strays=()), tuple(f"its tokenizer {text}" for text in sentences)


def _words(listing: FolderListing) -> dict[str, UntrustedJson]:
    most_bytes, most_pieces = source_voice.MOST_WORDS_BYTES, source_voice.MOST_WORDS_PIECES
    return read_json(listing.path(source_voice.WORDS), most_bytes=most_bytes, most_pieces=most_pieces)


def _documents(listing: FolderListing) -> tuple[dict[str, dict[str, UntrustedJson]], tuple[str, ...]]:
    """The JSON files that say what the folder is, and why some cannot be read."""
    documents: dict[str, dict[str, UntrustedJson]] = {}
    unread = []
    for name in _ASKED:
        if _is_own(listing, name):
            try:
                documents[name] = read_json(listing.path(name))
            except HeaderBroken as broken:
                unread.append(broken.message)
    return documents, tuple(unread)


def _is_gguf(listing: FolderListing) -> bool:
    """Whether it holds GGUF and nothing that other files would speak for: then nobody wants those."""
    return (
        bool(listing.having(".gguf")) and not safetensors_weights.names(listing) and adapter.CONFIG not in listing.sizes
    )


def _is_own(listing: FolderListing, name: str) -> bool:
    return name in listing.sizes and name not in listing.pointers


def _weights(listing: FolderListing, documents: Mapping[str, dict[str, UntrustedJson]]) -> InspectReport:
    path = listing.folder
    if wanted := _wanted_pointers(listing):
        return _pointers(path, wanted)
    models = safetensors_weights.names(listing)
    ggufs = listing.having(".gguf")
    is_adapter = adapter.CONFIG in listing.sizes
    beside = gguf_purposes.beside(path, ggufs) if is_adapter or models or len(ggufs) > 1 else {}
    if not models and not is_adapter and beside.keys() >= set(ggufs):
        beside = {}  # there is nothing that they could lie beside
    report = _of_one(listing, documents, models, tuple(name for name in ggufs if name not in beside))
    notes = tuple(f"{name[:80]} is {what}, and would not be loaded" for name, what in list(beside.items())[:5])
    return dataclasses.replace(report, notes=(*report.notes, *notes))


def _of_one(
    listing: FolderListing,
    documents: Mapping[str, dict[str, UntrustedJson]],
    models: tuple[str, ...],
    ggufs: tuple[str, ...],
) -> InspectReport:
    """Say what the weights make that remain once it is known what lies beside others."""
    path, is_adapter = listing.folder, adapter.CONFIG in listing.sizes
    if is_adapter and not ggufs and (layout := adapter_layouts.of_files(models)):
        return InspectReport(path, ModelKind.UNSUPPORTED, "safetensors", faults=(layout,), mend=adapter_layouts.MEND)
    if is_adapter and (models or ggufs):
        return InspectReport(
            path, ModelKind.UNKNOWN, faults=("it holds a model and an adapter: keep each in a folder of its own",)
        )
    if is_adapter:
        return _adapter(listing, documents[adapter.CONFIG])
    if models and ggufs:
        return InspectReport(
            path, ModelKind.UNKNOWN, faults=("it holds safetensors and GGUF: keep each in a folder of its own",)
        )
    if ggufs:
        return gguf_weights.weigh(path, path, ggufs)
    if models:
        return safetensors_weights.weigh(listing, documents.get("config.json"))
    return _weightless(listing, documents)


def _wanted_pointers(listing: FolderListing) -> dict[str, int]:
    """The pointers that stand for a part of the model; where no weights are there, each of them may."""
    endings = (".gguf",) if _is_gguf(listing) else _PARTS
    has_weights = any(_is_own(listing, name) for name in listing.having(".gguf", ".safetensors"))
    return {name: size for name, size in listing.pointers.items() if not has_weights or name.endswith(endings)}


def _pointers(path: Path, pointers: Mapping[str, int]) -> InspectReport:
    missing = tuple(f"{size} bytes of {name} (a Git LFS pointer stands for them)" for name, size in pointers.items())
    return InspectReport(path, ModelKind.POINTER, missing=missing)


def _adapter(listing: FolderListing, config: dict[str, UntrustedJson]) -> InspectReport:
    base = adapter.base(config)
    notes = (base.fault,) if base.fault else ()
    report = InspectReport(listing.folder, ModelKind.ADAPTER, "safetensors", notes=notes, base=base)
    if wishes := adapter_settings.refusals(config):
        return dataclasses.replace(report, kind=ModelKind.REFUSED, faults=wishes, mend=_PLAIN_LORA)
    if adapter.WEIGHTS not in listing.sizes:
        if pickles := listing.having(*PICKLES):
            faults = tuple(map(_pickle, pickles))
            return dataclasses.replace(report, kind=ModelKind.PICKLE, faults=faults, missing=(adapter.WEIGHTS,))
        return dataclasses.replace(report, missing=(adapter.WEIGHTS,))
    try:
        header = read_safetensors(listing.path(adapter.WEIGHTS))
    except Truncated as cut:
        return dataclasses.replace(report, missing=(cut.lack,))
    except HeaderBroken as broken:
        kind = ModelKind.UNSUPPORTED if broken.instead else ModelKind.DAMAGED
        return dataclasses.replace(report, kind=kind, faults=(broken.message,), mend=taken_instead(broken.instead))
    faults = adapter_tensors.disagreements(config, header.tensors)
    if faults and (layout := adapter_layouts.of_tensors(header.tensors)):
        mend = adapter_layouts.MEND
        return dataclasses.replace(report, kind=ModelKind.UNSUPPORTED, faults=(layout,), mend=mend)
    return dataclasses.replace(
        report,
        kind=ModelKind.DAMAGED if faults else ModelKind.ADAPTER,
        faults=faults,
        weights=(adapter.WEIGHTS,),
        weight_bytes=header.data_bytes,
        parameters=sum(tensor.count for tensor in header.tensors.values()),
    )


def _weightless(listing: FolderListing, documents: Mapping[str, dict[str, UntrustedJson]]) -> InspectReport:
    path = listing.folder
    if older := tuple(name for name in listing.having(*PICKLES) if gguf_header.is_older(listing.path(name))):
        return gguf_weights.weigh(path, path, older[:1])
    if pickles := listing.having(*PICKLES):
        if (seen := foreign_content.of(listing.path(pickles[0]))) is not None:
            return _foreign(path, pickles[0], seen)
        return InspectReport(path, ModelKind.PICKLE, faults=tuple(map(_pickle, pickles[:5])))
    if config := documents.get("config.json"):
        missing = (safetensors_weights.SINGLE, *safetensors_weights.tokenizer_lacks(listing))
        return InspectReport(path, ModelKind.PARTIAL, missing=missing, family=family_of(config.get("model_type")))
    if any(name in listing.sizes for name in TOKENIZERS):
        return InspectReport(path, ModelKind.TOKENIZER, missing=("config.json", safetensors_weights.SINGLE))
    return nearby.of(listing)


def _pickle(name: str) -> str:
    return f"{name[:80]} is a pickle: loading it runs whatever code it holds"


def _notes(listing: FolderListing) -> tuple[str, ...]:
    notes = [f"{name[:80]} is not read: it cannot be, or is no regular file" for name in listing.odd[:5]]
    if listing.beside:
        names = ", ".join(listing.beside[:5])[:200]
        more = f" … and {len(listing.beside[5:])} more" if listing.beside[5:] else ""
        notes.append(f"left out, because macOS keeps it beside other files: {names}{more}")
    if strangers := sorted(set(listing.pointers) - set(_wanted_pointers(listing))):
        notes.append(f"{', '.join(strangers[:5])[:200]} is a Git LFS pointer, and no part of the model")
    if scripts := listing.having(".py"):
        notes.append(f"{', '.join(scripts[:5])} would never be run")
    if (pickles := listing.having(*PICKLES)) and safetensors_weights.names(listing):
        notes.append(f"{', '.join(pickles[:5])} would never be loaded: pickles run what they hold")
    return tuple(notes)
