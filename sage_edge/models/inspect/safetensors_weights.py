"""A model's weights as safetensors, in one file or in shards, held against its config.json and its index.

model.safetensors                                   one file, or
model.safetensors.index.json                        {"metadata": {"total_size": bytes}, "weight_map": {tensor: shard}}
                                                    beside the one file, only an index of that very file
model-00001-of-00008.safetensors …                  exactly the shards that the index names
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from sage_edge.hints import sage
from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect import (
    Tensor,
    architectures,
    dimensions,
    positions,
    read_safetensors,
    safetensors_header,
    shapes,
)
from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.dimensions import Dimensions, MissingDimension
from sage_edge.models.inspect.folder import FolderListing
from sage_edge.models.inspect.json_limits import UntrustedJson
from sage_edge.models.inspect.json_limits import read as read_json
from sage_edge.models.inspect.report import THIS, InspectReport, ModelKind, taken_instead
from sage_edge.models.inspect.shapes import Packing
from sage_edge.sizes import counted

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.safetensors")
_MOST_SHARDS = 1_024
_INDEX_BYTES, _INDEX_PIECES = 16 << 20, 200_000
_ADAPTER = "adapter_model.safetensors"
_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "I8": "int8",
    "U8": "uint8",
}
"""Kind of a tensor → how config.json writes it."""
_PLAIN = ("take a release without quantisation, in bf16 or f16, then: ", sage("model inspect", "PATH"))
_ONE_SET = (
    f"move away the set that is not meant ({SINGLE}, or {INDEX} and its shards), then: ",
    sage("model inspect", THIS),
)


def names(listing: FolderListing) -> tuple[str, ...]:
    """The files that belong to a model's weights: safetensors and their index."""
    return tuple(name for name in listing.having(".safetensors", INDEX) if name != _ADAPTER)


def tokenizer_lacks(listing: FolderListing) -> tuple[str, ...]:
    """What is missing of a tokenizer: one file, or vocabulary and merges, or a sentencepiece model."""
    have = set(listing.sizes)
    whole = "tokenizer.json" in have or {"vocab.json", "merges.txt"} <= have or "tokenizer.model" in have
    return () if whole else ("tokenizer.json",)


@dataclass
class _Contents:
    """What came to light, file by file."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    is_other: bool = False
    """Whether it is quantised in a way that nobody here reads."""
    instead: str = ""
    """What to do with a file that holds something else than safetensors."""

    def read(self, listing: FolderListing, name: str) -> set[str]:
        """Take the tensors of one file; returns their names."""
        if name not in listing.sizes:
            self.missing.append(name)
            return set()
        try:
            header = read_safetensors(listing.path(name))
        except Truncated as cut:
            self.missing.append(cut.lack)
            return set()
        except HeaderBroken as broken:
            self.faults.append(broken.message)
            self.instead = self.instead or broken.instead
            return set()
        self.weights.append(name)
        for twice in sorted(set(header.tensors) & set(self.tensors))[:3]:
            self.faults.append(f"{name} repeats the tensor {twice[:80]}")
        self.tensors |= header.tensors
        return set(header.tensors)


def weigh(listing: FolderListing, config: dict[str, UntrustedJson] | None) -> InspectReport:
    """Say whether the safetensors of a folder are all there, and are those of its config."""
    seen = _Contents()
    is_indexed = INDEX in listing.sizes
    is_sharded = is_indexed and not _is_of_one(listing)
    if is_sharded and SINGLE in listing.sizes:
        faults = (f"it holds {SINGLE} and an index of shards: two sets of weights", *_absent(listing))
        return InspectReport(listing.folder, ModelKind.UNKNOWN, "safetensors", faults=faults, mend=_ONE_SET)
    if is_indexed:
        _shards(listing, seen)
    elif SINGLE in listing.sizes:
        seen.read(listing, SINGLE)
    else:
        _no_index(listing, seen)
    known = _held_against(config, seen)
    seen.notes += [f"a GGUF of it would lose {part}" for part in positions.lost(config or {})]
    if config is None:
        seen.missing.append("config.json")
    seen.missing += tokenizer_lacks(listing)
    _others(listing, seen)
    numbers = _numbers(config or {}, seen)
    kind = ModelKind.SHARDED if is_sharded else ModelKind.COMPLETE
    return InspectReport(
        listing.folder,
        ModelKind.UNSUPPORTED
        if seen.is_other or seen.instead
        else ModelKind.DAMAGED
        if seen.faults
        else ModelKind.PARTIAL
        if seen.missing
        else kind,
        "safetensors",
        missing=tuple(seen.missing),
        faults=tuple(seen.faults),
        notes=tuple(seen.notes),
        weights=tuple(seen.weights),
        weight_bytes=sum(tensor.end - tensor.begin for tensor in seen.tensors.values()),
        parameters=sum(tensor.count for tensor in seen.tensors.values()),
        family=dimensions.family_of((config or {}).get("model_type")),
        quantisation=numbers,
        dimensions=known,
        mend=_PLAIN if seen.is_other else taken_instead(seen.instead),
        mixture=Counter(tensor.kind for tensor in seen.tensors.values()),
    )


def _is_of_one(listing: FolderListing) -> bool:
    """Whether the one file is there, and the index names nothing but it, as some write it beside every model."""
    if SINGLE not in listing.sizes:
        return False
    try:
        return set(_places(_index(listing)).values()) == {SINGLE}
    except HeaderBroken:
        return False


def _absent(listing: FolderListing) -> tuple[str, ...]:
    """Say which shards an index names in vain: then it is the index that is not meant."""
    try:
        shards = set(_places(_index(listing)).values())
    except HeaderBroken as broken:
        return (broken.message,)
    absent = sorted(shards - listing.sizes.keys())
    return (f"of the index's {counted(len(shards), 'shard')} {len(absent)} are not there",) if absent else ()


def _index(listing: FolderListing) -> dict[str, UntrustedJson]:
    return read_json(listing.path(INDEX), most_bytes=_INDEX_BYTES, most_pieces=_INDEX_PIECES)


def _shards(listing: FolderListing, seen: _Contents) -> None:
    try:
        index = _index(listing)
        places = _places(index)
    except HeaderBroken as broken:
        seen.faults.append(broken.message)
        return
    for shard in sorted(set(places.values())):
        wanted = {name for name, place in places.items() if place == shard}
        before = len(seen.faults) + len(seen.missing)
        held = seen.read(listing, shard)
        if len(seen.faults) + len(seen.missing) > before:
            continue
        seen.faults += [f"{shard} lacks the tensor {name[:80]} of the index" for name in sorted(wanted - held)[:3]]
        seen.faults += [f"{shard} holds {name[:80]}, unknown to the index" for name in sorted(held - wanted)[:3]]
    _compare_index(index, places, seen)


def _compare_index(index: Mapping[str, UntrustedJson], places: Mapping[str, str], seen: _Contents) -> None:
    """Note what the index says of the whole, and hold it against what is there."""
    metadata = index.get("metadata")
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    summary = f"the index names {counted(len(places), 'tensor')} in {counted(len(set(places.values())), 'shard')}"
    seen.notes.append(f"{summary}, {size} bytes" if type(size) is int else summary)
    there = sum(tensor.end - tensor.begin for tensor in seen.tensors.values())
    if type(size) is int and not seen.missing and not seen.faults and size != there:
        seen.notes.append(f"the tensors have {there} bytes")


def _places(index: Mapping[str, UntrustedJson]) -> dict[str, str]:
    """Tensor → shard. Raises HeaderBroken; a shard outside the folder is never asked for."""
    places = index.get("weight_map")
    if not isinstance(places, dict) or not places:
        raise HeaderBroken(INDEX, "has no weight_map")
    for place in places.values():
        if not isinstance(place, str) or not place.endswith(".safetensors") or not place.isprintable():
            raise HeaderBroken(INDEX, f"names the shard {short(place)}, which is no safetensors file")
        if "/" in place or "\\" in place or len(place) > 255:
            raise HeaderBroken(INDEX, f"names the shard {short(place)} outside the folder")
    if len(set(map(str, places.values()))) > _MOST_SHARDS:
        raise HeaderBroken(INDEX, f"names more than {_MOST_SHARDS} shards")
    return cast("dict[str, str]", places)


def _no_index(listing: FolderListing, seen: _Contents) -> None:
    """Shards without their index, or files of other names: say what would make them a model."""
    shards = [match for name in listing.having(".safetensors") if (match := _SHARD.fullmatch(name))]
    if not shards:
        seen.missing.append(SINGLE)
        return
    seen.missing.append(INDEX)
    for stem, total in sorted({(match[1], match[3]) for match in shards}):
        series = [
            f"{stem}-{number:05d}-of-{total}.safetensors" for number in range(1, min(int(total), _MOST_SHARDS) + 1)
        ]
        for name in series:
            seen.read(listing, name)


def _others(listing: FolderListing, seen: _Contents) -> None:
    others = [name for name in names(listing) if name not in seen.weights and name != INDEX and name in listing.sizes]
    named = " ".join((*seen.missing, *seen.faults))
    if ignored := [name for name in others if name not in named]:
        seen.notes.append(f"{', '.join(ignored[:5])[:200]} would not be loaded: no index names it")


def _held_against(config: Mapping[str, UntrustedJson] | None, seen: _Contents) -> Dimensions | None:
    """Compare with the config's dimensions, once all tensors are there."""
    if config is None:
        return None
    if packed := _packed_unsaid(config, seen.tensors):
        seen.faults.append(packed)
        seen.is_other = True
        return None
    family = dimensions.family_of(config.get("model_type"))
    if family is None:
        seen.faults.append("config.json names no model_type")
        return None
    if (architecture := architectures.in_config(family)) is None:
        seen.notes.append(architectures.unknown(family))
        return None
    try:
        known = dimensions.from_config(config, architecture)
    except MissingDimension as unsaid:
        seen.faults.append(f"config.json {unsaid}")
        return None
    try:
        plan = shapes.plan(known, "safetensors", _packing(config))
    except MissingDimension as other:
        seen.faults.append(f"config.json {other}")
        seen.is_other = True
        return None
    if plan is not None and not seen.missing and not seen.faults:
        seen.faults += shapes.disagreements(plan, seen.tensors)
    return known


def _packed_unsaid(config: Mapping[str, UntrustedJson], tensors: Mapping[str, Tensor]) -> str | None:
    """Say that weights are packed, or of a kind that means nothing without its scales, and config.json does not say so.

    Older releases of GPTQ and AWQ speak of it in quantize_config.json or quant_config.json only.
    """
    if "quantization_config" in config or "quantization" in config:
        return None
    packed = next((name for name in tensors if name.endswith(".qweight")), None)
    if packed and any(name.endswith(".qzeros") for name in tensors):
        return f"it is quantised by GPTQ or AWQ, and config.json does not say so: {packed[:80]}"
    weights = (tensor for tensor in tensors.values() if tensor.name.endswith(".weight") and len(tensor.shape) > 1)
    scaled = next((tensor for tensor in weights if tensor.kind not in safetensors_header.FLOATS), None)
    if scaled is None:
        return None
    return f"{scaled.name[:80]} is written in {scaled.kind}, and config.json names no quantisation that says its scale"


def _packing(config: Mapping[str, UntrustedJson]) -> Packing | None:
    """How AWQ packed the matrices; None for plain weights. Raises MissingDimension for what no table here describes."""
    declared = config.get("quantization_config", config.get("quantization"))
    if declared is None:
        return None
    method = declared.get("quant_method") if isinstance(declared, dict) else None
    if isinstance(declared, dict) and method is None and {"bits", "group_size"} <= declared.keys():
        method = "mlx"  # it names itself nowhere
    if not isinstance(declared, dict) or method != "awq":
        raise MissingDimension(f"is quantised by {short(method)}; only awq is known here")
    bits, group = declared.get("bits"), declared.get("group_size")
    if bits != 4 or type(group) is not int or not 1 <= group <= 1 << 16:
        raise MissingDimension(
            f"says awq with bits = {short(bits)} and group_size = {short(group)}; 4 bits are known here"
        )
    return Packing(4, group)


def _numbers(config: Mapping[str, UntrustedJson], seen: _Contents) -> str | None:
    """Name how its numbers are written: the quantisation of its config, else what most of them are in its tensors."""
    declared, written = config.get("quantization_config"), config.get("torch_dtype") or config.get("dtype")
    if isinstance(declared, dict):
        method = declared.get("quant_method")
        return method[:40] if isinstance(method, str) else "unknown"
    says = written[:40].removeprefix("torch.") if isinstance(written, str) else None
    counts = Counter[str]()
    for tensor in seen.tensors.values():
        counts[tensor.kind] += tensor.count
    if not counts:
        return says
    kind = counts.most_common(1)[0][0]
    holds = _DTYPES.get(kind, kind)
    if says not in (None, "auto", holds):
        seen.notes.append(f"most of its numbers are {holds}, config.json says {says}")
    return holds
