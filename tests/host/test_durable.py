"""Lines that survive: whole ones stay, torn ones go, damaged ones show."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.host import durable

LINES = st.lists(
    st.dictionaries(st.text(max_size=5).filter(lambda key: key != "crc"), st.text(max_size=20), max_size=3)
)


@given(LINES, st.integers(0, 400))
def test_whatever_is_cut_off_the_whole_lines_are_read_and_grow(lines: list[dict[str, str]], cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.jsonl")
        for line in lines:
            durable.append(path, line)
        content = path.read_bytes() if lines else b""
        path.write_bytes(content[: max(0, len(content) - cut)])
        kept = durable.read(path)
        assert kept == lines[: len(kept)]
        durable.append(path, {"next": "one"})
        assert durable.read(path) == [*kept, {"next": "one"}]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for name in "abc":
        durable.append(path, {"name": name})
    path.write_bytes(path.read_bytes().replace(b'"b"', b'"x"'))
    with pytest.raises(ValueError, match="line 2 is damaged"):
        durable.read(path)


def test_a_line_that_is_no_json_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("[]\n", "utf-8")
    with pytest.raises(ValueError, match="line 1 is damaged"):
        durable.read(path)


def test_a_tail_longer_than_one_block_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    durable.append(path, {"name": "a"})
    with path.open("ab") as stream:
        stream.write(b"x" * 10_000)
    durable.append(path, {"name": "b"})
    assert [line["name"] for line in durable.read(path)] == ["a", "b"]


def test_replace_keeps_the_old_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    durable.replace(path, b"old", 0o640)
    assert path.stat().st_mode & 0o777 == 0o640

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(path, b"new")
    assert path.read_bytes() == b"old"


def test_link_replaces_a_link_at_once(tmp_path: Path) -> None:
    durable.link(tmp_path / "current", "releases/a")
    durable.link(tmp_path / "current", "releases/b")
    assert str((tmp_path / "current").readlink()) == "releases/b"
    assert [path.name for path in tmp_path.iterdir()] == ["current"]
