"""A folder becomes a model of the store, or says what it is instead; it stays as it is either way."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.models import lock
from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import AdapterWithoutBase, DigestMismatch, ModelError, ModelIncomplete, NotAsDeclared
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare.import_folder import import_folder
from sage_edge.models.resolve import SHIPPED, Library
from sage_edge.names import ModelRef
from tests.models.building import index, plant
from tests.models.shelving import REF, declare

NOW = datetime(2026, 11, 20, 6, tzinfo=timezone.utc)
SIZES = {"parameters": 20_000, "context_length": 128}
WHOLE: dict[str, Any] = {
    "config.json": {"config": {"of": "qwen2"}},
    "model.safetensors": {"safetensors": {"of": "qwen2"}},
    "tokenizer.json": {"tokenizer": {}},
    "tokenizer_config.json": {"text": "{}"},
    "README.md": {"text": "not part of the model"},
}
SHARDS: dict[str, Any] = {
    **{name: kind for name, kind in WHOLE.items() if name != "model.safetensors"},
    "model.safetensors.index.json": {"json": index()},
    **{f"model-{n:05d}-of-00003.safetensors": {"safetensors": {"of": "qwen2", "part": [n, 3]}} for n in range(1, 4)},
}


def machine(folder: Path, **changed: Any) -> tuple[Library, ModelCard]:
    """A bare machine with one card of safetensors."""
    facts = {"container": "safetensors", "quantisation": ..., "chat_template": ..., **SIZES, **changed}
    declare(folder / "fleet", ref="tiny/base:bf16", container="safetensors")
    declare(folder / "fleet", **facts)
    made = Library(folder / "fleet", folder / "models")
    return made, read_cards(made.fleet)[REF]


def bring(folder: Path, source: Path, **changed: Any) -> tuple[Library, Manifest]:
    """Import a folder, and lock it."""
    made, card = machine(folder, **changed)
    manifest = import_folder(source, card, made.store, NOW)
    lock.write_lock(made.fleet, lock.refreshed({}, read_cards(made.fleet), made.store.manifests()))
    return made, manifest


def refusal(folder: Path, source: Path, **changed: Any) -> ModelError:
    """Why a folder is refused; the store stays empty."""
    made, card = machine(folder, **changed)
    with pytest.raises(ModelError) as refused:
        import_folder(source, card, made.store, NOW)
    assert made.store.refs() == ()
    assert not made.store.blobs.exists()
    return refused.value


@pytest.mark.parametrize("tree", [WHOLE, SHARDS])
def test_a_whole_folder_becomes_a_model(tmp_path: Path, tree: dict[str, Any]) -> None:
    source = plant(tmp_path / "merged", tree)
    made, manifest = bring(tmp_path, source)
    assert {file.path for file in manifest.files} == set(tree) - {"README.md"}
    assert manifest.source == "import: merged"
    model = made.resolve(REF, deep=True)
    assert {path.name: path.read_bytes() for path in model.path.iterdir()} == {
        name: (source / name).read_bytes() for name in tree if name != "README.md"
    }
    assert import_folder(source, read_cards(made.fleet)[REF], made.store, NOW) == manifest


def test_what_macos_keeps_beside_the_files_changes_nothing(tmp_path: Path) -> None:
    source = plant(tmp_path / "merged", WHOLE)
    _, plain = bring(tmp_path / "plain", source)
    for name in WHOLE:
        (source / f"._{name}").write_bytes(bytes.fromhex("00051607"))
    assert bring(tmp_path / "stick", source)[1].digest() == plain.digest()


def test_the_seedlings_own_folder_becomes_a_model(tmp_path: Path) -> None:
    made, manifest = bring(tmp_path, SHIPPED / "seedling", container="gguf", files=["*.gguf"], parameters=2_756_864)
    assert [file.path for file in manifest.files] == ["seedling.gguf"]
    assert manifest.chat_template == Library(tmp_path, tmp_path).resolve(ModelRef("sage/seedling:q8_0")).chat_template
    assert made.resolve(REF, deep=True).chat_template == manifest.chat_template


def test_files_of_another_template_are_of_another_card(tmp_path: Path) -> None:
    made, card = machine(tmp_path, container="gguf", files=["*.gguf"], chat_template="sha256:" + "1" * 64)
    with pytest.raises(DigestMismatch, match=r"the chat template of tiny/mind:q8_0 has digest") as refused:
        import_folder(SHIPPED / "seedling", card, made.store, NOW)
    assert refused.value.expected == "sha256:" + "1" * 64
    assert made.store.refs() == ()


@pytest.mark.parametrize(("says", "refused"), [(20_000, False), (21_280, False), (18_000, True), (494_032_768, True)])
def test_a_model_of_another_size_is_of_another_card(tmp_path: Path, says: int, refused: bool) -> None:
    """Up to a matrix of embeddings (40 x 32 here) is how files of one model differ."""
    source = plant(tmp_path / "merged", WHOLE)
    if not refused:
        bring(tmp_path, source, parameters=says)
        return
    found = refusal(tmp_path, source, parameters=says)
    difference = f"the number of parameters is 20,000 in its file, {says:,} in its card"
    assert found.message == f"{REF} is not what its card says: {difference}"


def test_a_file_that_holds_less_context_than_its_card_promises_is_refused(tmp_path: Path) -> None:
    source = plant(tmp_path / "merged", WHOLE)
    found = refusal(tmp_path, source, context_length=129)
    assert found.message == f"{REF} is not what its card says: qwen2.context_length is 128 in its file, 129 in its card"
    assert isinstance(found, NotAsDeclared)
    assert (found.ref, len(found.differences), found.code) == (REF, 1, 8)
    assert "mend fleet/models/tiny_mind_q8_0.yaml" in hints.text(found.hint)
    bring(tmp_path, source, context_length=127)


@pytest.mark.parametrize(("says", "holds"), [("q4_0", 7), ("q8_0", 2), ("f32", 7), ("iq4_xs", 7)])
def test_a_quantisation_that_the_file_has_not_is_refused(tmp_path: Path, says: str, holds: int) -> None:
    kind = {7: "Q8_0", 2: "Q4_0"}[holds]
    made = {"model.gguf": {"gguf": {"set": {"general.file_type": holds}, "matrices": kind}}}
    found = refusal(tmp_path, plant(tmp_path / "merged", made), container="gguf", quantisation=says)
    has = kind.lower()
    assert (
        found.message == f"{REF} is not what its card says: its quantisation is {has} in its file, {says} in its card"
    )
    bring(tmp_path, tmp_path / "merged", container="gguf", quantisation=has)


def test_a_matrix_that_fell_back_is_told_and_refused_unless_the_card_says_so(tmp_path: Path) -> None:
    lost = {"blk.0.ffn_down.weight": "Q5_0"}
    tree = {"model.gguf": {"gguf": {"set": {"general.file_type": 7}, "matrices": "Q8_0", "kinds": lost}}}
    source = plant(tmp_path / "merged", tree)
    changed = {"container": "gguf", "quantisation": "q8_0"}
    found = refusal(tmp_path, source, **changed)
    assert found.message.startswith(
        f"{REF} is not what its card says: 1 of its matrices (blk.0.ffn_down.weight) are not what q8_0 means: "
    )
    assert "11 F32, 1 Q5_0, 14 Q8_0" in found.message
    found = refusal(tmp_path, source, **changed, mixture={"F32": 11, "Q8_0": 15})
    assert "its tensors are 11 F32, 1 Q5_0, 14 Q8_0; its card says 11 F32, 15 Q8_0" in found.message
    bring(tmp_path, source, **changed, mixture={"F32": 11, "Q5_0": 1, "Q8_0": 14})


@pytest.mark.parametrize("says", ["f32", "bf16", "f16"])
def test_numbers_of_another_kind_than_the_card_says_are_refused(tmp_path: Path, says: str) -> None:
    source = plant(tmp_path / "merged", WHOLE)
    if says == "f16":
        bring(tmp_path, source, quantisation=says)
        return
    found = refusal(tmp_path, source, quantisation=says)
    assert found.message == f"{REF} is not what its card says: its numbers are 26 F16 in its file, {says} in its card"


def test_a_tokenizer_is_no_model(tmp_path: Path) -> None:
    """The incident: a folder named `merged` that held a tokenizer and no weights."""
    source = plant(tmp_path / "merged", {name: WHOLE[name] for name in WHOLE if name != "model.safetensors"})
    found = refusal(tmp_path, source)
    assert isinstance(found, ModelIncomplete)
    assert found.hint


@pytest.mark.parametrize("base", ["./fine_tuned_model/final_model", "/somewhere/on/another/machine"])
def test_an_adapter_is_merged_and_not_imported(tmp_path: Path, base: str) -> None:
    tree = {
        "adapter_config.json": {"config": {"of": "adapter", "base_model_name_or_path": base}},
        "adapter_model.safetensors": {"safetensors": {"of": "adapter"}},
    }
    found = refusal(tmp_path, plant(tmp_path / "adapter", tree), base="tiny/base:bf16")
    assert isinstance(found, AdapterWithoutBase)
    assert (found.base, found.where_it_pointed) == ("tiny/base:bf16", base)


def test_a_shard_that_lost_a_byte_is_named(tmp_path: Path) -> None:
    name = "model-00002-of-00003.safetensors"
    tree = {**SHARDS, name: {"safetensors": {"of": "qwen2", "part": [2, 3], "cut": 1}}}
    found = refusal(tmp_path, plant(tmp_path / "merged", tree))
    assert isinstance(found, ModelIncomplete)
    assert name in found.message


def test_weights_of_another_container_are_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, plant(tmp_path / "merged", WHOLE), container="gguf", files=["*"])
    assert found.message == "tiny/mind:q8_0 lacks its gguf weights"


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    tree = {name: WHOLE[name] for name in WHOLE if name != "model.safetensors"}
    weights = plant(tmp_path / "elsewhere", {"weights": WHOLE["model.safetensors"]}) / "weights"
    source = plant(tmp_path / "merged", tree, {"model.safetensors": str(weights)})
    found = refusal(tmp_path, source)
    assert found.message == f"{source}/model.safetensors is a symlink; what it points to is not part of the folder"
    assert hints.text(found.hint) == f"cp -rL {source} COPY, then: sage-edge model import COPY --ref {REF}"


def test_a_pickle_is_refused_with_the_reason(tmp_path: Path) -> None:
    tree = {**{name: WHOLE[name] for name in WHOLE if name != "model.safetensors"}, "pytorch_model.bin": {"text": "x"}}
    assert "pickle" in refusal(tmp_path, plant(tmp_path / "merged", tree)).message


def test_code_of_its_own_is_refused(tmp_path: Path) -> None:
    config = {"config": {"of": "qwen2", "auto_map": {"AutoModelForCausalLM": "modeling.Mind"}}}
    found = refusal(tmp_path, plant(tmp_path / "merged", {**WHOLE, "config.json": config}))
    assert "auto_map" in found.message


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, tmp_path / "absent").message == f"{tmp_path}/absent is no folder"
