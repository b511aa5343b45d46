"""YAML, read strictly: every fault at once, by file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from sage_edge.declared import Declared, Reader
from sage_edge.errors import DeclarationError


class Leaf(Declared):
    """Something inside."""

    count: int = Field(ge=1)


class Thing(Declared):
    """Something to declare."""

    format: Literal[1]
    name: str
    lit: bool = True
    leaves: tuple[Leaf, ...] = ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of declarations."""
    (tmp_path / "fleet" / "things").mkdir(parents=True)
    return tmp_path / "fleet"


def faults(folder: Path, content: str | bytes) -> list[str]:
    """What is wrong with one file."""
    path = folder / "thing.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = Reader(folder)
    record = reader.read(path, Thing)
    assert (record is None) == bool(reader.faults)
    return [str(fault) for fault in reader.faults]


def test_what_macos_keeps_beside_a_file_declares_nothing(folder: Path) -> None:
    (folder / "things" / "._a.yaml").write_bytes(bytes.fromhex("00051607b0"))
    (folder / "things" / "a.yaml").write_text("format: 1\nname: a\n")
    reader = Reader(folder)
    assert list(reader.read_all("things", Thing)) == ["a"]
    reader.finish()


def test_the_lock_of_an_editor_declares_nothing(folder: Path) -> None:
    """Emacs lays it beside what is being edited: a link that leads nowhere, or a file where there are no links."""
    (folder / "things" / ".#a.yaml").symlink_to("anna@desk.1234:99")
    (folder / "things" / ".#b.yaml").write_text("anna@desk.1234:99")
    (folder / "things" / "a.yaml").write_text("format: 1\nname: a\n")
    reader = Reader(folder)
    assert list(reader.read_all("things", Thing)) == ["a"]
    reader.finish()


def test_a_file_with_another_ending_is_named_and_never_passed_over(folder: Path) -> None:
    for name in ("a.yaml", "b.yml", "c.YAML", ".settings.yml", "d.txt"):
        (folder / "things" / name).write_text("format: 1\nname: a\n")
    reader = Reader(folder)
    assert list(reader.read_all("things", Thing)) == ["a"]
    assert [str(fault) for fault in reader.faults] == [
        f"fleet/things/{name}: expected the ending .yaml" for name in ("b.yml", "c.YAML")
    ]


def test_a_good_file_is_a_record(folder: Path) -> None:
    assert faults(folder, "format: 1\nname: a\nleaves: [{count: 2}]\n") == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("format: 1\n", "name: is missing"),
        ("format: 1\nname: a\nnome: b\n", "nome: unknown key; did you mean 'name'?"),
        ("format: 1\nname: a\nname: b\n", "line 3: key 'name' is given twice"),
        ("format: 1\nname: a\nleaves:\n  - {count: 1, count: 2}\n", "line 4: key 'count' is given twice"),
        ("format: 2\nname: a\n", "format: expected 1, got 2"),
        ("format: 1\nname: 7\n", "name: expected text, got 7"),
        ("format: 1\nname: true\n", "name: expected text, got true, which is no text without quotes (line 2)"),
        ("format: 1\nname: a\nlit: 3\n", "lit: expected true or false, got 3"),
        (
            "format: 1\nname: a\nleaves: [{count: 0}]\n",
            "leaves[0].count: input should be greater than or equal to 1, got 0",
        ),
        ("format: 1\nname: a\nleaves: [{count: x}]\n", "leaves[0].count: expected a whole number, got x"),
        ("format: 1\nname: a\nleaves: 3\n", "leaves: expected a list, got 3"),
        ("format: 1\nname: a\nleaves: [3]\n", "leaves[0]: expected keys and values, got 3"),
        ("- a\n", "expected keys and values, got list"),
        ("1: a\n", "line 1: key 1 is no text; write it in quotes"),
        ("", "expected keys and values, got NoneType"),
        ("a: [\n", "line 2:"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "the tag tag:yaml.org,2002:python/object/apply:os.system is not known here",
        ),
        ("? [a, b]\n: c\n", "line 1:"),
        (b"name: \xff\n", "cannot be read"),
        ("a: " + "[" * 50_000, "line 1: is nested too deeply"),
    ],
)
def test_each_fault_is_named(folder: Path, content: str | bytes, expected: str) -> None:
    (found,) = faults(folder, content)
    assert found.startswith("fleet/thing.yaml: ")
    assert expected in found


def test_all_faults_of_all_files_come_at_once(folder: Path) -> None:
    (folder / "things" / "a.yaml").write_text("format: 2\nnome: a\n")
    (folder / "things" / "b.yaml").write_text("format: 1\nname: b\n")
    (folder / "things" / "c.yaml").write_text("format: [\n")
    reader = Reader(folder)
    assert list(reader.read_all("things", Thing)) == ["b"]
    assert reader.read_all("absent", Thing) == {}
    assert reader.read(folder / "none.yaml", Thing) is None
    with pytest.raises(DeclarationError) as refused:
        reader.finish()
    assert [fault.file for fault in refused.value.faults] == [
        "fleet/absent",
        "fleet/none.yaml",
        "fleet/things/a.yaml",
        "fleet/things/a.yaml",
        "fleet/things/a.yaml",
        "fleet/things/c.yaml",
    ]
    assert refused.value.code == 2


def test_a_file_elsewhere_is_named_whole(folder: Path, tmp_path: Path) -> None:
    assert Reader(folder).label(tmp_path / "other.yaml") == "other.yaml"
    assert Reader(folder).label(Path("/etc/sage/host.yaml")) == "/etc/sage/host.yaml"


@given(content=st.text(max_size=80) | st.binary(max_size=80))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    faults(folder, content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
