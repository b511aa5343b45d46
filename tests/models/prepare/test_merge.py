"""Merging: what is refused without loading anything; and with PEFT itself, what comes out, twice the same."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.models.errors import CannotMerge, ParityFailed
from sage_edge.models.inspect import read_safetensors
from sage_edge.models.inspect.classify import classify
from sage_edge.models.prepare import merge, merge_proof
from tests.models import building, quick, tiny
from tests.models.tiny import Tiny

TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


@pytest.fixture
def pair(tmp_path: Path) -> Tiny:
    """A base and an adapter that look right: nobody loads them."""
    return Tiny(building.plant(tmp_path / "base", quick.BASE), building.plant(tmp_path / "adapter", quick.ADAPTER))


def rewrite(path: Path, **changes: Any) -> None:
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))


def _pickle(found: Tiny) -> None:
    (found.adapter / "adapter_model.bin").write_bytes(b"x")


def _code(found: Tiny) -> None:
    rewrite(found.base / "config.json", auto_map={"AutoModel": "evil.Model"})


def _mapping(found: Tiny) -> None:
    rewrite(found.adapter / "adapter_config.json", auto_mapping={"parent_library": "os", "base_model_class": "system"})


def _kind(found: Tiny) -> None:
    rewrite(found.adapter / "adapter_config.json", peft_type="PROMPT_TUNING")


def _no_config(found: Tiny) -> None:
    (found.base / "config.json").unlink()


def _no_weights(found: Tiny) -> None:
    (found.base / "model.safetensors").unlink()


def _no_adapter(found: Tiny) -> None:
    (found.adapter / "adapter_model.safetensors").unlink()


def _no_tokenizer(found: Tiny) -> None:
    (found.base / "tokenizer_config.json").unlink()


def _no_json(found: Tiny) -> None:
    (found.adapter / "adapter_config.json").write_text("{")


def _a_list(found: Tiny) -> None:
    (found.adapter / "adapter_config.json").write_text("[]")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_pickle, "adapter_model.bin is a pickle, and reading one runs what it says"),
        (
            _code,
            "config.json wants code of its own to be run (auto_map), and code from a model's folder is never run",
        ),
        (_mapping, "adapter_config.json wants code of its own to be run (auto_mapping"),
        (_kind, "its adapter is of the kind 'PROMPT_TUNING'; LORA is known here"),
        (_no_config, "base has no config.json"),
        (_no_weights, "base holds no *.safetensors"),
        (_no_adapter, "adapter holds no adapter_model.safetensors"),
        (_no_tokenizer, "neither the base nor the adapter has tokenizer.json with its config"),
        (_no_json, "adapter_config.json cannot be read: adapter_config.json is no JSON"),
        (_a_list, "adapter_config.json cannot be read: adapter_config.json is no JSON object"),
    ],
)
def test_what_cannot_be_merged_is_refused_before_anything_is_loaded(
    pair: Tiny, tmp_path: Path, spoil: Callable[[Tiny], None], says: str
) -> None:
    spoil(pair)
    with pytest.raises(CannotMerge) as refused:
        merge.merge(pair.base, pair.adapter, tmp_path / "out")
    assert refused.value.message.startswith(says)
    assert refused.value.hint
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A base and an adapter made by transformers and PEFT."""
    return tiny.make(tiny.shared_folder(tmp_path_factory))


@pytest.mark.slow
def test_the_same_inputs_give_the_same_bytes_in_two_processes_and_two_places(made: Tiny, tmp_path: Path) -> None:
    done = merge.merge(made.base, made.adapter, tmp_path / "one")
    elsewhere = Tiny(tmp_path / "moved" / "b", tmp_path / "moved" / "a")
    shutil.copytree(made.base, elsewhere.base)
    shutil.copytree(made.adapter, elsewhere.adapter)
    merge.merge(elsewhere.base, elsewhere.adapter, tmp_path / "deeper" / "two")
    one, two = tiny.sha256s(tmp_path / "one"), tiny.sha256s(tmp_path / "deeper" / "two")
    assert one == two
    assert set(one) == {"config.json", "generation_config.json", "model.safetensors", *TOKENIZER}
    assert set(done.tools) == {"torch", "transformers", "peft", "safetensors"}
    config = json.loads((tmp_path / "one" / "config.json").read_text())
    assert (config["dtype"], config["model_type"]) == ("float32", "qwen2")
    assert str(tmp_path) not in (tmp_path / "one" / "config.json").read_text()
    base = tiny.sha256s(made.base)
    assert {name: one[name] for name in TOKENIZER} == {name: base[name] for name in TOKENIZER}
    assert (tmp_path / "one" / "model.safetensors").stat().st_size > 1.9 * (
        made.base / "model.safetensors"
    ).stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("declared", [{"eos_token_id": [2, 300], "temperature": 0.7, "do_sample": True}, None])
def test_replies_end_where_the_bases_do(made: Tiny, tmp_path: Path, declared: dict[str, Any] | None) -> None:
    base = shutil.copytree(made.base, tmp_path / "base")
    (base / "generation_config.json").unlink()
    if declared is not None:
        (base / "generation_config.json").write_text(json.dumps(declared, indent=1))
    else:
        rewrite(base / "config.json", eos_token_id=[2, 300])
    merge.merge(base, made.adapter, tmp_path / "out")
    told, kept = (classify(folder).voice.ends for folder in (base, tmp_path / "out"))
    assert told == kept == frozenset({2, 300})
    sums, own = tiny.sha256s(tmp_path / "out"), tiny.sha256s(base)
    assert sums.get("generation_config.json") == own.get("generation_config.json")


@pytest.mark.slow
def test_an_adapter_with_its_own_tokenizer_brings_it_along(made: Tiny, tmp_path: Path) -> None:
    adapter = shutil.copytree(made.adapter, tmp_path / "adapter")
    for name in TOKENIZER:
        shutil.copy(made.base / name, adapter)
    (adapter / "chat_template.jinja").write_text("{{ messages }}")
    merge.merge(made.base, adapter, tmp_path / "out")
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == "{{ messages }}"


def edited(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write a safetensors file with another header over the same bytes."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.dumps(change(json.loads(data[8 : 8 + length]))).encode()
    path.chmod(0o644)
    path.write_bytes(building.framed(header) + data[8 + length :])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("model.layers.1.mlp.up_proj", "model.layers.1.mlp.other", "the weights do not fit config.json: "),
        ("model.norm.weight", "model.norma.weight", "the weights do not fit config.json: "),
    ],
)
def test_a_base_whose_weights_are_named_otherwise_is_refused(
    made: Tiny, tmp_path: Path, old: str, new: str, says: str
) -> None:
    base = shutil.copytree(made.base, tmp_path / "base")
    edited(base / "model.safetensors", lambda header: json.loads(json.dumps(header).replace(old, new)))
    with pytest.raises(CannotMerge, match=says):
        merge.merge(base, made.adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_adapter_of_another_base_is_refused(made: Tiny, tmp_path: Path) -> None:
    adapter = shutil.copytree(made.adapter, tmp_path / "adapter")
    edited(
        adapter / "adapter_model.safetensors",
        lambda header: json.loads(json.dumps(header).replace("layers.1.", "layers.7.")),
    )
    with pytest.raises(
        CannotMerge,
        match="the adapter does not fit this base: 6 weights of it would have no place there, first base_model",
    ) as refused:
        merge.merge(made.base, adapter, tmp_path / "out")
    assert refused.value.hint


@pytest.mark.slow
def test_an_adapter_that_lacks_a_layer_is_told_what_it_lacks(made: Tiny, tmp_path: Path) -> None:
    adapter = shutil.copytree(made.adapter, tmp_path / "adapter")
    rewrite(adapter / "adapter_config.json", target_modules=["q_proj", "v_proj", "down_proj", "o_proj"])
    with pytest.raises(
        CannotMerge, match=r"it lacks \d weights which its config asks for, first base_model"
    ) as refused:
        merge.merge(made.base, adapter, tmp_path / "out")
    assert "model inspect" not in hints.text(refused.value.hint)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "name"), [("base", "model.safetensors"), ("adapter", "adapter_model.safetensors")])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_numbers_that_are_none_are_refused_and_told_whose_they_are(
    made: Tiny, tmp_path: Path, side: str, name: str, value: str
) -> None:
    given = {at: shutil.copytree(getattr(made, at), tmp_path / at) for at in ("base", "adapter")}
    path = given[side] / name
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[:-4] + struct.pack("<f", float(value)))
    with pytest.raises(CannotMerge, match=rf"\S+\.weight of the {side} holds NaN or infinite weights"):
        merge.merge(given["base"], given["adapter"], tmp_path / "out")


@pytest.mark.slow
def test_a_base_with_a_matrix_of_zeros_is_refused(made: Tiny, tmp_path: Path) -> None:
    base = shutil.copytree(made.base, tmp_path / "base")
    path = base / "model.safetensors"
    header, data = read_safetensors(path), bytearray(path.read_bytes())
    blank = header.tensors["model.layers.1.mlp.up_proj.weight"]
    data[header.data_at + blank.begin : header.data_at + blank.end] = bytes(blank.end - blank.begin)
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(CannotMerge, match=r"1\.mlp\.up_proj\.weight of the base holds nothing but zeros"):
        merge.merge(base, made.adapter, tmp_path / "out")


@pytest.mark.slow
def test_an_adapter_of_another_rank_than_it_says_is_refused(made: Tiny, tmp_path: Path) -> None:
    adapter = shutil.copytree(made.adapter, tmp_path / "adapter")
    rewrite(adapter / "adapter_config.json", r=8)
    with pytest.raises(CannotMerge, match="size mismatch"):
        merge.merge(made.base, adapter, tmp_path / "out")


@pytest.mark.slow
def test_what_peft_warns_of_is_reported(made: Tiny, tmp_path: Path) -> None:
    adapter = shutil.copytree(made.adapter, tmp_path / "adapter")
    rewrite(adapter / "adapter_config.json", alpha_pattern={"gate_proj": 64})
    (warning,) = merge.merge(made.base, adapter, tmp_path / "out").warnings
    assert warning.startswith("The following alpha_pattern keys did not match any targeted module and were ignored")
    assert "gate_proj" in warning


@pytest.mark.slow
def test_a_merge_is_held_against_both_in_another_process(made: Tiny, tmp_path: Path) -> None:
    merge.merge(made.base, made.adapter, tmp_path / "out")
    proof = merge_proof.measure(made.base, made.adapter, tmp_path / "out", tmp_path / "rows")
    assert proof.prompts == 64
    assert proof.positions > 64
    assert 0 < proof.max_logit_difference < 1e-4
    merge_proof.judge(proof, "it")
    other = merge_proof.measure(made.base, made.adapter, made.base, tmp_path / "more")
    with pytest.raises(ParityFailed, match=r"it is \S+ away in logits from its base with the adapter unmerged"):
        merge_proof.judge(other, "it")
