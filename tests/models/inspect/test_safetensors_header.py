"""Headers of safetensors: what lies is refused with its exact words, and what we accept the real reader accepts."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect import read_safetensors
from sage_edge.models.inspect.safetensors_header import BYTES, LONGEST_HEADER
from tests.models.building import framed

A: dict[str, Any] = {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}
B: dict[str, Any] = {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]}


def made(header: object, data: int = 16) -> bytes:
    return framed(header if isinstance(header, bytes) else json.dumps(header).encode()) + bytes(data)


def deep(levels: int) -> bytes:
    return b'{"a":' + b"[" * levels + b"]" * levels + b"}"


CASES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty: none of its bytes have come"),
    "seven bytes": (b"\xff234567", "speaks of 8 bytes of header length, 7 are left"),
    "header longer than the file": (
        struct.pack("<Q", 1 << 40) + b"{}",
        "says that its header has 1099511627776 bytes, 2 are left",
    ),
    "header length of 2^64 - 1": (b"\xff" * 8, "says that its header has 18446744073709551615 bytes, 0 are left"),
    "no brace": (made(b" {}"), "is no safetensors file: its header does not begin with '{'"),
    "no JSON": (made(b"{]", 0), "is no JSON: Expecting property name enclosed in double quotes at character 1"),
    "two documents": (made(b"{}{}", 0), "is no JSON: Extra data at character 2"),
    "no text": (made(b'{"\xff":1}', 0), "is no UTF-8 text"),
    "deep": (made(deep(200_000)), "nests JSON too deeply"),
    "not quite so deep": (made(deep(40)), "nests JSON too deeply"),
    "many pieces": (
        made(b'{"a":[' + b"[]," * 800_000 + b"[]]}"),
        "holds 1600003 pieces of JSON, at most 786432 are read",
    ),
    "NaN": (made(b'{"a":NaN}'), "holds NaN, which is no number"),
    "infinity": (made(b'{"a":-Infinity}'), "holds -Infinity, which is no number"),
    "a fraction": (made(b'{"a":1.5}'), "holds the fraction '1.5' where only whole numbers belong"),
    "a number of 5000 digits": (made(b'{"a":' + b"9" * 5000 + b"}"), "holds a number of 5000 digits"),
    "a name twice": (made(b'{"a":{},"a":{}}'), "names 'a' twice"),
    "a key twice": (made(b'{"a":{"dtype":"F16","dtype":"F32"}}'), "names 'dtype' twice"),
    "a name of a megabyte": (
        made({"x" * (1 << 20): A}),
        "names a tensor 'xxxxxxxxxxxx...xxxxxxxxxxxxx': more than 512 letters, or unprintable",
    ),
    "a name with an escape": (
        made({"\x1b[2J": A}),
        "names a tensor '\\x1b[2J': more than 512 letters, or unprintable",
    ),
    "half a surrogate": (
        made(b'{"\\ud800":{}}'),
        "names a tensor '\\ud800': more than 512 letters, or unprintable",
    ),
    "no object": (made({"a": [1]}), "declares the tensor 'a' without exactly dtype, shape and data_offsets"),
    "a key too few": (
        made({"a": {"dtype": "F16", "shape": []}}),
        "declares the tensor 'a' without exactly dtype, shape and data_offsets",
    ),
    "a kind unknown": (made({"a": {**A, "dtype": "Q4"}}), "declares the tensor 'a' of the unknown kind 'Q4'"),
    "a shape below zero": (made({"a": {**A, "shape": [-1]}}), "declares the tensor 'a' with the shape [-1]"),
    "a shape of truths": (made({"a": {**A, "shape": [True]}}), "declares the tensor 'a' with the shape [True]"),
    "a shape of text": (made({"a": {**A, "shape": "2"}}), "declares the tensor 'a' with the shape '2'"),
    "a shape beyond 2^63": (
        made({"a": {**A, "shape": [1 << 63]}}),
        "declares the tensor 'a' with the shape [9223372036854775808]",
    ),
    "nine dimensions": (
        made({"a": {**A, "shape": [1] * 9}}),
        "declares the tensor 'a' with the shape [1, 1, 1, 1, 1, 1, ...]",
    ),
    "offsets backwards": (made({"a": {**A, "data_offsets": [12, 0]}}), "declares the tensor 'a' at [12, 0]"),
    "three offsets": (made({"a": {**A, "data_offsets": [0, 1, 2]}}), "declares the tensor 'a' at [0, 1, 2]"),
    "an overflowing product": (
        made({"a": {**A, "shape": [1 << 62, 1 << 62]}}),
        f"gives 12 bytes to 'a', F16 [{1 << 62}, {1 << 62}] has {1 << 125}",
    ),
    "bytes that are not the shape's": (
        made({"a": {**A, "shape": [3, 3]}}),
        "gives 12 bytes to 'a', F16 [3, 3] has 18",
    ),
    "overlapping tensors": (
        made({"a": A, "b": {**B, "data_offsets": [8, 12]}}, 12),
        "lays the tensors 'a' and 'b' over each other",
    ),
    "the same bytes twice": (made({"a": A, "b": A}, 12), "lays the tensors 'a' and 'b' over each other"),
    "a hole": (
        made({"a": A, "b": {**B, "data_offsets": [20, 24]}}, 24),
        "has a hole of 8 bytes before the tensor 'b'",
    ),
    "one byte too few": (made({"a": A, "b": B}, 15), "ends 1 bytes early: 151 of 152 are there"),
    "one byte too many": (made({"a": A, "b": B}, 17), "holds 1 bytes behind its last tensor"),
    "bytes and no tensor": (made({}, 1), "holds 1 bytes behind its last tensor"),
    "metadata of numbers": (made({"__metadata__": {"a": 1}}, 0), "has a __metadata__ whose 'a' is no text"),
    "metadata of none": (made({"__metadata__": []}, 0), "has a __metadata__ that is no JSON object"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(("data", "why"), CASES.values(), ids=list(CASES))
def test_what_lies_is_refused(file: Path, data: bytes, why: str) -> None:
    file.write_bytes(data)
    with pytest.raises(HeaderBroken) as caught:
        read_safetensors(file)
    assert caught.value.why == why
    assert caught.value.message == f"model.safetensors {why}"
    assert caught.value.hint


def test_what_is_cut_says_how_much(file: Path) -> None:
    file.write_bytes(made({"a": A, "b": B}, 15))
    with pytest.raises(Truncated) as caught:
        read_safetensors(file)
    assert caught.value.lack == "1 bytes of model.safetensors (151 of 152 are there)"


def test_a_header_beyond_our_ceiling_in_a_sparse_file(file: Path) -> None:
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", 1 << 40))
        stream.truncate(1 << 41)
    with pytest.raises(HeaderBroken, match=f"has a header of {1 << 40} bytes, at most {LONGEST_HEADER} are read"):
        read_safetensors(file)


def test_a_whole_one_is_read(file: Path) -> None:
    file.write_bytes(
        made({"b": B, "a": A, "__metadata__": {"format": "pt"}, "none": {**B, "shape": [0], "data_offsets": [16, 16]}})
    )
    header = read_safetensors(file)
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == {"a": (2, 3), "b": (1,), "none": (0,)}
    assert (header.metadata, header.data_bytes) == ({"format": "pt"}, 16)
    assert header.data_at + header.data_bytes == file.stat().st_size


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=20)
KINDS = ("BOOL", "U8", "I16", "F16", "BF16", "F32", "I64", "F64", "F8_E4M3")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(NAMES, st.tuples(st.sampled_from(KINDS), st.lists(st.integers(0, 5), max_size=4)), max_size=8),
    st.dictionaries(NAMES, st.text(max_size=20), max_size=3),
)
def test_the_real_reader_reads_the_same(
    file: Path, declared: dict[str, tuple[str, list[int]]], notes: dict[str, str]
) -> None:
    safetensors = pytest.importorskip("safetensors")
    declared.pop("__metadata__", None)
    file.write_bytes(whole(declared, notes))
    ours = read_safetensors(file)
    theirs = dict(safetensors.deserialize(file.read_bytes()))
    assert {name: (tensor.kind, list(tensor.shape)) for name, tensor in ours.tensors.items()} == declared
    assert {name: list(part["shape"]) for name, part in theirs.items()} == {
        n: shape for n, (_, shape) in declared.items()
    }
    assert {name: len(part["data"]) for name, part in theirs.items()} == {
        name: tensor.end - tensor.begin for name, tensor in ours.tensors.items()
    }


def whole(declared: dict[str, tuple[str, list[int]]], notes: dict[str, str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": notes} if notes else {}
    end = 0
    for name, (kind, shape) in declared.items():
        begin, end = end, end + math.prod(shape) * BYTES[kind]
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}
    return made(header, end)
