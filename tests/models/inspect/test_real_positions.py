"""What the table of `positions` says, measured: logits of transformers and of llama.cpp over a long text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sage_edge.models.inspect import positions
from sage_edge.models.inspect.gguf_model import GgufModel
from sage_edge.models.prepare import gguf_tools, merge
from tests.models import tiny

pytestmark = pytest.mark.slow
WINDOW = 100
TEXT = [3 + 7 * number % 400 for number in range(160)]


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({"sliding_window": WINDOW, "use_sliding_window": True, "layer_types": ["sliding_attention"] * 2}, False),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 64.0, "original_max_position_embeddings": 64}}, True),
    ],
)
def test_what_is_said_to_be_lost_is_lost_and_the_rest_is_kept(
    changes: dict[str, Any], is_kept: bool, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for library in ("torch", "transformers", "llama_cpp"):
        pytest.importorskip(library)
    shared = tiny.shared_folder(tmp_path_factory)
    home = shutil.copytree(tiny.make(shared).base, tmp_path / "base")
    config = {**json.loads((home / "config.json").read_text()), **changes}
    config["rope_parameters"] = {"rope_theta": 10_000.0, **config["rope_parameters"]}
    (home / "config.json").write_text(json.dumps(config))
    assert (positions.lost(config) == ()) is is_kept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(positions, "lost", lambda _: ())
        own = gguf_tools.pre_tokenizer(home)
        gguf_tools.convert(
            home, tmp_path / "m.gguf", name="m", cache=tiny.tools(shared), pre_tokenizer=own, precision="f32"
        )
    original, file = merge.TransformersModel(home), GgufModel(tmp_path / "m.gguf", 256)
    gaps = np.abs(original.logits(TEXT) - file.logits(TEXT)).max(axis=1)
    file.close()
    assert gaps[:WINDOW].max() < 1e-2
    assert bool(gaps[WINDOW:].max() < 1e-2) is is_kept
