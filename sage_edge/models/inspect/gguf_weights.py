"""A model's weights as GGUF, in one file or in llama.cpp's splits, held against its own metadata."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect import (
    Header,
    adapter_layouts,
    architectures,
    dimensions,
    gguf_purposes,
    gguf_splits,
    mixture,
    read_gguf,
    shapes,
    voice,
    voice_rules,
)
from sage_edge.models.inspect.dimensions import Dimensions, MissingDimension
from sage_edge.models.inspect.report import InspectReport, ModelKind, taken_instead
from sage_edge.models.inspect.voice import Voice

_SPLIT = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
_MOST_SPLITS = 1_024


def weigh(path: Path, folder: Path, files: Sequence[str]) -> InspectReport:
    """Say whether these GGUF files of a folder are one whole model. `path`: what the report is about."""
    wanted = _splits(files) or tuple(files)
    if len(wanted) > 1 and _splits(files) is None:
        fault = f"it holds {len(files)} GGUF files, {', '.join(sorted(files)[:3])[:200]}: name one of them"
        return InspectReport(path, ModelKind.UNKNOWN, "gguf", faults=(fault,))
    missing: list[str] = []
    faults: list[str] = []
    headers: dict[str, Header] = {}
    instead = ""
    for name in wanted:
        if not (folder / name).is_file():
            missing.append(name)
            continue
        try:
            headers[name] = read_gguf(folder / name, voice.ARRAYS)
        except Truncated as cut:
            missing.append(cut.lack)
        except HeaderBroken as broken:
            faults.append(broken.message)
            instead = instead or broken.instead
    missing += gguf_splits.lacks(wanted, headers)
    faults += gguf_splits.faults(wanted, headers)
    report = _report(path, wanted, tuple(headers.values()), missing, faults)
    if not instead:
        return report
    return dataclasses.replace(report, kind=ModelKind.UNSUPPORTED, mend=taken_instead(instead))


def _splits(files: Sequence[str]) -> tuple[str, ...] | None:
    """All names of the one series that the files belong to; None where they are no series."""
    matches = [_SPLIT.fullmatch(name) for name in files]
    series = {(match[1], match[3]) for match in matches if match}
    if len(series) != 1 or not all(matches):
        return None
    stem, total = series.pop()
    return tuple(f"{stem}-{number:05d}-of-{total}.gguf" for number in range(1, min(int(total), _MOST_SPLITS) + 1))


def _report(
    path: Path, wanted: Sequence[str], headers: Sequence[Header], missing: list[str], faults: list[str]
) -> InspectReport:
    if headers and (other := gguf_purposes.other(headers[0].metadata)):
        fault = f"{wanted[0]} is {other}, no model to speak with"
        if headers[0].metadata.get("general.type") != "adapter":
            return InspectReport(path, ModelKind.UNKNOWN, "gguf", faults=(fault,))
        return InspectReport(path, ModelKind.UNSUPPORTED, "gguf", faults=(fault,), mend=adapter_layouts.MEND)
    if len(headers) == len(wanted) and not any(header.tensors for header in headers):
        fault = f"{wanted[0]} holds a vocabulary and no weights, no model to speak with"
        return InspectReport(path, ModelKind.UNKNOWN, "gguf", faults=(fault,))
    notes: list[str] = []
    known: Dimensions | None = None
    speech = Voice()
    whole = Header({name: tensor for header in headers for name, tensor in header.tensors.items()})
    if headers and len(wanted) == len(headers):
        whole = dataclasses.replace(headers[0], tensors=whole.tensors)
        speech = voice.of_gguf(whole)
        _said(whole, speech, wanted[0], missing, faults, notes)
        known = _held(whole, wanted[0], faults, notes, comparing=not missing and not faults)
    family = dimensions.family_of(whole.metadata.get("general.architecture"))
    kind = (
        ModelKind.DAMAGED
        if faults
        else ModelKind.PARTIAL
        if missing
        else ModelKind.SHARDED
        if len(wanted) > 1
        else ModelKind.COMPLETE
    )
    return InspectReport(
        path,
        kind,
        "gguf",
        missing=tuple(missing),
        faults=tuple(faults),
        notes=tuple(notes),
        weights=tuple(wanted) if len(wanted) == len(headers) else (),
        weight_bytes=whole.data_bytes,
        parameters=sum(tensor.count for tensor in whole.tensors.values()),
        family=family,
        quantisation=speech.quantisation,
        dimensions=known,
        chat_template=speech.template,
        voice=speech,
        mixture=mixture.count(whole),
        fallen=mixture.fallen(whole, speech.quantisation),
    )


def _said(whole: Header, speech: Voice, name: str, missing: list[str], faults: list[str], notes: list[str]) -> None:
    """What the metadata must say besides the dimensions."""
    keys: tuple[str, ...] = voice_rules.lacks(speech)
    if (architecture := architectures.in_gguf(speech.architecture)) is not None:
        keys = (*(key for key in architecture.keys if key not in whole.metadata), *keys)
    missing += [f"the key {key} of {name}" for key in keys]
    faults += [
        f"{name} {fault}" for fault in (*voice_rules.faults(speech), *mixture.faults(whole, speech.quantisation))
    ]
    if speech.template is None:
        notes.append("it carries no chat template, so it cannot conduct a session")


def _held(whole: Header, name: str, faults: list[str], notes: list[str], *, comparing: bool) -> Dimensions | None:
    """Compare with the dimensions of the metadata."""
    family = dimensions.family_of(whole.metadata.get("general.architecture"))
    if voice.TOKENS not in whole.texts:
        return None
    if family is None:
        faults.append(f"{name} names no general.architecture")
        return None
    if (architecture := architectures.in_gguf(family)) is None:
        notes.append(architectures.unknown(family))
        return None
    if whole.metadata.get(f"{family}.expert_count"):
        notes.append(architectures.unknown(f"{family} with experts"))
        return None
    try:
        known = dimensions.from_gguf(whole, architecture)
    except MissingDimension as unsaid:
        faults.append(f"{name} {unsaid}")
        return None
    if comparing and (plan := shapes.plan(known, "gguf")) is not None:
        faults += shapes.disagreements(plan, whole.tensors)
    return known
