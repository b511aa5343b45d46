"""A model's weights as safetensors, in one file or in shards, held against its config.json and its index.

model.safetensors                                   one file, or
model.safetensors.index.json                        {"metadata": {"total_size": bytes}, "weight_map": {tensor: shard}}
model-00001-of-00008.safetensors …                  exactly the shards that the index names
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from sage_edge.models.inspect import HeaderBroken, Tensor, Truncated, dimensions, read_safetensors, shapes
from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.dimensions import Dimensions, MissingDimension
from sage_edge.models.inspect.folder import FolderListing
from sage_edge.models.inspect.json_limits import UntrustedJson
from sage_edge.models.inspect.json_limits import read as read_json
from sage_edge.models.inspect.report import InspectReport, ModelKind
from sage_edge.models.inspect.shapes import Packing

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.safetensors")
_MOST_SHARDS = 1_024
_INDEX_BYTES, _INDEX_PIECES = 16 << 20, 200_000
_ADAPTER = "adapter_model.safetensors"


def names(listing: FolderListing) -> tuple[str, ...]:
    """The files that belong to a model's weights: safetensors and their index."""
    return tuple(name for name in listing.having(".safetensors", INDEX) if name != _ADAPTER)


def tokenizer_lacks(listing: FolderListing) -> tuple[str, ...]:
    """What is missing of a tokenizer: one file, or vocabulary and merges, or a sentencepiece model."""
    have = set(listing.sizes)
    whole = "tokenizer.json" in have or {"vocab.json", "merges.txt"} <= have or "tokenizer.model" in have
    return () if whole else ("tokenizer.json",)


@dataclass
class _Found:
    """What came to light, file by file."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)

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
            return set()
        self.weights.append(name)
        for twice in sorted(set(header.tensors) & set(self.tensors))[:3]:
            self.faults.append(f"{name} repeats the tensor {twice[:80]}")
        self.tensors |= header.tensors
        return set(header.tensors)


def weigh(listing: FolderListing, config: dict[str, UntrustedJson] | None) -> InspectReport:
    """Say whether the safetensors of a folder are all there, and are those of its config."""
    found = _Found()
    is_sharded = INDEX in listing.sizes
    if is_sharded and SINGLE in listing.sizes:
        fault = f"it holds {SINGLE} and an index of shards: two sets of weights"
        return InspectReport(listing.folder, ModelKind.UNKNOWN, "safetensors", faults=(fault,))
    if is_sharded:
        _shards(listing, found)
    elif SINGLE in listing.sizes:
        found.read(listing, SINGLE)
    else:
        _no_index(listing, found)
    known = _held_against(config, found)
    if config is None:
        found.missing.append("config.json")
    found.missing += tokenizer_lacks(listing)
    _others(listing, found)
    kind = ModelKind.SHARDED if is_sharded else ModelKind.COMPLETE
    return InspectReport(
        listing.folder,
        ModelKind.DAMAGED if found.faults else ModelKind.PARTIAL if found.missing else kind,
        "safetensors",
        missing=tuple(found.missing),
        faults=tuple(found.faults),
        notes=tuple(found.notes),
        weights=tuple(found.weights),
        weight_bytes=sum(tensor.end - tensor.begin for tensor in found.tensors.values()),
        parameters=sum(tensor.count for tensor in found.tensors.values()),
        family=dimensions.family_of((config or {}).get("model_type")),
        quantisation=_quantisation(config or {}),
        dimensions=known,
    )


def _shards(listing: FolderListing, found: _Found) -> None:
    try:
        index = read_json(listing.path(INDEX), most_bytes=_INDEX_BYTES, most_pieces=_INDEX_PIECES)
        places = _places(index)
    except HeaderBroken as broken:
        found.faults.append(broken.message)
        return
    for shard in sorted(set(places.values())):
        wanted = {name for name, place in places.items() if place == shard}
        before = len(found.faults) + len(found.missing)
        held = found.read(listing, shard)
        if len(found.faults) + len(found.missing) > before:
            continue
        found.faults += [f"{shard} lacks the tensor {name[:80]} of the index" for name in sorted(wanted - held)[:3]]
        found.faults += [f"{shard} holds {name[:80]}, unknown to the index" for name in sorted(held - wanted)[:3]]
    _told(index, places, found)


def _told(index: Mapping[str, UntrustedJson], places: Mapping[str, str], found: _Found) -> None:
    """Note what the index says of the whole, and hold it against what is there."""
    metadata = index.get("metadata")
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    told = f"the index names {len(places)} tensors in {len(set(places.values()))} shards"
    found.notes.append(f"{told}, {size} bytes" if type(size) is int else told)
    there = sum(tensor.end - tensor.begin for tensor in found.tensors.values())
    if type(size) is int and not found.missing and not found.faults and size != there:
        found.notes.append(f"the tensors have {there} bytes")


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


def _no_index(listing: FolderListing, found: _Found) -> None:
    """Shards without their index, or files of other names: say what would make them a model."""
    shards = [match for name in listing.having(".safetensors") if (match := _SHARD.fullmatch(name))]
    if not shards:
        found.missing.append(SINGLE)
        return
    found.missing.append(INDEX)
    for stem, total in sorted({(match[1], match[3]) for match in shards}):
        series = [
            f"{stem}-{number:05d}-of-{total}.safetensors" for number in range(1, min(int(total), _MOST_SHARDS) + 1)
        ]
        for name in series:
            found.read(listing, name)


def _others(listing: FolderListing, found: _Found) -> None:
    others = [name for name in names(listing) if name not in found.weights and name != INDEX and name in listing.sizes]
    said = " ".join((*found.missing, *found.faults))
    if ignored := [name for name in others if name not in said]:
        found.notes.append(f"{', '.join(ignored[:5])[:200]} would not be loaded: no index names it")


def _held_against(config: Mapping[str, UntrustedJson] | None, found: _Found) -> Dimensions | None:
    """Compare with the config's dimensions, once all tensors are there."""
    if config is None:
        return None
    family = dimensions.family_of(config.get("model_type"))
    try:
        known = dimensions.from_config(config)
        packing = _packing(config)
        plan = shapes.plan(known, "safetensors", packing)
    except MissingDimension as unsaid:
        if family is not None and family not in shapes.FAMILIES:
            found.notes.append(f"config.json {unsaid}: shapes and memory of {family} are not known here")
        else:
            found.faults.append(f"config.json {unsaid}")
        return None
    if plan is None:
        found.notes.append(f"shapes of {known.family} are not known here, they were not compared")
    elif not found.missing and not found.faults:
        found.faults += shapes.disagreements(plan, found.tensors)
    return known


def _packing(config: Mapping[str, UntrustedJson]) -> Packing | None:
    """How AWQ packed the matrices; None for plain weights. Raises MissingDimension for what no table here describes."""
    declared = config.get("quantization_config")
    if declared is None:
        return None
    method = declared.get("quant_method") if isinstance(declared, dict) else None
    if not isinstance(declared, dict) or method != "awq":
        raise MissingDimension(f"is quantised by {short(method)}; only awq is known here")
    bits, group = declared.get("bits"), declared.get("group_size")
    if bits != 4 or type(group) is not int or not 1 <= group <= 1 << 16:
        raise MissingDimension(
            f"says awq with bits = {short(bits)} and group_size = {short(group)}; 4 bits are known here"
        )
    return Packing(4, group)


def _quantisation(config: Mapping[str, UntrustedJson]) -> str | None:
    declared = config.get("quantization_config")
    if isinstance(declared, dict):
        method = declared.get("quant_method")
        return method[:40] if isinstance(method, str) else "unknown"
    kind = config.get("torch_dtype") or config.get("dtype")
    return kind[:40] if isinstance(kind, str) else None
