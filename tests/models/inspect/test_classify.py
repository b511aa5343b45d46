"""Every folder that ever fooled somebody, as a case file; and the real ones that started the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files, hints
from sage_edge.models import errors as model_errors
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import InspectReport, ModelKind
from tests.models import building, cases

FILES = ("folders.yaml", "adapters.yaml", "gguf.yaml", "foreign.yaml", "unfinished.yaml", "voice.yaml", "sources.yaml")
LEGACY = Path(os.environ.get("SAGE_LEGACY") or Path(__file__).parents[3].parent / "shared" / "legacy" / "data")
"""Read here, before the environment is scrubbed."""
_ZOO = "model-zoo/sage/epistemic-stances"


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=name) for file in FILES for name, case in cases.load(file).items()]
)
def test_a_folder_is_what_its_case_says(case: dict[str, Any], tmp_path: Path) -> None:
    folder, path = cases.plant(tmp_path, case)
    known = cases.words(folder, case, path)
    expected = case.get("error")
    if case.get("absent"):
        with pytest.raises(model_errors.ModelError) as caught:
            classify(path)
        cases.require_same(caught.value, expected, known)
        return
    verdict = classify(path, family=case.get("family"))
    assert verdict.kind.value == case["kind"], verdict
    for part in ("missing", "faults", "notes"):
        if part in case:
            assert list(getattr(verdict, part)) == [cases.filled(text, known) for text in case[part]]
    if "first" in case:
        assert verdict.faults[0] == cases.filled(case["first"], known)
    assert verdict.is_adapter == case.get("is_adapter", verdict.is_adapter)
    refusal = verdict.refusal()
    assert (refusal is None) == verdict.is_model
    if expected is not None:
        assert refusal is not None
        cases.require_same(refusal, expected, known)


def test_a_pipe_in_the_place_of_weights_does_not_stall(tmp_path: Path) -> None:
    folder = building.plant(tmp_path, {"config.json": {"config": {"of": "qwen2"}}, "tokenizer.json": {"tokenizer": {}}})
    os.mkfifo(folder / "model.safetensors")
    verdict = classify(folder)
    assert (verdict.kind, verdict.missing) == (ModelKind.PARTIAL, ("model.safetensors",))
    assert verdict.notes == ("model.safetensors is not read: it cannot be, or is no regular file",)


def test_a_link_may_leave_the_folder_for_the_store_it_belongs_to(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "x").write_bytes(building.content({"safetensors": {"of": "qwen2"}}))
    tree = {"config.json": {"config": {"of": "qwen2"}}, "tokenizer.json": {"tokenizer": {}}}
    folder = building.plant(tmp_path / "snapshot", tree, {"model.safetensors": "../blobs/x"})
    assert classify(folder).kind is ModelKind.REFUSED
    assert classify(folder, within=tmp_path).kind is ModelKind.COMPLETE


def test_a_folder_of_more_files_than_any_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.models.inspect.folder._MOST_ENTRIES", 3)
    building.plant(tmp_path, {f"{n}.txt": {"text": ""} for n in range(4)})
    with pytest.raises(model_errors.ModelError, match="holds more than 3 files: no model does"):
        classify(tmp_path)


def test_a_chat_template_is_known_by_its_digest(tmp_path: Path) -> None:
    tree = {"config.json": {"config": {"of": "qwen2"}}, "tokenizer.json": {"tokenizer": {}}}
    folder = building.plant(tmp_path, {**tree, "model.safetensors": {"safetensors": {"of": "qwen2"}}})
    assert classify(folder).template is None
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert classify(folder).template == files.digest(b"{{ messages }}")


def test_a_template_in_two_places_is_the_one_that_a_gguf_gets(tmp_path: Path) -> None:
    tree = {"config.json": {"config": {"of": "qwen2"}}, "tokenizer.json": {"tokenizer": {}}}
    in_config = {"tokenizer_config.json": {"json": {"chat_template": "{{ messages }}"}}}
    building.plant(tmp_path, {**tree, **in_config, "chat_template.jinja": {"text": "{{ messages }}\n"}})
    assert classify(tmp_path).chat_template == "{{ messages }}"


def test_a_whole_adapter_is_one_wherever_its_base_points(tmp_path: Path) -> None:
    config = {"config": {"of": "adapter", "base_model_name_or_path": "./fine_tuned_model/final_model"}}
    folder = building.plant(tmp_path, {"adapter_config.json": config})
    assert not classify(folder).is_adapter
    building.plant(folder, {"adapter_model.safetensors": {"safetensors": {"of": "adapter"}}})
    assert classify(folder).is_adapter


def test_the_shipped_seedling_is_whole() -> None:
    shipped = Path(classify.__code__.co_filename).parents[1] / "seedling" / "seedling.gguf"
    verdict = classify(shipped, family="qwen2")
    assert (verdict.kind, verdict.quantisation) == (ModelKind.COMPLETE, "q8_0")
    assert verdict.faults == verdict.missing == verdict.notes == ()


# --- the folders of the predecessor, which hold everything but weights ---


def legacy(folder: str) -> InspectReport:
    """Classify one of them, or skip."""
    if not (LEGACY / folder).is_dir():
        pytest.skip(f"the predecessor's files are not here: {LEGACY / folder}")
    return classify(LEGACY / folder)


def test_the_merged_folder_without_weights() -> None:
    verdict = legacy(f"{_ZOO}/qwen2.5-0.5b/introspective-qwen-merged")
    assert verdict.kind is ModelKind.PARTIAL
    assert verdict.missing == ("model.safetensors", "tokenizer.json")


def test_the_14b_without_shards() -> None:
    verdict = legacy(f"{_ZOO}/qwen2.5-14b/base-instruct")
    assert verdict.kind is ModelKind.PARTIAL
    shards = tuple(f"model-0000{n}-of-00008.safetensors" for n in range(1, 9))
    assert verdict.missing == (*shards, "tokenizer.json")
    assert verdict.notes == ("the index names 579 tensors in 8 shards, 29540067328 bytes",)
    assert verdict.dimensions is not None
    assert verdict.dimensions.kv_bytes_per_token == 196_608


def test_the_adapter_with_the_relative_base() -> None:
    verdict = legacy("archive/experiments-phase1/epistemic_bias_mapping/phase2.1_sft_model/final_model")
    assert (verdict.kind, verdict.missing) == (ModelKind.ADAPTER, ("adapter_model.safetensors",))
    assert verdict.base is not None
    assert (verdict.base.kind, verdict.base.written) == ("relative", "./fine_tuned_model/final_model")


def test_the_adapter_with_the_base_in_another_home() -> None:
    verdict = legacy("sage/training/alive_continuous_learning/after_experiences")
    assert (verdict.kind, verdict.missing) == (ModelKind.ADAPTER, ("adapter_model.safetensors",))
    assert verdict.base is not None
    assert (verdict.base.kind, verdict.base.is_here, verdict.base.name) == ("absolute", False, "epistemic-pragmatism")


SHARDS_OF_THE_LARGE = ", ".join(f"model-0000{n}-of-00008.safetensors" for n in range(1, 9))


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        (
            f"{_ZOO}/qwen2.5-0.5b/introspective-qwen-merged",
            "introspective-qwen-merged lacks model.safetensors, tokenizer.json",
        ),
        (f"{_ZOO}/qwen2.5-14b/base-instruct", f"base-instruct lacks {SHARDS_OF_THE_LARGE}, tokenizer.json"),
        (
            "archive/experiments-phase1/epistemic_bias_mapping/phase2.1_sft_model/final_model",
            "final_model lacks adapter_model.safetensors",
        ),
        (
            "sage/training/alive_continuous_learning/after_experiences",
            "after_experiences lacks adapter_model.safetensors",
        ),
    ],
)
def test_every_weightless_folder_is_refused_in_so_many_words(folder: str, says: str) -> None:
    refusal = legacy(folder).refusal()
    assert isinstance(refusal, model_errors.ModelIncomplete)
    assert refusal.message == says
    again = f"sage-edge model inspect {LEGACY / folder}"
    assert hints.text(refusal.hint) == f"get what is missing or damaged again, then: {again}"


def test_every_folder_of_the_predecessor_is_told_apart() -> None:
    folders = sorted({path.parent for path in LEGACY.rglob("*config.json") if path.name != "generation_config.json"})
    if not folders:
        pytest.skip(f"the predecessor's files are not here: {LEGACY}")
    verdicts = {folder.name: classify(folder) for folder in folders}
    assert {verdict.kind for verdict in verdicts.values()} == {ModelKind.PARTIAL, ModelKind.ADAPTER}
    assert not any(verdict.is_model or verdict.is_adapter for verdict in verdicts.values())
