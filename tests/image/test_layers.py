"""A layer's bytes follow from what it holds: not from order, dates, names of owners or what was packed beside it."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.image import layer_files, layer_writer
from sage_edge.image.errors import ImageUnreadable
from sage_edge.image.layer_files import LayerNode
from tests.image.images import Put, layer, sha

BASE = layer(Put("a", None, 0o755), Put("a/x", b"1"), Put("a/y", b"2"), Put("b", None, 0o755), Put("b/z", b"3"))


def read(*layers: bytes) -> list[dict[str, LayerNode]]:
    """What is there after each layer."""
    trees: list[dict[str, LayerNode]] = [{}]
    for number, data in enumerate(layers):
        trees.append(layer_files.read(io.BytesIO(data), trees[-1], number))
    return trees


def anew(*layers: bytes) -> bytes:
    """The last layer as we write it."""
    *_, below, above = read(*layers)
    into = io.BytesIO()
    digest = layer_writer.write(below, above, lambda number: io.BytesIO(layers[number]), into)
    assert digest == sha(into.getvalue())
    return into.getvalue()


def names(data: bytes) -> list[str]:
    """What a layer holds, in order."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getnames()


A, B = Put("a", None, 0o755, 5), Put("b", None, 0o755, 7)
PACKED = {
    "in another order": (layer(B, Put("b/new", b"n"), A, Put("a/x", b"9")),),
    "with folders in which nothing changed": (
        layer(A, Put("a/x", b"9", date=77), Put("a/y", b"2", date=99), B, Put("b/new", b"n"), Put("b/z", b"3")),
    ),
    "without the folders that it lies in": (layer(Put("a/x", b"9"), Put("b/new", b"n")),),
    "with ./ before each path": (layer(Put("./", None), Put("./a/x", b"9"), Put("./b/new", b"n")),),
    "over a folder that it empties first": (
        layer(A, Put("a/.wh..wh..opq"), Put("a/y", b"2"), Put("a/x", b"9"), Put("b/new", b"n")),
    ),
}


@pytest.mark.parametrize("case", PACKED)
def test_one_change_is_one_layer_however_it_was_packed(case: str) -> None:
    assert anew(BASE, *PACKED[case]) == anew(BASE, layer(A, Put("a/x", b"9"), B, Put("b/new", b"n")))
    assert names(anew(BASE, *PACKED[case])) == ["a", "a/x", "b", "b/new"]


def test_everything_in_it_has_one_date_and_no_name_of_an_owner() -> None:
    with tarfile.open(fileobj=io.BytesIO(anew(BASE, layer(Put("a/x", b"9", owner=7), Put("a/.wh.y"))))) as tar:
        members = tar.getmembers()
    assert {(m.mtime, m.uname, m.gname) for m in members} == {(315532800, "", "")}
    assert [m.uid for m in members] == [0, 0, 7]


@pytest.mark.parametrize(
    ("puts", "written"),
    [
        ((Put("a/.wh.x"),), ["a", "a/.wh.x"]),
        ((Put(".wh.a"),), [".wh.a"]),
        ((A, Put("a/.wh..wh..opq"), Put("a/x", b"1")), ["a", "a/.wh.y"]),
        ((Put("a", b"now a file"),), ["a"]),
        ((Put("a/x", None, 0o755), Put("a/x/in", b"")), ["a", "a/x", "a/x/in"]),
        ((Put("a/x", b"1", date=9),), []),
        ((Put("a", None, 0o700),), ["a"]),
        ((Put("a/x", b"1", attributes={"SCHILY.xattr.security.capability": "c"}),), ["a", "a/x"]),
        ((Put("a/x", b"1", attributes={"SCHILY.xattr.trusted.overlay.origin": "c"}),), []),
        ((Put("a/l", leads_to="x"),), ["a", "a/l"]),
        ((Put("a/n", b"n"), Put("a/m", names="a/n")), ["a", "a/m", "a/n"]),
        ((Put("a/" + "long" * 60, b"n"),), ["a", "a/" + "long" * 60]),
    ],
)
def test_what_is_written_makes_the_same_image(puts: tuple[Put, ...], written: list[str]) -> None:
    data = anew(BASE, layer(*puts))
    assert names(data) == written
    wanted, made = read(BASE, layer(*puts))[-1], read(BASE, data)[-1]
    assert {p: n.traits for p, n in made.items()} == {p: n.traits for p, n in wanted.items()}
    assert anew(BASE, data) == data, "and nothing changes when it is written once more"


def test_two_names_of_one_file_stay_one() -> None:
    data = anew(layer(Put("n", b"text"), Put("m", names="n")))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert [(m.name, m.linkname, m.size) for m in tar] == [("m", "", 4), ("n", "m", 0)]


def test_a_link_to_a_file_below_is_a_file_of_its_own() -> None:
    """One engine packs it as a link, another one, which compares folders, as a file."""
    assert anew(BASE, layer(Put("a/x", b"1"), Put("w", names="a/x"))) == anew(BASE, layer(Put("w", b"1")))


PATHS = st.sampled_from(["d", "d/e", "d/f", "g", "d/e/h"])


@st.composite
def changed(draw: st.DrawFn) -> list[Put]:
    """A layer over BASE that an engine could have packed: folders before what is in them."""
    files = draw(st.dictionaries(PATHS, st.binary(max_size=3), max_size=4))
    puts = [Put(f"new/{path}", text, date=draw(st.integers(0, 9))) for path, text in sorted(files.items())]
    kept = [put for put in puts if not any(o.path.startswith(f"{put.path}/") for o in puts)]
    touched = [Put(f"a/{name}", text) for name, text in (("x", b"1"), ("y", b"2")) if draw(st.booleans())]
    gone = [Put("b/.wh.z")] if draw(st.booleans()) else []
    return [Put("new", None, 0o755), *kept, *touched, *gone]


@given(changed(), st.randoms(use_true_random=False))
def test_no_order_and_no_untouched_file_changes_it(puts: list[Put], chance: object) -> None:
    mixed = list(puts)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    untouched = [put for put in puts if not put.path.startswith("a/")]
    assert anew(BASE, layer(*mixed)) == anew(BASE, layer(*puts)) == anew(BASE, layer(*untouched))


def test_a_folder_that_nobody_named_is_there() -> None:
    assert names(anew(BASE, layer(Put("new/d/e", b"")))) == ["new", "new/d", "new/d/e"]


@pytest.mark.parametrize(
    "data",
    [b"no tar file at all" * 60, layer(Put("../out", b"")), layer(Put("a", names="nowhere"))],
    ids=["garbage", "leads out", "dead link"],
)
def test_what_is_no_layer_is_refused(data: bytes) -> None:
    with pytest.raises(ImageUnreadable):
        layer_files.read(io.BytesIO(data), {}, 0)


def test_a_layer_is_written_in_pieces() -> None:
    """As a file of several megabytes is: none is held in memory whole."""
    data = layer(Put("big", bytes(range(256)) * 12_000))
    assert read(anew(data))[-1]["big"].content == read(data)[-1]["big"].content
