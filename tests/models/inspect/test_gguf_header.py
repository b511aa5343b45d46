"""Headers of GGUF: what lies is refused with its exact words; a real file is read as the real reader reads it."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.models.errors import HeaderBroken, Truncated
from sage_edge.models.inspect import read_gguf
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.ggml_types import FILE_TYPES, KINDS
from sage_edge.models.inspect.report import ModelKind
from tests.benchmarks.random_gguf import Shape, write
from tests.models.building import gguf, gguf_metadata, gguf_tensors, pair, text


def head(tensors: int = 0, pairs: int = 0, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs)


def info(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", kind, offset)


def one(key: str, value: object) -> bytes:
    return head(0, 1) + pair(key, value)


def array(kind: int, length: int, rest: bytes = b"") -> tuple[str, bytes]:
    return ("raw", struct.pack("<IIQ", 9, kind, length) + rest)


DATA = bytes(64)
CASES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty: none of its bytes have come"),
    "another magic": (b"GGJT" + bytes(60), "is no GGUF file: it does not begin with GGUF"),
    "magic alone": (b"GGUF", "speaks of 4 bytes of version, 0 are left"),
    "version 1": (head(version=1), "is of version 1; versions 2 and 3, little-endian, are read"),
    "big-endian": (head(version=3 << 24), "is big-endian; versions 2 and 3, little-endian, are read"),
    "2^60 tensors": (head(1 << 60) + DATA, f"speaks of {1 << 60} tensors, 72 bytes are left"),
    "2^64 - 1 pairs": (head(0, (1 << 64) - 1), f"speaks of {(1 << 64) - 1} metadata pairs, 0 bytes are left"),
    "a few bytes with an array of 2^63": (
        one("a", array(0, 1 << 63)),
        f"speaks of {1 << 63} elements of 'a', 0 bytes are left",
    ),
    "an array of 2^61 texts": (
        one("a", array(8, 1 << 61, DATA)),
        f"speaks of {1 << 61} elements of 'a', 64 bytes are left",
    ),
    "arrays of arrays": (one("a", array(9, 1, DATA)), "has arrays of arrays in 'a', which llama.cpp does not read"),
    "elements of no kind": (one("a", array(13, 1, DATA)), "gives 'a' elements of the unknown kind 13"),
    "a value of no kind": (one("a", ("raw", struct.pack("<I", 99))), "gives 'a' the unknown kind 99"),
    "a text of 2^40": (
        one("a", ("raw", struct.pack("<IQ", 8, 1 << 40) + DATA)),
        f"has the value of 'a' of {1 << 40} bytes, at most 4194304 are read",
    ),
    "a text beyond the end": (
        one("a", ("raw", struct.pack("<IQ", 8, 1 << 20) + DATA)),
        f"speaks of {1 << 20} bytes of the value of 'a', 64 are left",
    ),
    "a text in an array beyond the end": (
        one("a", array(8, 1, struct.pack("<Q", 1 << 62) + DATA)),
        f"speaks of {1 << 62} bytes of an element of 'a', 64 are left",
    ),
    "a key of 2^40": (
        head(0, 1) + struct.pack("<Q", 1 << 40) + DATA,
        f"has a key of {1 << 40} bytes, at most 256 are read",
    ),
    "a key that is no text": (
        head(0, 1) + struct.pack("<Q", 1) + b"\xff" + DATA,
        "has a key that is no UTF-8 text: b'\\xff'",
    ),
    "a key twice": (head(0, 2) + pair("a", 1) + pair("a", 2), "names 'a' twice"),
    "NaN": (one("a", ("raw", struct.pack("<If", 6, float("nan")))), "gives 'a' the value nan, which is no number"),
    "a truth of 7": (one("a", ("raw", struct.pack("<IB", 7, 7))), "gives 'a' a truth of 7"),
    "aligned to 7": (
        one("general.alignment", 7),
        "wants its tensors aligned to 7: expected a power of two from 8 to 65536",
    ),
    "aligned to a text": (
        one("general.alignment", "x"),
        "wants its tensors aligned to 'x': expected a power of two from 8 to 65536",
    ),
    "a tensor of no dimension": (head(1) + info("a", ()) + DATA, "declares the tensor 'a' with 0 dimensions"),
    "a tensor of 2^32 - 1 dimensions": (
        head(1) + text("a") + struct.pack("<I", (1 << 32) - 1) + DATA,
        "declares the tensor 'a' with 4294967295 dimensions",
    ),
    "a tensor of nothing": (head(1) + info("a", (0,)) + DATA, "declares the tensor 'a' as F32 with the shape [0]"),
    "a tensor of no kind": (head(1) + info("a", (8,), 77) + DATA, "declares the tensor 'a' of the unknown kind 77"),
    "half a block": (head(1) + info("a", (31,), 8) + DATA, "declares the tensor 'a' as Q8_0 with the shape [31]"),
    "an odd place": (head(1) + info("a", (8,), 0, 5) + DATA, "puts the tensor 'a' at 5, which is no multiple of 32"),
    "a name of 64 letters": (
        head(1) + info("a" * 64, (8,)) + DATA,
        "has a tensor's name of 64 bytes, at most 63 are read",
    ),
    "a name with an escape": (
        head(1) + info("\x1b[2J", (8,)) + DATA,
        "names a tensor '\\x1b[2J', which is unprintable",
    ),
    "a tensor twice": (head(2) + info("a", (8,)) * 2 + DATA, "names the tensor 'a' twice"),
    "overlapping tensors": (
        head(2) + info("a", (8,)) + info("b", (8,)) + DATA,
        "lays the tensors 'a' and 'b' over each other",
    ),
    "a hole": (
        head(2) + info("a", (8,)) + info("b", (8,), 0, 96) + bytes(160),
        "has a hole of 64 bytes before the tensor 'b'",
    ),
    "an overflowing product": (
        head(1) + info("a", (1 << 62, 1 << 62)) + DATA,
        f"ends {4 * (1 << 124) + 96 - 129} bytes early: 129 of {4 * (1 << 124) + 96} are there",
    ),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


@pytest.mark.parametrize(("data", "why"), CASES.values(), ids=list(CASES))
def test_what_lies_is_refused(file: Path, data: bytes, why: str) -> None:
    file.write_bytes(data)
    with pytest.raises(HeaderBroken) as caught:
        read_gguf(file)
    assert caught.value.why == why
    assert caught.value.message == f"model.gguf {why}"


def test_what_is_cut_says_how_much(file: Path) -> None:
    whole = gguf(gguf_metadata(), gguf_tensors())
    file.write_bytes(whole[:-1])
    with pytest.raises(Truncated) as caught:
        read_gguf(file)
    assert caught.value.lack == f"1 bytes of model.gguf ({len(whole) - 1} of {len(whole)} are there)"


@pytest.mark.parametrize("most", ["MOST_TENSORS", "MOST_PAIRS", "MOST_TEXTS"])
def test_a_large_file_does_not_buy_more_work(file: Path, most: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"sage_edge.models.inspect.gguf_header.{most}", 2)
    file.write_bytes(gguf({"a": ["x"] * 3, "b": 1, "c": 1}, {"a": (8,), "b": (8,), "c": (8,)}))
    with pytest.raises(HeaderBroken, match="at most 2 are read"):
        read_gguf(file)


def test_a_count_as_large_as_a_sparse_file_allows(file: Path) -> None:
    with file.open("wb") as stream:
        stream.write(head(1 << 30))
        stream.truncate(1 << 41)
    with pytest.raises(HeaderBroken, match=f"speaks of {1 << 30} tensors, at most 65536 are read"):
        read_gguf(file)


def test_the_real_writer_and_the_real_reader_agree(file: Path) -> None:
    reader = pytest.importorskip("gguf")
    write(file, Shape(hidden=64, intermediate=128, layers=2, heads=4, kv_heads=2, vocabulary=400, context=256))
    ours, theirs = read_gguf(file), reader.GGUFReader(file)
    assert ours.metadata["general.architecture"] == "qwen2"
    assert ours.metadata["qwen2.rope.freq_base"] == pytest.approx(1e6)
    assert ours.lengths["tokenizer.ggml.tokens"] == 400
    assert ours.data_at == theirs.data_offset
    assert [(t.name, t.kind, t.shape, ours.data_at + t.begin, t.end - t.begin) for t in ours.tensors.values()] == [
        (t.name, t.tensor_type.name, tuple(int(n) for n in t.shape), t.data_offset, t.n_bytes) for t in theirs.tensors
    ]


def test_the_kinds_are_those_of_llama_cpp() -> None:
    constants = pytest.importorskip("gguf").constants
    theirs = {int(kind): (kind.name, *sizes) for kind, sizes in constants.GGML_QUANT_SIZES.items()}
    assert theirs | {42: ("Q2_0", 64, 18)} == KINDS


def test_the_kinds_are_those_that_are_shipped() -> None:
    """Its Python part does not know every kind that the library runs. Q8_1 is in no file, and they differ over it."""
    library = pytest.importorskip("llama_cpp")
    ggml = ctypes.CDLL(str(Path(library.__file__).parent / "lib" / "libggml-base.so"))
    ggml.ggml_type_name.restype, ggml.ggml_blck_size.restype = ctypes.c_char_p, ctypes.c_int64
    ggml.ggml_type_size.restype = ctypes.c_size_t
    ours = {number: (name.lower(), *sizes) for number, (name, *sizes) in KINDS.items() if name != "Q8_1"}
    theirs = {
        number: (ggml.ggml_type_name(number).decode().lower(), ggml.ggml_blck_size(number), ggml.ggml_type_size(number))
        for number in range(max(KINDS) + 1)
        if number != 9
    }
    assert {number: kind for number, kind in theirs.items() if kind[1]} == ours


@pytest.mark.parametrize("number", sorted(FILE_TYPES))
def test_every_file_type_has_the_name_that_llama_cpp_gives_it(number: int) -> None:
    kinds = pytest.importorskip("gguf").LlamaFileType
    if number != 41:  # Q2_0, which gguf-py lacks
        assert kinds(number).name.removeprefix("ALL_").removeprefix("MOSTLY_").lower() == FILE_TYPES[number]


def test_no_file_type_lacks_a_name() -> None:
    kinds = pytest.importorskip("gguf").LlamaFileType
    assert {int(kind) for kind in kinds} - {1024} | {41} == FILE_TYPES.keys()


@pytest.mark.parametrize(
    ("number", "says", "kind", "mend"),
    [
        (
            31,
            "the kind Q4_0_4_4, which llama.cpp runs no more",
            ModelKind.UNSUPPORTED,
            "take the Q4_0 file of the same model",
        ),
        (77, "the unknown kind 77", ModelKind.UNSUPPORTED, "take a file of the same model in a usual kind, like Q8_0"),
        (1 << 31, "the unknown kind 2147483648", ModelKind.DAMAGED, "get what is missing or damaged again"),
    ],
)
def test_a_kind_that_is_not_read_here_is_not_supported(
    file: Path, number: int, says: str, kind: ModelKind, mend: str
) -> None:
    file.write_bytes(head(1) + info("a", (8,), number) + DATA)
    report = classify(file)
    assert (report.kind, report.faults) == (kind, (f"{file.name} declares the tensor 'a' of {says}",))
    refusal = report.refusal()
    assert refusal is not None
    assert hints.text(refusal.hint).startswith(f"{mend}, then: sage-edge model inspect ")
