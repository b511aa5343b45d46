"""The header of a safetensors file.

    8 bytes   N, little-endian: how long the header is
    N bytes   JSON {"name": {"dtype": "F16", "shape": [2, 3], "data_offsets": [begin, end]}, …, "__metadata__": {…}},
              first byte `{`, padded with spaces
    the rest  data; the tensors cover it from its first byte to its last, without holes and without overlap

Source: the format's description in the safetensors project and its Rust reader (`tensor.rs`: validate), which ours
never contradicts by accepting more; the ceilings are ours.
"""

from __future__ import annotations

import struct
from pathlib import Path

from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect import foreign_content, json_limits
from sage_edge.models.inspect.bounded import Header, Stream, Tensor, short
from sage_edge.models.inspect.json_limits import UntrustedJson

LONGEST_HEADER = 16 << 20
MOST_TENSORS = 65_536
_PIECES_EACH = 12
_LONGEST_NAME = 512
_MOST_DIMENSIONS = 8
_U64 = struct.Struct("<Q")
_LEAVE_APART = "leave the shards apart, beside their index, and name their folder"

BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "C64": 8,
}  # fmt: skip
"""Size of one number of each kind; the sub-byte kinds of the newest readers are refused."""

FLOATS = frozenset(("F64", "F32", "F16", "BF16"))
"""Kinds of numbers that are what they are, without a scale beside them."""


def read(path: Path) -> Header:
    """Return what a safetensors file says of itself. Raises HeaderBroken, Truncated, OSError."""
    with foreign_content.named(path, "safetensors"), Stream(path) as stream:
        length = stream.number(_U64, "header length")
        if length > stream.left:
            raise stream.broken(f"says that its header has {length} bytes, {stream.left} are left")
        if length > LONGEST_HEADER:
            raise stream.broken(f"has a header of {length} bytes, at most {LONGEST_HEADER} are read")
        raw = stream.take(length, "header")
        if not raw.startswith(b"{"):
            raise stream.broken("is no safetensors file: its header does not begin with '{'")
        entries = json_limits.parse(raw, path.name, most_pieces=MOST_TENSORS * _PIECES_EACH, whole=True)
        if not isinstance(entries, dict):
            raise stream.broken("is no safetensors file: its header is no JSON object")
        metadata = _metadata(path.name, entries.pop("__metadata__", None))
        tensors = {name: _tensor(path.name, name, entry) for name, entry in entries.items()}
        _covered(path.name, tensors, stream)
        stream.require_written(tensors, stream.at)
        return Header(tensors, metadata, data_at=stream.at)


def _metadata(file: str, entries: UntrustedJson) -> dict[str, str | int | float | bool]:
    if entries is None:
        return {}
    if not isinstance(entries, dict):
        raise HeaderBroken(file, "has a __metadata__ that is no JSON object")
    kept: dict[str, str | int | float | bool] = {}
    for key, value in entries.items():
        if not isinstance(value, str):
            raise HeaderBroken(file, f"has a __metadata__ whose {short(key)} is no text")
        kept[key] = value
    return kept


def _tensor(file: str, name: str, entry: UntrustedJson) -> Tensor:
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise HeaderBroken(file, f"names a tensor {short(name)}: more than {_LONGEST_NAME} letters, or unprintable")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise HeaderBroken(file, f"declares the tensor {short(name)} without exactly dtype, shape and data_offsets")
    kind = entry["dtype"]
    if not isinstance(kind, str) or kind not in BYTES:
        raise HeaderBroken(file, f"declares the tensor {short(name)} of the unknown kind {short(kind)}")
    shape = _sizes(entry["shape"])
    offsets = _sizes(entry["data_offsets"])
    if shape is None or len(shape) > _MOST_DIMENSIONS:
        raise HeaderBroken(file, f"declares the tensor {short(name)} with the shape {short(entry['shape'])}")
    if offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise HeaderBroken(file, f"declares the tensor {short(name)} at {short(entry['data_offsets'])}")
    tensor = Tensor(name, kind, shape, *offsets)
    if tensor.count * BYTES[kind] != tensor.end - tensor.begin:
        why = f"gives {tensor.end - tensor.begin} bytes to {short(name)}, {kind} {list(shape)} has"
        raise HeaderBroken(file, f"{why} {tensor.count * BYTES[kind]}")
    return tensor


def _sizes(entry: UntrustedJson) -> tuple[int, ...] | None:
    """A list of sizes below 2^63; a boolean is none."""
    if not isinstance(entry, list):
        return None
    sizes = tuple(size for size in entry if type(size) is int and 0 <= size < 1 << 63)
    return sizes if len(sizes) == len(entry) else None


def _covered(file: str, tensors: dict[str, Tensor], stream: Stream) -> None:
    """The tensors lie one behind the other, and the last one ends with the file."""
    end, before = 0, ""
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin < end:
            raise HeaderBroken(file, f"lays the tensors {short(before)} and {short(tensor.name)} over each other")
        if tensor.begin > end:
            raise HeaderBroken(file, f"has a hole of {tensor.begin - end} bytes before the tensor {short(tensor.name)}")
        end, before = tensor.end, tensor.name
    if end > stream.left:
        raise Truncated(file, stream.size, stream.at + end)
    if end < stream.left:
        if (follows := stream.peek(stream.at + end, 9))[8:] == b"{" and _U64.unpack(follows[:8])[0] < stream.left - end:
            why = "holds several safetensors files one behind the other, as cat joins shards"
            raise stream.broken(why, instead=_LEAVE_APART)
        raise stream.broken(f"holds {stream.left - end} bytes behind its last tensor")
