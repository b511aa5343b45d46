"""What a file is that is not what its name says; the sentences of folders are cases (`foreign.yaml`)."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.models.errors import HeaderBroken
from sage_edge.models.inspect import Header, foreign_content, read_gguf, read_safetensors
from tests.models import building


def _zip(name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, b"x")
    return held.getvalue()


def _tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.gguf"))
    return held.getvalue()


PACKED = {
    "is a zip archive": _zip("model.gguf"),
    "is a pickle: loading it runs whatever code it holds": _zip("archive/data.pkl"),
    "is a tar archive": _tar(),
    "is compressed by gzip": gzip.compress(b"GGUF"),
    "is compressed by bzip2": bz2.compress(b"GGUF"),
    "is compressed by xz": lzma.compress(b"GGUF"),
    "is compressed by zstd": bytes.fromhex("28b52ffd0400"),
    "is a 7z archive": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "is HDF5, as Keras keeps weights, no model": b"\x89HDF\r\n\x1a\n",
}


@pytest.mark.parametrize("name", ["a.gguf", "a.safetensors", "a.json", "a.jinja"])
@pytest.mark.parametrize("what", PACKED)
def test_what_is_packed_is_named(what: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PACKED[what])
    seen = foreign_content.of(tmp_path / name)
    assert seen is not None
    assert seen.what == what


def test_a_length_that_looks_like_gzip_is_a_length(tmp_path: Path) -> None:
    """Eight bytes of gzip without a time are 559,903: a header may be as long as that."""
    header = b"{}".ljust(int.from_bytes(b"\x1f\x8b\x08\0\0\0\0\0", "little"))
    (tmp_path / "a.safetensors").write_bytes(building.framed(header))
    assert read_safetensors(tmp_path / "a.safetensors").tensors == {}
    assert foreign_content.of(tmp_path / "a.safetensors") is None


def test_what_is_its_own_keeps_the_words_of_its_reader(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0))
    with pytest.raises(HeaderBroken, match="speaks of 1152921504606846976 tensors"):
        read_gguf(tmp_path / "a.gguf")


@pytest.mark.parametrize("name", ["a.txt", "a.jinja", "a.model", "a.json", "a.bin"])
@pytest.mark.parametrize("text", ["{{ messages }}", "<s>{{ bos }}", "[1, 2]", '{"a": "<html>"}'])
def test_text_stays_text_where_it_belongs(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    seen = foreign_content.of(tmp_path / name)
    assert seen is None or (name, text[0]) in {("a.json", "<"), ("a.bin", "<")}


def test_no_more_than_the_beginning_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.gguf").open("wb") as sparse:
        sparse.truncate(1 << 40)
    seen = foreign_content.of(tmp_path / "a.gguf")
    assert seen is not None
    assert seen.what == "begins with 65536 zeros: its place was kept, and its bytes have not come"


def test_a_character_cut_by_the_end_of_the_beginning_is_still_text(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_text("x" + "ü" * 5_000)
    seen = foreign_content.of(tmp_path / "a.gguf")
    assert seen is not None
    assert seen.what.startswith("is text, no weights: xüü")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.gguf")
    assert foreign_content.of(tmp_path / "a.gguf") is None


SHAPES = {"a": (1024, 512), "b": (1024, 512), "c": (1024, 512)}
READERS: dict[str, tuple[Callable[[Path], Header], bytes]] = {
    "a.gguf": (read_gguf, building.gguf(building.gguf_metadata(), SHAPES)),
    "a.safetensors": (read_safetensors, building.safetensors({name: ("F32", shape) for name, shape in SHAPES.items()})),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("lacking", ["a", "b", "c", "", "half"])
def test_a_place_that_was_kept_for_a_tensor_holds_none(name: str, lacking: str, tmp_path: Path) -> None:
    """A download in several pieces writes its header first, and ends with a file of the right size."""
    read, data = READERS[name]
    (tmp_path / "whole").write_bytes(data)
    header, size = read(tmp_path / "whole"), 1 << 21
    with (tmp_path / name).open("wb") as sparse:
        sparse.write(data[: header.data_at])
        sparse.truncate(len(data))
        for tensor in header.tensors.values():
            if tensor.name != lacking:
                sparse.seek(header.data_at + tensor.begin + (size // 2 if lacking == "half" else 0))
                sparse.write(bytes(size // 2 if lacking == "half" else size))
    if lacking in SHAPES:
        with pytest.raises(HeaderBroken, match=f"holds nothing of the tensor '{lacking}': its place was kept"):
            read(tmp_path / name)
    else:
        assert read(tmp_path / name) == header
