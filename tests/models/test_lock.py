"""Which bytes a name means: read strictly, changed only visibly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.errors import DeclarationError
from sage_edge.models import lock
from sage_edge.models.cards import read_cards
from sage_edge.models.lock import LockedModel
from sage_edge.names import Digest, ModelRef
from tests.models.shelving import REF, declare, digest, manifest

OTHER = ModelRef("other/mind:bf16")
COMMIT = "7ae557604adf67be50417f59c2c2f167def9a775"
DIGESTS = st.binary(max_size=4).map(digest)
LOCKS = st.dictionaries(
    st.sampled_from([REF, OTHER, ModelRef("a/b:c")]), st.builds(LockedModel, DIGESTS, st.sampled_from([None, COMMIT]))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One fleet for all examples of a property."""
    return tmp_path_factory.mktemp("fleet")


@given(LOCKS)
def test_it_is_read_as_it_was_written(folder: Path, content: dict[ModelRef, LockedModel]) -> None:
    lock.write_lock(folder, content)
    assert lock.read_lock(folder) == content
    lines = lock.lock_path(folder).read_text().splitlines()
    assert lines[0] == "format 1"
    assert lines[1:] == sorted(lines[1:])


def test_without_a_lock_nothing_is_locked(tmp_path: Path) -> None:
    assert lock.read_lock(tmp_path) == {}


def test_notes_and_empty_lines_say_nothing(tmp_path: Path) -> None:
    lock.lock_path(tmp_path).write_text(f"format 1\n# a note\n\n{REF} {digest(b'')} -\n")
    assert lock.read_lock(tmp_path) == {REF: LockedModel(digest(b""))}


@pytest.mark.parametrize("sign", ["\u2028", "\x0c", "\x1e", "\x85", "\x0b"])
def test_a_note_ends_where_its_line_ends(tmp_path: Path, sign: str) -> None:
    lock.lock_path(tmp_path).write_text(f"format 1\n# a note{sign}{REF} {digest(b'')} -\n", "utf-8")
    assert lock.read_lock(tmp_path) == {}


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    good = f"{REF} {digest(b'')} -"
    lines = [
        "format 2",
        good,
        good,
        "nonsense",
        f"NoRef {digest(b'')} -",
        f"a/b:c {digest(b'')} main",
        "a/b:c sha256:1 -",
    ]
    lock.lock_path(tmp_path).write_text("\n".join(lines))
    with pytest.raises(DeclarationError) as refused:
        lock.read_lock(tmp_path)
    assert [fault.key for fault in refused.value.faults] == [f"line {number}" for number in (1, 3, 4, 5, 6, 7)]
    assert f"{tmp_path.name}/models.lock: line 1: expected 'format 1', got 'format 2'" in refused.value.message
    assert "line 3: tiny/mind:q8_0 is locked twice" in refused.value.message
    assert "line 6: expected a revision of 40 hex digits or '-', got 'main'" in refused.value.message
    assert hints.text(refused.value.hint) == "write it anew: sage-edge model lock"


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    lock.lock_path(tmp_path).write_bytes(b"format 1\n\xff")
    with pytest.raises(DeclarationError, match="cannot be read"):
        lock.read_lock(tmp_path)


def test_a_difference_shows_both_sides() -> None:
    before = {REF: LockedModel(digest(b"1")), OTHER: LockedModel(digest(b"2"))}
    after = {REF: LockedModel(digest(b"3"), COMMIT), ModelRef("a/b:c"): LockedModel(digest(b"4"))}
    new, gone, changed = lock.differences(before, after)
    assert str(new).startswith("+ a/b:c ")
    assert str(gone).startswith("- other/mind:bf16 ")
    assert "\n" not in f"{new}{gone}"
    minus, plus = str(changed).splitlines()
    assert minus.startswith("- tiny/mind:q8_0")
    assert minus.endswith(f"{digest(b'1')}  -")
    assert plus.endswith(f"{digest(b'3')}  {COMMIT}")
    assert lock.differences(before, before) == ()


def test_refreshing_takes_what_is_here_and_keeps_what_is_elsewhere(tmp_path: Path) -> None:
    declare(tmp_path, source={"hub": f"owner/name@{COMMIT}"})
    declare(tmp_path, ref="other/mind:bf16")
    declare(tmp_path, ref="an/adapter:v1")
    elsewhere = LockedModel(Digest(digest(b"elsewhere")))
    locked = {OTHER: elsewhere, ModelRef("no/card:x"): elsewhere}
    adapter = manifest({"adapter_model.safetensors": b"a"}, ref="an/adapter:v1", container="safetensors")
    stranger = manifest(ref="a/stranger:x")
    held = {one.ref: one for one in (manifest(), adapter, stranger)}
    assert lock.refreshed(locked, read_cards(tmp_path), held) == {
        REF: LockedModel(manifest().digest(), COMMIT),
        OTHER: elsewhere,
    }
