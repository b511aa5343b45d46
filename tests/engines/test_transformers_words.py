"""The tokenizer of a transformers folder reads all of a text, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sage_edge.engines.transformers_words import TransformersWords

pytest.importorskip("transformers")
pytestmark = pytest.mark.slow


def test_what_a_tokenizer_was_trained_with_cuts_and_fills_no_prompt(tmp_path: Path) -> None:
    held = {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 8},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "a",
        },
        "added_tokens": [],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(held))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    words = TransformersWords("tiny/base:f32", tmp_path, ends=())
    assert words.tokens("babab", special=True) == [1, 0, 1, 0, 1]
