"""Growing a tiny seedling end to end: composing, training, converting, quantising, describing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sage_edge.models.inspect import gguf_model
from tools.seedling.rebuild import rebuild
from tools.seedling.recipe import Recipe

TINY = Recipe(
    dialogues=300,
    rehearsals=200,
    held_out=10,
    rehearsal_steps=4,
    steps=24,
    warm_up_steps=4,
    hidden=64,
    layers=1,
    feed_forward=64,
    heads=2,
    kv_heads=1,
)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.filterwarnings("default")  # torch and transformers warn about themselves
def test_a_few_steps_give_a_file_and_a_card_that_agree(tmp_path: Path) -> None:
    file = rebuild(tmp_path / "out", cache=tmp_path / "cache", recipe=TINY)
    card = yaml.safe_load((tmp_path / "out" / "card.yaml").read_text("utf-8"))
    metadata = gguf_model.metadata(file)
    assert card["size_bytes"] == file.stat().st_size
    assert metadata["qwen2.embedding_length"] == "64"
    assert metadata["tokenizer.ggml.pre"] == "qwen2"
    assert card["loss_curve"][-1][2] < card["loss_curve"][0][2]
