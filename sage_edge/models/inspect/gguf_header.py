"""The header of a GGUF file, versions 2 and 3, little-endian.

    "GGUF"  version u32  tensors u64  pairs u64
    pairs   of (key text, kind u32, value)            text = length u64, bytes; array = kind u32, length u64, elements
    tensors of (name text, dimensions u32, sizes u64 each, kind u32, offset u64)
    padding to `general.alignment` (32 unless said), then the data; each tensor begins at a multiple of it

Arrays are measured, and kept only where they are asked for. 43 bytes with an array of 2^63 hang gguf 0.19.0 (facts
§3.3); here the length is held against the bytes that are left, and all texts of all arrays together against a ceiling.
Source: the format's description in the ggml project (docs/gguf.md) and llama.cpp's reader (ggml/src/gguf.cpp).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection
from pathlib import Path

from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect import foreign_content, gguf_texts
from sage_edge.models.inspect.bounded import Header, Stream, Tensor, short
from sage_edge.models.inspect.ggml_types import GIVEN_UP, KINDS

MOST_TENSORS = 65_536
MOST_PAIRS = 4_096
MOST_TEXTS = 4_000_000
LONGEST_TEXT = 4 << 20
MOST_KEPT_BYTES = 64 << 20
_LONGEST_NAME = 63  # ggml keeps 64 bytes with the terminator
_LONGEST_KEY = 256
_DEFAULT_ALIGNMENT = 32
_MAGIC = b"GGUF"
_OLDER = frozenset(word[::step] for word in (b"ggml", b"ggmf", b"ggjt", b"ggla") for step in (1, -1))
"""How files of llama.cpp began before GGUF, in either order of bytes; they were often called `ggml-model-q4_0.bin`."""
_LATEST = 9
"""A version that may come to be; what says more is damaged."""
_LATEST_KIND = 255
"""Of numbers, in the same sense."""
_LEAVE_APART = "leave the splits apart, under the names they came with, and name their folder"
_OTHER_FORM = "take a GGUF of version 2 or 3, little-endian"
_TEXT, _ARRAY, _BOOL = 8, 9, 7

_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")
_NUMBERS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: _U32,
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<B"),
    10: _U64,
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}

Scalar = str | int | float | bool


def read(path: Path, keep: Collection[str] = ()) -> Header:
    """Return what a GGUF file says of itself. keep: keys of the arrays whose elements are wanted, too.

    Raises HeaderBroken, Truncated, OSError.
    """
    with foreign_content.named(path, "GGUF"), Stream(path) as stream:
        magic = stream.take(4, "magic") if stream.size >= len(_MAGIC) else b""
        if magic in _OLDER:
            raise stream.broken("is an old GGML file, from before GGUF", instead=_OTHER_FORM)
        if magic != _MAGIC:
            raise stream.broken("is no GGUF file: it does not begin with GGUF")
        version = stream.number(_U32, "version")
        if version not in (2, 3):
            is_other = version in (2 << 24, 3 << 24)
            why = "big-endian" if is_other else f"of version {version}"
            instead = _OTHER_FORM if is_other or version <= _LATEST else ""
            raise stream.broken(f"is {why}; versions 2 and 3, little-endian, are read", instead=instead)
        count = _count(stream, "tensors", MOST_TENSORS, 24)
        pairs = _count(stream, "metadata pairs", MOST_PAIRS, 13)
        pairs_read = _Pairs(stream, keep)
        metadata, lengths = pairs_read.read(pairs)
        alignment = _alignment(stream, metadata)
        tensors = _tensors(stream, count, alignment)
        data_at = _padded(stream.at, alignment)
        _covered(stream, tensors, data_at, alignment)
        stream.require_written(tensors, data_at)
        return Header(tensors, metadata, lengths, data_at, pairs_read.texts, pairs_read.numbers)


def general(path: Path) -> dict[str, Scalar]:
    """Return the scalars of a GGUF file up to `general.type`, usually the second one; none for any other file.

    Raises OSError.
    """
    try:
        with Stream(path) as stream:
            if stream.take(len(_MAGIC), "magic") != _MAGIC or stream.number(_U32, "version") not in (2, 3):
                return {}
            _count(stream, "tensors", MOST_TENSORS, 24)
            pairs = _count(stream, "metadata pairs", MOST_PAIRS, 13)
            return _Pairs(stream, ()).read(pairs, until="general.type")[0]
    except HeaderBroken:
        return {}


def is_older(path: Path) -> bool:
    """Whether a file is one of llama.cpp's from before GGUF, whatever its name. Raises HeaderBroken, OSError."""
    with Stream(path) as stream:
        return stream.size >= len(_MAGIC) and stream.take(len(_MAGIC), "magic") in _OLDER


def _count(stream: Stream, what: str, most: int, least_bytes: int) -> int:
    count = stream.number(_U64, f"number of {what}")
    if count > stream.left // least_bytes:
        raise stream.broken(f"speaks of {count} {what}, {stream.left} bytes are left")
    if count > most:
        raise stream.broken(f"speaks of {count} {what}, at most {most} are read")
    return count


def _text(stream: Stream, what: str, most: int) -> str:
    length = stream.number(_U64, f"the length of {what}")
    if length > most:
        raise stream.broken(f"has {what} of {length} bytes, at most {most} are read")
    data = stream.take(length, what)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise stream.broken(f"has {what} that is no UTF-8 text: {short(data)}") from None


class _Pairs:
    """Reads the metadata; counts the texts of all arrays, and keeps the elements of those that are asked for."""

    def __init__(self, stream: Stream, keep: Collection[str]) -> None:
        self._stream, self._keep = stream, keep
        self._texts, self._room = 0, MOST_KEPT_BYTES
        self.texts: dict[str, tuple[bytes, ...]] = {}
        self.numbers: dict[str, tuple[int | float, ...]] = {}

    def read(self, count: int, until: str | None = None) -> tuple[dict[str, Scalar], dict[str, int]]:
        """Return the scalars, and how long the arrays are; up to the key `until`."""
        metadata: dict[str, Scalar] = {}
        lengths: dict[str, int] = {}
        for _ in range(count):
            key = _text(self._stream, "a key", _LONGEST_KEY)
            if key in metadata or key in lengths:
                raise self._stream.broken(f"names {short(key)} twice")
            kind = self._stream.number(_U32, f"the kind of {short(key)}")
            if kind == _ARRAY:
                lengths[key] = self._array(key)
            else:
                metadata[key] = self._scalar(key, kind)
            if key == until:
                break
        return metadata, lengths

    def _scalar(self, key: str, kind: int) -> Scalar:
        if kind == _TEXT:
            return _text(self._stream, f"the value of {short(key)}", LONGEST_TEXT)
        if kind not in _NUMBERS:
            raise self._stream.broken(f"gives {short(key)} the unknown kind {kind}")
        form = _NUMBERS[kind]
        value: int | float = form.unpack(self._stream.take(form.size, f"the value of {short(key)}"))[0]
        if isinstance(value, float) and not math.isfinite(value):
            raise self._stream.broken(f"gives {short(key)} the value {value}, which is no number")
        if kind == _BOOL and value not in (0, 1):
            raise self._stream.broken(f"gives {short(key)} a truth of {value}")
        return bool(value) if kind == _BOOL else value

    def _array(self, key: str) -> int:
        stream = self._stream
        kind = stream.number(_U32, f"the kind of {short(key)}")
        length = stream.number(_U64, f"the length of {short(key)}")
        if kind == _ARRAY:
            raise stream.broken(f"has arrays of arrays in {short(key)}, which llama.cpp does not read")
        if kind != _TEXT and kind not in _NUMBERS:
            raise stream.broken(f"gives {short(key)} elements of the unknown kind {kind}")
        least = 8 if kind == _TEXT else _NUMBERS[kind].size
        if length > stream.left // least:
            raise stream.broken(f"speaks of {length} elements of {short(key)}, {stream.left} bytes are left")
        if kind == _TEXT:
            self._pass_texts(key, length)
        elif key in self._keep:
            data = self._stream.take(self._kept(key, length * least), f"elements of {short(key)}")
            self.numbers[key] = tuple(number for (number,) in _NUMBERS[kind].iter_unpack(data))
        else:
            stream.skip(length * least, f"elements of {short(key)}")
        return length

    def _pass_texts(self, key: str, length: int) -> None:
        self._texts += length
        if self._texts > MOST_TEXTS:
            raise self._stream.broken(f"speaks of {self._texts} texts in arrays, at most {MOST_TEXTS} are read")
        if key not in self._keep:
            gguf_texts.walk(self._stream, length, f"an element of {short(key)}")
            return
        texts: list[bytes] = []
        gguf_texts.walk(self._stream, length, f"an element of {short(key)}", texts, most_bytes=self._room)
        self._kept(key, sum(map(len, texts)))
        self.texts[key] = tuple(texts)

    def _kept(self, key: str, size: int) -> int:
        """Count bytes that are kept, and return them."""
        if size > self._room:
            raise self._stream.broken(f"has more than {MOST_KEPT_BYTES} bytes of {short(key)} and its like")
        self._room -= size
        return size


def _alignment(stream: Stream, metadata: dict[str, Scalar]) -> int:
    alignment = metadata.get("general.alignment", _DEFAULT_ALIGNMENT)
    if type(alignment) is not int or alignment < 8 or alignment > 1 << 16 or alignment & (alignment - 1):
        raise stream.broken(f"wants its tensors aligned to {short(alignment)}: expected a power of two from 8 to 65536")
    return alignment


def _padded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def _tensors(stream: Stream, count: int, alignment: int) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for _ in range(count):
        tensor = _tensor(stream, alignment)
        if tensor.name in tensors:
            raise stream.broken(f"names the tensor {short(tensor.name)} twice")
        tensors[tensor.name] = tensor
    return tensors


def _tensor(stream: Stream, alignment: int) -> Tensor:
    name = _text(stream, "a tensor's name", _LONGEST_NAME)
    if not name.isprintable():
        raise stream.broken(f"names a tensor {short(name)}, which is unprintable")
    dimensions = stream.number(_U32, f"the dimensions of {short(name)}")
    if not 1 <= dimensions <= 4:
        raise stream.broken(f"declares the tensor {short(name)} with {dimensions} dimensions")
    shape = tuple(stream.number(_U64, f"the shape of {short(name)}") for _ in range(dimensions))
    number = stream.number(_U32, f"the kind of {short(name)}")
    offset = stream.number(_U64, f"the place of {short(name)}")
    if number not in KINDS:
        raise _other_kind(stream, name, number)
    kind, block, block_bytes = KINDS[number]
    if any(not 1 <= size < 1 << 63 for size in shape) or shape[0] % block:
        raise stream.broken(f"declares the tensor {short(name)} as {kind} with the shape {list(shape)}")
    if offset % alignment:
        raise stream.broken(f"puts the tensor {short(name)} at {offset}, which is no multiple of {alignment}")
    count = math.prod(shape)
    return Tensor(name, kind, shape, offset, offset + count // block * block_bytes)


def _other_kind(stream: Stream, name: str, number: int) -> HeaderBroken:
    if number in GIVEN_UP:
        old, successor = GIVEN_UP[number]
        why = f"declares the tensor {short(name)} of the kind {old}, which llama.cpp runs no more"
        return stream.broken(why, instead=f"take the {successor} file of the same model")
    instead = "take a file of the same model in a usual kind, like Q8_0" if number <= _LATEST_KIND else ""
    return stream.broken(f"declares the tensor {short(name)} of the unknown kind {number}", instead=instead)


def _covered(stream: Stream, tensors: dict[str, Tensor], data_at: int, alignment: int) -> None:
    """The tensors lie one behind the other, padded, and the last one ends with the file or its padding."""
    end, before = 0, ""
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin < end:
            raise stream.broken(f"lays the tensors {short(before)} and {short(tensor.name)} over each other")
        if tensor.begin > _padded(end, alignment):
            why = f"has a hole of {tensor.begin - end} bytes before the tensor {short(tensor.name)}"
            raise stream.broken(why)
        end, before = tensor.end, tensor.name
    if tensors and data_at + end > stream.size:
        raise Truncated(stream.name, stream.size, data_at + end)
    behind = stream.size - (data_at + _padded(end, alignment) if tensors else data_at)
    if behind <= 0:
        return
    for follows in (data_at + end, stream.size - behind):
        if stream.peek(follows, len(_MAGIC)) == _MAGIC:
            raise stream.broken(
                "holds several GGUF files one behind the other, as cat joins splits", instead=_LEAVE_APART
            )
    raise stream.broken(f"holds {behind} bytes behind its last tensor")
