"""From a name to a model in the store, or to exactly one refusal whose hint is a command."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import DeclarationError, ExitCode
from sage_edge.models import lock
from sage_edge.models.errors import (
    AdapterWithoutBase,
    DigestMismatch,
    DoesNotFit,
    ModelError,
    ModelIncomplete,
    ModelNotFound,
    NotLocked,
)
from sage_edge.models.manifest import weights_digest
from sage_edge.models.model_inventory import list_models
from sage_edge.models.resolve import Library
from sage_edge.names import ModelRef
from tests.models.shelving import FILES, REF, SHARDS, TEMPLATE, declare, digest, fill, library, manifest

FLEET = Path(__file__).parents[2] / "fleet"
SEEDLING = ModelRef("sage/seedling:q8_0")
ADAPTER = {
    "adapter_config.json": json.dumps({"base_model_name_or_path": "./fine_tuned_model/final_model"}).encode(),
    "adapter_model.safetensors": b"a" * 100,
}


def refused(made: Library, ref: ModelRef = REF, **asked: object) -> ModelError:
    """Why a name is refused."""
    with pytest.raises(ModelError) as refusal:
        made.resolve(ref, **asked)  # type: ignore[arg-type]
    assert "sage-edge" in hints.text(refusal.value.hint)
    return refusal.value


def test_a_locked_model_is_resolved(tmp_path: Path) -> None:
    made = library(tmp_path)
    model = made.resolve(REF, memory_bytes=1000, deep=True)
    data = FILES["model.gguf"]
    assert (model.ref, model.digest, model.size_bytes) == (REF, digest(data), len(data))
    assert (model.context_tokens, model.chat_template) == (512, TEMPLATE)
    assert model.path == made.store.blob(digest(data))
    assert model.path.read_bytes() == data
    model.check()


def test_several_files_are_resolved_as_a_folder(tmp_path: Path) -> None:
    made = library(tmp_path, SHARDS, container="safetensors")
    model = made.resolve(REF, deep=True)
    assert {path.name: path.read_bytes() for path in model.path.iterdir()} == SHARDS
    assert model.digest == weights_digest([digest(SHARDS[name]) for name in SHARDS if name.startswith("model")])
    (model.path / "config.json").unlink()
    assert made.resolve(REF).path == model.path
    assert (model.path / "config.json").read_bytes() == b"{}"


def test_a_name_that_nobody_declared(tmp_path: Path) -> None:
    refusal = refused(library(tmp_path), ModelRef("no/such:model"))
    assert isinstance(refusal, ModelNotFound)
    assert refusal.message == (
        "no model named no/such:model is on this machine; known: sage/seedling:q8_0, tiny/mind:q8_0"
    )
    assert hints.text(refusal.hint) == "sage-edge model list"


def test_a_name_that_was_never_locked(tmp_path: Path) -> None:
    made = Library(tmp_path / "fleet", tmp_path / "models")
    declare(made.fleet)
    refusal = refused(made)
    assert isinstance(refusal, NotLocked)
    assert refusal.message == "tiny/mind:q8_0 is not locked: no line of fleet/models.lock says which bytes it is"
    assert hints.text(refusal.hint) == "sage-edge model prepare tiny/mind:q8_0"


def test_a_model_in_the_store_without_a_line(tmp_path: Path) -> None:
    refusal = refused(library(tmp_path, locked=False))
    assert isinstance(refusal, NotLocked)
    assert refusal.message == (
        "tiny/mind:q8_0 is not locked: it is in the store, but fleet/models.lock does not name it"
    )
    assert hints.text(refusal.hint) == "sage-edge model lock"


def test_a_revision_that_nobody_looked_up(tmp_path: Path) -> None:
    made = Library(tmp_path / "fleet", tmp_path / "models")
    declare(made.fleet, source={"hub": "owner/name@unresolved"})
    refusal = refused(made)
    assert isinstance(refusal, NotLocked)
    assert refusal.message == (
        "tiny/mind:q8_0 is not locked: owner/name is pinned to no commit, and nobody fetches what may change"
    )
    assert hints.text(refusal.hint) == (
        "write the commit's 40 hex digits into fleet/models/tiny_mind_q8_0.yaml, then: sage-edge fleet check"
    )


def test_a_locked_model_that_is_elsewhere(tmp_path: Path) -> None:
    made = library(tmp_path)
    made.store.remove(REF)
    refusal = refused(made)
    assert isinstance(refusal, ModelIncomplete)
    assert (refusal.message, refusal.missing) == ("tiny/mind:q8_0 lacks all of its files", ("all of its files",))
    assert hints.text(refusal.hint) == "sage-edge model prepare tiny/mind:q8_0"


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    made = library(tmp_path, SHARDS, container="safetensors")
    made.store.blob(digest(SHARDS["model-00002-of-00002.safetensors"])).unlink()
    refusal = refused(made)
    assert isinstance(refusal, ModelIncomplete)
    assert refusal.missing == ("model-00002-of-00002.safetensors",)


def test_a_shard_that_lost_a_byte_is_named(tmp_path: Path) -> None:
    made = library(tmp_path, SHARDS, container="safetensors")
    blob = made.store.blob(digest(SHARDS["model-00001-of-00002.safetensors"]))
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1])
    assert refused(made).message == (
        "tiny/mind:q8_0 lacks 1 bytes of model-00001-of-00002.safetensors (299 of 300 are there)"
    )


def test_a_symlink_in_the_place_of_bytes_is_not_followed(tmp_path: Path) -> None:
    made = library(tmp_path)
    blob = made.store.blob(digest(FILES["model.gguf"]))
    elsewhere = tmp_path / "elsewhere"
    blob.rename(elsewhere)
    blob.symlink_to(elsewhere)
    assert refused(made).message == "tiny/mind:q8_0 lacks model.gguf (a symlink stands in its place)"


def test_an_adapter_is_no_model(tmp_path: Path) -> None:
    made = library(tmp_path, ADAPTER, container="safetensors", base="tiny/base:bf16")
    refusal = refused(made)
    assert isinstance(refusal, AdapterWithoutBase)
    assert (refusal.base, refusal.where_it_pointed) == ("tiny/base:bf16", "./fine_tuned_model/final_model")
    assert refusal.message == (
        "an adapter without its base tiny/base:bf16: it points at './fine_tuned_model/final_model', "
        "a folder's path, and such names no base"
    )
    assert hints.text(refusal.hint) == "sage-edge model prepare tiny/mind:q8_0"
    lock.write_lock(made.fleet, {})
    assert isinstance(refused(made), AdapterWithoutBase)


def test_another_listing_than_the_locked_one(tmp_path: Path) -> None:
    made = library(tmp_path)
    other = manifest(seed=7)
    made.store.put(other)
    refusal = refused(made)
    assert isinstance(refusal, DigestMismatch)
    assert refusal.message == (
        f"the manifest of tiny/mind:q8_0 has digest {other.digest()}, the lock says {manifest().digest()}"
    )
    assert refusal.code == 8


def test_a_flipped_bit_is_found_by_hashing(tmp_path: Path) -> None:
    made = library(tmp_path)
    blob = made.store.blob(digest(FILES["model.gguf"]))
    data = bytearray(blob.read_bytes())
    data[7] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(data)
    model = made.resolve(REF)
    refusal = refused(made, deep=True)
    assert isinstance(refusal, DigestMismatch)
    assert refusal.message.startswith("model.gguf has digest sha256:")
    assert refusal.message.endswith(f"its manifest says {digest(FILES['model.gguf'])}")
    assert hints.text(refusal.hint) == "sage-edge model prepare tiny/mind:q8_0"
    with pytest.raises(DigestMismatch):
        model.check()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    refusal = refused(library(tmp_path, minimum_memory_bytes=2_000_000_000), memory_bytes=1_999_999_999)
    assert isinstance(refusal, DoesNotFit)
    assert (refusal.ref, refusal.needs_bytes, refusal.has_bytes) == (REF, 2_000_000_000, 1_999_999_999)
    assert refusal.code == ExitCode.REFUSED


def test_a_model_without_a_known_context_is_incomplete(tmp_path: Path) -> None:
    made = library(tmp_path)
    unknown = manifest(context_length=None)
    made.store.put(unknown)
    lock.write_lock(made.fleet, {REF: lock.LockedModel(unknown.digest())})
    assert refused(made).message == "tiny/mind:q8_0 lacks its context length"


def test_a_broken_lock_stops_everything(tmp_path: Path) -> None:
    made = library(tmp_path)
    lock.lock_path(made.fleet).write_text("format 9\n")
    with pytest.raises(DeclarationError):
        made.resolve(REF)


def test_the_seedling_needs_neither_a_lock_nor_a_store(tmp_path: Path) -> None:
    for fleet in (FLEET, tmp_path / "no-fleet"):
        made = Library(fleet, tmp_path / "no-store")
        model = made.resolve(SEEDLING, deep=True)
        assert model.path.name == "seedling.gguf"
    assert not (tmp_path / "no-store").exists()


def test_every_declared_model_is_refused_with_a_command_on_a_bare_machine(tmp_path: Path) -> None:
    items, locked = list_models(Library(FLEET, tmp_path)), lock.read_lock(FLEET)
    assert [item.ref for item in items if item.state == "here"] == [SEEDLING]
    for item in items:
        assert (item.model is None) != (item.refusal is None)
        if item.refusal is not None:
            assert item.state == "not here"
            assert isinstance(item.refusal, ModelIncomplete if item.ref in locked else NotLocked)
            assert "sage-edge" in hints.text(item.refusal.hint)


def test_a_survey_has_a_word_for_every_state(tmp_path: Path) -> None:
    made = library(tmp_path)
    declare(made.fleet, ref="not/here:x")

    def state(ref: ModelRef = REF) -> str:
        return next(item.state for item in list_models(made) if item.ref == ref)

    assert (state(), state(ModelRef("not/here:x")), state(SEEDLING)) == ("here", "not here", "here")
    lock.write_lock(made.fleet, {})
    assert state() == "not locked"
    lock.write_lock(made.fleet, {REF: lock.LockedModel(digest(b"other"))})
    assert state() == "changed"
    lock.write_lock(made.fleet, {REF: lock.LockedModel(manifest().digest())})
    made.store.blob(digest(FILES["model.gguf"])).unlink()
    assert state() == "incomplete"
    made.store.manifest_path(REF).write_bytes(b"")
    assert state() == "broken"
    fill(made.store, ADAPTER, tmp_path / "adapter")
    made.store.put(manifest(ADAPTER, container="safetensors"))
    lock.write_lock(made.fleet, {})
    assert state() == "adapter only"


def test_resolving_a_warm_store_costs_little(tmp_path: Path) -> None:
    """The figure is at most 5 ms (`invoke bench.models` prints it); ten times that is a mistake, not a slow machine."""
    made = library(tmp_path, SHARDS, container="safetensors")
    made.resolve(REF)
    best = min(_timed(made) for _ in range(10))
    assert best < 0.05


def _timed(made: Library) -> float:
    began = time.perf_counter()
    made.resolve(REF)
    return time.perf_counter() - began
