"""Every declared architecture: a whole model of it is whole, and what is wrong with one is named, in both formats."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge.models.inspect import architectures
from sage_edge.models.inspect.architectures import KNOWN, Architecture
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import InspectReport, ModelKind
from sage_edge.models.inspect.safetensors_weights import SINGLE
from tests.models import building
from tests.models.building import gguf_metadata, gguf_tensors, tensors_of

TinyShapes = dict[str, tuple[int, ...]]
EACH = pytest.mark.parametrize("architecture", KNOWN, ids=lambda known: known.name)
CONTAINERS = ("safetensors", "gguf")


def config(architecture: Architecture, **changes: Any) -> dict[str, Any]:
    """A config.json of a tiny model."""
    heads = None if architecture.name == "phi" else 2
    common = {**building.QWEN2, "model_type": architecture.name, "num_key_value_heads": heads, "head_dim": 8}
    del common["tie_word_embeddings"]
    return {**common, **changes}


def whole(architecture: Architecture, container: str) -> TinyShapes:
    """The tensors of a tiny model."""
    if container == "gguf":
        return {name: tuple(shape) for name, shape in gguf_tensors(architecture.gguf).items()}
    return {name: tuple(shape) for name, (_, shape) in tensors_of(config(architecture)).items()}


def inspected(
    folder: Path, architecture: Architecture, container: str, tensors: TinyShapes, **changes: Any
) -> InspectReport:
    """Write a model and look at it. changes: of its config or metadata."""
    folder.mkdir(parents=True)
    if container == "gguf":
        metadata = gguf_metadata(architecture.gguf, **changes)
        (folder / "model.gguf").write_bytes(building.gguf(metadata, tensors))
    else:
        (folder / "config.json").write_text(json.dumps(config(architecture, **changes)), "utf-8")
        (folder / "tokenizer.json").write_bytes(building.content({"tokenizer": {}}))
        data = building.safetensors({name: ("F16", shape) for name, shape in tensors.items()})
        (folder / SINGLE).write_bytes(data)
    return classify(folder)


@EACH
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_whole_model_is_whole_and_estimated(architecture: Architecture, container: str, tmp_path: Path) -> None:
    report = inspected(tmp_path / "it", architecture, container, whole(architecture, container))
    assert (report.kind, report.faults, report.missing, report.notes) == (ModelKind.COMPLETE, (), (), ())
    assert report.dimensions is not None
    assert report.dimensions.family == architecture.name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_tensor_that_is_missing_wrong_or_foreign_is_named(tmp_path: Path, data: st.DataObject) -> None:
    architecture = data.draw(st.sampled_from(KNOWN))
    container = data.draw(st.sampled_from(CONTAINERS))
    tensors = whole(architecture, container)
    name = data.draw(st.sampled_from(sorted(tensors)))
    change = data.draw(st.sampled_from(("missing", "wrong", "foreign")))
    declared = tensors.pop(name)
    if change == "wrong":
        tensors[name] = (*declared[:-1], declared[-1] + data.draw(st.integers(1, 9)))
    elif change == "foreign":
        tensors |= {name: declared, f"{name}.extra": (4,)}
    report = inspected(tmp_path / f"m{next(_NUMBERS)}", architecture, container, tensors)
    assert report.kind is ModelKind.DAMAGED
    said = {
        "missing": f"the tensor {name} is missing",
        "wrong": f"{name} has the shape {list(tensors.get(name, ()))}, its config says {list(declared)}",
        "foreign": f"the tensor {name}.extra does not belong to this family",
    }
    assert report.faults == (said[change],)


_NUMBERS = itertools.count()


@EACH
@pytest.mark.parametrize("container", CONTAINERS)
def test_an_output_matrix_of_its_own(architecture: Architecture, container: str, tmp_path: Path) -> None:
    """It may stand beside the embedding, and must where a config says that the two are not one."""
    tensors = whole(architecture, container)
    name, shape = ("output.weight", (32, 40)) if container == "gguf" else ("lm_head.weight", (40, 32))
    report = inspected(tmp_path / "with", architecture, container, {**tensors, name: shape})
    assert report.is_model == (container == "safetensors" or architecture.head_in_gguf != "never")
    tensors.pop(name, None)
    changes = {} if container == "gguf" else {"tie_word_embeddings": False}
    report = inspected(tmp_path / "without", architecture, container, tensors, **changes)
    assert report.is_model == (container == "gguf" and architecture.head_in_gguf != "needed")


SWITCHED = [
    (known, key)
    for known in KNOWN
    for key in dict.fromkeys(switch.config for switch in (known.switches or {}).values() if switch.config)
]


@pytest.mark.parametrize(("architecture", "name"), SWITCHED, ids=lambda it: getattr(it, "name", None))
def test_what_a_config_switches_on_must_be_there(architecture: Architecture, name: str, tmp_path: Path) -> None:
    plain = {tensor: tuple(shape) for tensor, (_, shape) in tensors_of(config(architecture)).items()}
    on = config(architecture, **{name: True})
    more = {tensor: tuple(shape) for tensor, (_, shape) in tensors_of(on).items()}
    assert set(plain) < set(more)
    assert inspected(tmp_path / "on", architecture, "safetensors", more, **{name: True}).is_model
    lacking = inspected(tmp_path / "lacking", architecture, "safetensors", plain, **{name: True})
    assert lacking.faults[0] == f"the tensor {next(key for key in more if key not in plain)} is missing"
    assert not inspected(tmp_path / "off", architecture, "safetensors", more).is_model


@EACH
def test_what_llama_cpp_would_guess_must_be_said(architecture: Architecture, tmp_path: Path) -> None:
    for key in architecture.gguf_keys:
        changes = {f"{architecture.gguf}.{key}".replace(".", "__"): None}
        tensors = whole(architecture, "gguf")
        report = inspected(tmp_path / key, architecture, "gguf", tensors, **changes)
        assert report.missing == (f"the key {architecture.gguf}.{key} of model.gguf",)


@pytest.mark.parametrize("architecture", [known for known in KNOWN if known.says_head_size], ids=lambda it: it.name)
def test_a_head_size_that_does_not_follow_must_be_said(architecture: Architecture, tmp_path: Path) -> None:
    tensors = whole(architecture, "safetensors")
    report = inspected(tmp_path / "it", architecture, "safetensors", tensors, head_dim=None)
    assert report.faults == ("config.json does not say head_dim",)


@pytest.mark.parametrize(("ours", "theirs"), [("phi", "phi2"), ("gemma3_text", "gemma3"), ("llama", "llama")])
def test_both_spellings_mean_one_architecture(ours: str, theirs: str) -> None:
    assert architectures.spelt_alike(ours, theirs)
    assert architectures.spelt_alike(theirs, ours)
    assert not architectures.spelt_alike(ours, "qwen2")


def test_gemma3_with_eyes_is_not_the_one_without() -> None:
    """Its config.json says gemma3 and holds the decoder's part apart; a GGUF of the decoder says gemma3 as well."""
    assert architectures.in_config("gemma3") is None
    assert architectures.in_gguf("gemma3") is architectures.GEMMA3


def test_factors_of_the_rotation_may_be_there(tmp_path: Path) -> None:
    llama = {**whole(architectures.LLAMA, "gguf"), "rope_freqs.weight": (4,)}
    assert inspected(tmp_path / "llama", architectures.LLAMA, "gguf", llama).is_model
    phi = {**whole(architectures.PHI3, "gguf"), "rope_factors_long.weight": (3,)}
    report = inspected(tmp_path / "phi3", architectures.PHI3, "gguf", phi, phi3__rope__dimension_count=6)
    assert report.is_model
    old = {**whole(architectures.LLAMA, "safetensors"), "model.layers.0.self_attn.rotary_emb.inv_freq": (4,)}
    assert inspected(tmp_path / "old", architectures.LLAMA, "safetensors", old).is_model
