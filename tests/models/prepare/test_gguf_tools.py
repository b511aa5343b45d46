"""The door to llama.cpp's tools: which converter is run, and which tokenizers it is told about."""

from __future__ import annotations

import io
import json
import math
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files, hints
from sage_edge.errors import StorageError, Unreachable, UsageError
from sage_edge.models.errors import DigestMismatch, ModelError
from sage_edge.models.inspect import read_gguf
from sage_edge.models.prepare import gguf_tools
from tests.models import building
from tools.seedling import tokenizer


def sdist(cache: Path, names: dict[str, bytes]) -> Path:
    """An sdist of the installed release that holds these files of llama.cpp."""
    root = f"llama_cpp_python-{gguf_tools.release()}"
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{root}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in names.items():
            entry = tarfile.TarInfo(f"{root}/vendor/llama.cpp/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def test_another_sdist_is_refused_and_none_of_it_unpacked(tmp_path: Path) -> None:
    path = sdist(tmp_path, {"convert_hf_to_gguf.py": b"import os"})
    with pytest.raises(DigestMismatch) as refused:
        gguf_tools._converter(tmp_path)
    assert (
        refused.value.message
        == f"{path.name} has digest {files.digest_file(path)}, the pin of this release says {gguf_tools.sdist_digest()}"
    )
    assert hints.text(refused.value.hint) == f"delete {path} and try again"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_pinned_sdist_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sdist(tmp_path, {"convert_hf_to_gguf.py": b"1", "gguf-py/gguf/x.py": b"2", "src/llama.cpp": b"3"})
    monkeypatch.setattr(gguf_tools, "_SDISTS", {gguf_tools.release(): files.digest_file(path)})
    folder = gguf_tools._converter(tmp_path)
    found = sorted(entry.relative_to(folder).as_posix() for entry in folder.rglob("*") if entry.is_file())
    assert found == ["convert_hf_to_gguf.py", "gguf-py/gguf/x.py"]
    path.unlink()
    assert gguf_tools._converter(tmp_path) == folder


def test_without_an_index_it_says_where_the_sdist_may_be_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unreachable) as refused:
        gguf_tools._converter(tmp_path)
    assert refused.value.message.startswith("llama.cpp's converter cannot be fetched: No matching distribution found")
    name = f"llama_cpp_python-{gguf_tools.release()}.tar.gz"
    assert hints.text(refused.value.hint) == f"connect this machine and try again; or put {name} into {tmp_path}"
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_another_sdist_is_run_while_it_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, ran = f"llama_cpp_python-{gguf_tools.release()}", tmp_path / "ran"
    script = f"open({str(ran)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='llama-cpp-python')\n"
    (tmp_path / "index").mkdir()
    with tarfile.open(tmp_path / "index" / f"{root}.tar.gz", "w:gz") as archive:
        for name, text in (
            ("setup.py", script),
            ("PKG-INFO", f"Name: llama-cpp-python\nVersion: {gguf_tools.release()}\n"),
        ):
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "cache").mkdir()
    with pytest.raises(Unreachable, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        gguf_tools._converter(tmp_path / "cache")
    assert not ran.exists()
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_sdist_without_a_converter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sdist(tmp_path, {"gguf-py/gguf/x.py": b"2"})
    monkeypatch.setattr(gguf_tools, "_SDISTS", {gguf_tools.release(): files.digest_file(path)})
    with pytest.raises(ModelError, match=f"{path.name} holds no converter"):
        gguf_tools._converter(tmp_path)


def test_a_release_that_nobody_pinned_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_tools, "release", lambda: "9.9.9")
    with pytest.raises(ModelError) as refused:
        gguf_tools._converter(tmp_path)
    assert refused.value.message == (
        "nobody has pinned the sdist of llama-cpp-python 9.9.9, whose converter would be run"
    )
    assert hints.text(refused.value.hint) == "install the pinned release: pip install llama-cpp-python==0.3.36"


@pytest.mark.parametrize("name", ["q8_0", "q4_0", "q4_k_m"])
def test_a_known_kind_is_found_by_its_name(name: str) -> None:
    assert gguf_tools.kind(name) == name


@pytest.mark.parametrize("name", ["", "Q8_0", "q9", "awq", "f16"])
def test_an_unknown_kind_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"nobody here quantises to '{name}'"):
        gguf_tools.kind(name)


def words(**changed: Any) -> dict[str, Any]:
    """A tokenizer.json as Qwen2's is written, with changes to its parts."""
    split = {"type": "Split", "pattern": {"Regex": tokenizer._SPLIT}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    pieces = [{**split, **changed.get("split", {})}, {**level, **changed.get("level", {})}]
    return {
        "normalizer": changed.get("normalizer", {"type": "NFC"}),
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": pieces},
    }


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (words(), "qwen2"),
        (words(normalizer=None), None),
        (words(split={"pattern": {"Regex": r"\s+"}}), None),
        (words(split={"invert": True}), None),
        (words(level={"use_regex": True}), None),
        (words(level={"add_prefix_space": True}), None),
        ({"pre_tokenizer": None}, None),
        ([], None),
    ],
)
def test_a_tokenizer_is_called_qwen2_only_when_it_splits_the_same_way(
    tmp_path: Path, content: Any, found: str | None
) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    assert gguf_tools.pre_tokenizer(tmp_path) == found


def test_without_a_tokenizer_it_is_not_called_anything(tmp_path: Path) -> None:
    assert gguf_tools.pre_tokenizer(tmp_path) is None


SOURCE: dict[str, Any] = {
    "config.json": {"config": {"of": "qwen2"}},
    "model.safetensors": {"safetensors": {"of": "qwen2"}},
    "tokenizer.json": {"tokenizer": {}},
    "tokenizer_config.json": {"json": {"chat_template": "{{ messages }}"}},
}
MADE: dict[str, tuple[dict[str, Any], str]] = {
    "another end": (
        {"set": {"tokenizer.ggml.eos_token_id": 0}},
        "tokenizer.ggml.eos_token_id is 2 in its source, 0 in the new file",
    ),
    "another beginning": (
        {"set": {"tokenizer.ggml.bos_token_id": 1}},
        "tokenizer.ggml.bos_token_id is 0 in its source, 1 in the new file",
    ),
    "another template": (
        {"set": {"tokenizer.chat_template": "{{ message }}"}},
        "tokenizer.chat_template is a text of 14 letters in its source, another one of 13 in the new file",
    ),
    "another context": (
        {"set": {"qwen2.context_length": 64}},
        "qwen2.context_length is 128 in its source, 64 in the new file",
    ),
    "another word": (
        {"items": {"tokenizer.ggml.tokens": {9: "u9"}}},
        "tokenizer.ggml.tokens is 't9' at 9 in its source, 'u9' at 9 in the new file",
    ),
    "markup that became text": (
        {"items": {"tokenizer.ggml.token_type": {1: 1}}},
        "tokenizer.ggml.token_type is 3 for token 1 in its source, 1 for token 1 in the new file",
    ),
    "other pairs": (
        {"set": {"tokenizer.ggml.merges": ["b a"]}},
        "tokenizer.ggml.merges is (b'a b',) in its source, (b'b a',) in the new file",
    ),
    "no end": ({"set": {"tokenizer.ggml.eos_token_id": None}}, "the key tokenizer.ggml.eos_token_id of out.gguf"),
}


def converting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: dict[str, Any]) -> Path:
    """Convert a good source with a converter that makes this of it; returns the folder."""
    source = building.plant(tmp_path / "source", SOURCE)

    def run(*given: object) -> None:
        (tmp_path / "out.gguf").write_bytes(building.content({"gguf": made}))

    monkeypatch.setattr(gguf_tools, "_run", run)
    monkeypatch.setattr(gguf_tools, "_converter", lambda cache, stop: cache)
    return source


@pytest.mark.parametrize(("made", "says"), MADE.values(), ids=list(MADE))
def test_what_the_converter_made_otherwise_is_refused_by_name(
    made: dict[str, Any], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = converting(monkeypatch, tmp_path, made)
    with pytest.raises(ModelError) as refused:
        gguf_tools.convert(source, tmp_path / "out.gguf", name="x", cache=tmp_path)
    assert refused.value.message == f"the new file speaks otherwise than what it was made from: {says}"


def test_what_the_converter_made_alike_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = converting(monkeypatch, tmp_path, {})
    assert gguf_tools.convert(source, tmp_path / "out.gguf", name="x", cache=tmp_path) == tmp_path / "out.gguf"


def test_words_beyond_the_vocabulary_never_reach_the_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = converting(monkeypatch, tmp_path, {})
    (source / "tokenizer.json").write_bytes(building.content({"tokenizer": {"words": {"more": 40}}}))
    with pytest.raises(ModelError, match="gives the word 'more' the number 40, but its vocabulary is 0 to 39"):
        gguf_tools.convert(source, tmp_path / "out.gguf", name="x", cache=tmp_path)
    assert not (tmp_path / "out.gguf").exists()


def test_what_the_quantiser_made_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converting(monkeypatch, tmp_path, {"set": {"general.file_type": 2}, "matrices": "Q4_0"})
    (tmp_path / "f32.gguf").write_bytes(building.content({"gguf": {}}))
    assert gguf_tools.quantise(tmp_path / "f32.gguf", tmp_path / "out.gguf", "q4_0")
    with pytest.raises(ModelError, match=r"general\.file_type is q8_0 in the original, q4_0 in the new file"):
        gguf_tools.quantise(tmp_path / "f32.gguf", tmp_path / "out.gguf", "q8_0")


def test_what_the_quantiser_fails_of_is_all_that_it_is_quoted_with(tmp_path: Path) -> None:
    """It lists each key and each tensor of a file, on the way to what is wrong."""
    file = tmp_path / "odd.gguf"
    file.write_bytes(building.content({"gguf": {"matrices": "F32"}}))
    tensor = read_gguf(file).tensors["blk.1.ffn_up.weight"]
    data = bytearray(file.read_bytes())
    data[tensor.begin : tensor.begin + 4] = struct.pack("<f", math.nan)
    file.write_bytes(data)
    with pytest.raises(ModelError) as refused:
        gguf_tools.quantise(file, tmp_path / "out.gguf", "q8_0")
    lines = refused.value.message.splitlines()
    assert lines[0].startswith(
        "llama.cpp's quantiser fails at odd.gguf with 1: ggml_validate_row_data: found nan value"
    )
    assert len(lines) == 2
    assert lines[1].startswith("llama_model_quantize: failed to quantize: tensor 'blk.1.ffn_")
    assert lines[1].endswith("' has invalid data")
    assert hints.text(refused.value.hint).startswith("nothing was kept; look for damage in the model")


def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> ModelError:
    """How a quantiser that is this program fails."""
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(gguf_tools, "_QUANTISER", program)
    with pytest.raises(ModelError) as refused:
        gguf_tools.widen(tmp_path / "m.gguf", tmp_path / "out.gguf")
    return refused.value


@pytest.mark.parametrize(
    ("error", "shown"),
    [("LookupError('no such tensor')", "no such tensor"), ("LookupError('two\\nlines')", "two\nlines")],
)
def test_of_an_uncaught_error_only_the_error_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str, shown: str
) -> None:
    program = f"import sys\nprint('loading', file=sys.stderr)\ntry:\n  {{}}[1]\nexcept KeyError:\n  raise {error}"
    refusal = failing(monkeypatch, tmp_path, program)
    assert refusal.message == f"llama.cpp's quantiser fails at m.gguf with 1: LookupError: {shown}"


def test_a_tokenizer_that_the_converter_does_not_know_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "BPE pre-tokenizer was not recognized - update get_vocab_base_pre()"
    refusal = failing(monkeypatch, tmp_path, f"raise NotImplementedError({words!r})")
    assert refusal.message == ("llama.cpp's converter does not know how this tokenizer splits text (BPE pre-tokenizer)")
    assert hints.text(refusal.hint) == (
        "take a model whose tokenizer it knows, or a ready GGUF of this one; see: sage-edge model list"
    )


@pytest.mark.parametrize("why", ["No space left on device", "File too large", "Disk quota exceeded"])
def test_a_place_that_takes_no_more_is_no_damage_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(gguf_tools, "_QUANTISER", f"raise OSError('write error: {why}')")
    with pytest.raises(StorageError, match=rf"cannot write {tmp_path}/out\.gguf: {why}") as refused:
        gguf_tools.widen(tmp_path / "m.gguf", tmp_path / "out.gguf")
    assert "start again" in hints.text(refused.value.hint)
