"""What a board answers of its store is read strictly: it is not ours, and may be damaged or hostile."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.model_sync import board_store
from sage_edge.model_sync.errors import UnreadableStore
from sage_edge.model_sync.sync_plan import lineage, plan
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef
from tests.deploy import weights

THOR = HostName("thor")
DIGEST = Digest("sha256:" + "ab" * 32)
ANSWER: dict[str, Any] = {
    "root": "/srv/sage/models",
    "rsync": True,
    "prepares": False,
    "free_bytes": 614400,
    "listings": {},
    "blobs": {DIGEST: 12},
    "parts": {DIGEST: 5},
}


def test_an_answer_is_read() -> None:
    there = board_store.read_store(THOR, ANSWER, ())
    assert (str(there.root), there.rsync, there.prepares, there.free_bytes) == ("/srv/sage/models", True, False, 614400)
    assert (dict(there.blobs), dict(there.parts)) == ({DIGEST: 12}, {DIGEST: 5})


@pytest.mark.parametrize(
    "change",
    [
        {"root": "relative"},
        {"root": "/a\nb"},
        {"root": None},
        {"blobs": {"../etc": 1}},
        {"parts": [DIGEST]},
        {"listings": {weights.REF: "{}"}},
        {"free_bytes": "much"},
    ],
)
def test_an_answer_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableStore) as caught:
        board_store.read_store(THOR, {**ANSWER, **change}, (weights.REF,))
    assert caught.value.host == THOR


def test_a_listing_under_another_name_is_refused(tmp_path: Path) -> None:
    manifest = weights.plain(Store(tmp_path))
    other = ModelRef("a/b:c")
    with pytest.raises(UnreadableStore, match=f"the listing of a/b:c is that of {manifest.ref}"):
        board_store.read_store(THOR, {**ANSWER, "listings": {other: manifest.pretty().decode()}}, (other,))


def test_a_listing_is_read_and_planned(tmp_path: Path) -> None:
    manifest = weights.plain(Store(tmp_path))
    listings = {manifest.ref: manifest.pretty().decode()}
    there = board_store.read_store(THOR, {**ANSWER, "listings": listings}, (manifest.ref,))
    assert there.manifests == {manifest.ref: manifest}
    todo = plan(manifest, there)
    assert (len(todo.missing), todo.names, todo.send_bytes) == (4, True, 3_000_002)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(DIGEST),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just(DIGEST) | st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.sampled_from([*ANSWER, "kept", "wrong", "gone"]), JSON)
def test_any_answer_is_read_or_refused(key: str, value: Any) -> None:
    manifest = weights.MANIFEST
    with contextlib.suppress(UnreadableStore):
        board_store.read_store(THOR, {**ANSWER, key: value}, (manifest.ref,))
    with contextlib.suppress(UnreadableStore):
        board_store.read_commit(THOR, {"kept": True, "wrong": {}, "gone": [], key: value}, manifest)


def test_a_board_cannot_speak_of_files_of_others() -> None:
    own = weights.MANIFEST.files[0].digest
    assert board_store.read_commit(THOR, {"kept": False, "wrong": {own: DIGEST}, "gone": []}, weights.MANIFEST).wrong
    for answer in ({"wrong": {DIGEST: own}, "gone": []}, {"wrong": {}, "gone": [DIGEST]}):
        with pytest.raises(UnreadableStore):
            board_store.read_commit(THOR, {"kept": False, **answer}, weights.MANIFEST)


def test_only_one_base_and_one_adapter_make_a_lineage(tmp_path: Path) -> None:
    store = Store(tmp_path)
    base, adapter, whole = weights.merged(store)
    parents = lineage(whole, store.manifests())
    assert parents is not None
    assert (parents.base, parents.adapter) == (base, adapter)
    assert lineage(base, store.manifests()) is None
    older = weights.model(store, ModelRef("tiny/oldest:bf16"), [("model.safetensors", "weights", b"old")])
    newer = base.model_copy(update={"parents": (older.digest(),)})
    store.put(newer)
    chained = whole.model_copy(update={"parents": (older.digest(), newer.digest(), adapter.digest())})
    chain = lineage(chained, store.manifests())
    assert chain is not None
    assert chain.base == newer
    assert lineage(whole, {base.ref: base}) is None
