"""The reader of a GGUF array's texts: the same as reading them one by one, however long they are, and no further."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge.models.errors import HeaderBroken
from sage_edge.models.inspect import gguf_texts, read_gguf
from sage_edge.models.inspect.bounded import Stream
from tests.models.building import gguf

TEXTS = st.lists(st.binary(max_size=40) | st.sampled_from([b"x" * 500, b"y" * 70_000]), max_size=30)
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(TEXTS, st.binary(max_size=20), st.booleans())
def test_texts_are_read_as_they_were_written(tmp_path: Path, texts: list[bytes], behind: bytes, keep: bool) -> None:
    path = tmp_path / "texts"
    path.unlink(missing_ok=True)
    path.write_bytes(b"".join(struct.pack("<Q", len(text)) + text for text in texts) + behind)
    kept: list[bytes] = []
    with Stream(path) as stream:
        gguf_texts.walk(stream, len(texts), "an element", kept if keep else None, most_bytes=10 << 20)
        assert stream.left == len(behind)
        assert stream.take(len(behind), "the rest") == behind
    assert kept == (texts if keep else [])


@quick
@given(TEXTS, st.integers(1, 50), st.booleans())
def test_texts_that_are_cut_are_refused(tmp_path: Path, texts: list[bytes], cut: int, keep: bool) -> None:
    data = b"".join(struct.pack("<Q", len(text)) + text for text in texts)
    path = tmp_path / "texts"
    path.unlink(missing_ok=True)
    path.write_bytes(data[:-cut])
    kept: list[bytes] = []
    with Stream(path) as stream, pytest.raises(HeaderBroken, match="are left"):
        gguf_texts.walk(stream, len(texts) or 1, "an element", kept if keep else None, most_bytes=10 << 20)


def test_no_more_is_kept_than_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.models.inspect.gguf_header.MOST_KEPT_BYTES", 100)
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf({"a": ["x" * 40] * 3, "b": [1] * 26, "c": [1] * 25}, {"t": (8,)}))
    assert read_gguf(path).lengths == {"a": 3, "b": 26, "c": 25}
    assert read_gguf(path, ("c",)).numbers == {"c": (1,) * 25}
    for key in ("a", "b"):
        with pytest.raises(HeaderBroken, match=r"has (more than 100|too many) bytes"):
            read_gguf(path, (key,))


@pytest.mark.parametrize(("key", "values"), [("a", ["x", "", "\u0120y"]), ("b", [1, -2, 3]), ("c", [0.5, -1.0])])
def test_only_what_is_asked_for_is_kept(tmp_path: Path, key: str, values: list[Any]) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf({"a": ["x", "", "\u0120y"], "b": [1, -2, 3], "c": [0.5, -1.0]}, {"t": (8,)}))
    header = read_gguf(path, (key,))
    expected = tuple(value.encode() if isinstance(value, str) else value for value in values)
    assert {**header.texts, **header.numbers} == {key: expected}
