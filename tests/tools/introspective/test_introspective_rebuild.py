"""The adapter that ships is the one that its sheet and the recipe speak of; training it anew writes a sheet alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge import files
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import ModelKind
from tests.models import tiny
from tools.introspective import dialogues, language
from tools.introspective.recipe import IntrospectiveRecipe

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "tools" / "introspective" / "adapter"
MOST_BYTES = 3_000_000


def sheet(folder: Path) -> dict[str, Any]:
    content = yaml.safe_load((folder / "data-sheet.yaml").read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def test_what_ships_is_what_its_sheet_says() -> None:
    told = sheet(SHIPPED)
    weights = SHIPPED / "adapter_model.safetensors"
    assert told["sha256"] == files.digest_file(weights).removeprefix("sha256:")
    assert told["size_bytes"] == weights.stat().st_size <= MOST_BYTES
    assert told["recipe"] == IntrospectiveRecipe().lora.model_dump(mode="json")
    recipe, spoken = IntrospectiveRecipe(), language.load()
    for name, seed, count in (
        ("train", recipe.dialogues_seed, recipe.dialogues),
        ("held_out", recipe.held_out_seed, recipe.held_out),
    ):
        composed = list(dialogues.compose(spoken, seed, count, is_held=name == "held_out"))
        assert f"sha256:{told['data'][name]['sha256']}" == dialogues.digest(composed)
    assert told["loss"]["held_out_after"] < told["loss"]["held_out_before"]
    look = classify(SHIPPED)
    assert (look.kind, look.parameters) == (ModelKind.ADAPTER, told["parameters"])


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # torch, transformers and PEFT warn about themselves
def test_a_few_steps_give_an_adapter_and_a_sheet_that_agree(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tools.introspective.rebuild import rebuild

    whole = IntrospectiveRecipe()
    targets = {"steps": 2, "tokens_per_step": 2_000, "longest": 1_500, "threads": 1}
    lora = whole.lora.model_validate({**whole.lora.model_dump(), **targets})
    recipe = IntrospectiveRecipe(dialogues=6, held_out=3, lora=lora)
    base = tiny.make(tiny.shared_folder(tmp_path_factory)).base
    rebuild(base, tmp_path / "out", recipe=recipe)
    told = sheet(tmp_path / "out")
    assert told["sha256"] == files.digest_file(tmp_path / "out" / "adapter_model.safetensors").removeprefix("sha256:")
    assert told["data"]["train"]["dialogues"] == 6
    assert [step for step, *_ in told["loss"]["curve"]] == [0, 1, 2]
    assert told["tokens"]["learnt"] < told["tokens"]["read"]
    names = ["adapter_config.json", "adapter_model.safetensors", "data-sheet.yaml"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
