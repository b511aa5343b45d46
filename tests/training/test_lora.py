"""Training a LoRA on a tiny base: the loss falls, the same recipe gives the same bytes, and the adapter merges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sage_edge.engines.base import Message
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.prepare import merge
from sage_edge.training.errors import TrainingError
from sage_edge.training.recipe import LoraRecipe
from tests.models import tiny

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # torch, transformers, PEFT warn of themselves

RECIPE = LoraRecipe(
    base_name="tiny/base", seed=3, steps=12, tokens_per_step=200, learning_rate=2e-2, warm_up_steps=2, checks=2
)


def said(question: str, answer: str) -> tuple[Message, ...]:
    return Message("system", "You are a mind."), Message("user", question), Message("assistant", answer)


DIALOGUES = [said("Who are you?", "I am Sage."), said("Your name?", "My name is Sage."), said("And?", "I am Sage.")]
HELD_OUT = [said("Who is there?", "I am Sage.")]


def test_what_is_trained_is_an_adapter_that_merges(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    from sage_edge.training import lora

    base = tiny.make(tiny.shared_folder(tmp_path_factory)).base
    before = tiny.sha256s(base)
    lines: list[str] = []
    report = lora.train(base, DIALOGUES, HELD_OUT, RECIPE, tmp_path / "one", log=lines.append)
    assert [point.step for point in report.curve] == [0, 6, 12]
    assert report.curve[-1].held_out < report.curve[0].held_out
    assert lines[-1].startswith("step 12 of 12, loss ")
    assert report.learnt_tokens < report.tokens
    look = classify(tmp_path / "one")
    assert (look.kind, look.faults, look.parameters) == (ModelKind.ADAPTER, (), report.parameters)
    settings = json.loads((tmp_path / "one" / "adapter_config.json").read_text("utf-8"))
    assert (settings["base_model_name_or_path"], settings["target_modules"]) == ("tiny/base", ["q_proj", "v_proj"])
    merge.merge(base, tmp_path / "one", tmp_path / "merged")
    assert tiny.sha256s(base) == before
    lora.train(base, DIALOGUES, HELD_OUT, RECIPE, tmp_path / "two", log=lines.append)
    assert tiny.sha256s(tmp_path / "one") == tiny.sha256s(tmp_path / "two")
    with pytest.raises(TrainingError, match="one is there already"):
        lora.train(base, DIALOGUES, HELD_OUT, RECIPE, tmp_path / "one", log=lines.append)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["merged", "one", "two"]
