"""A tiny model of every architecture that `inspect` knows, made by transformers with random weights.

`python -m tests.models.inspect.real_architectures FOLDER` makes FOLDER/NAME for each, in a process of its own because
transformers warns about itself. Each comes with a tokenizer of the kind that its converter asks for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.models import tiny
from tools.seedling import dialogues, language

_ROOT = Path(__file__).parents[3]
_SIZES: Mapping[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_WIDE = {"head_dim": 24}
MODELS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "qwen2": ("qwen2", {"tie_word_embeddings": True}),
    "qwen3": ("qwen3", _WIDE),
    "qwen3-tied": ("qwen3", {**_WIDE, "tie_word_embeddings": True}),
    "llama": ("llama", {}),
    "llama-tied": ("llama", {"tie_word_embeddings": True}),
    "llama-biased": ("llama", {"attention_bias": True, "mlp_bias": True, **_WIDE}),
    "gemma": ("gemma", _WIDE),
    "gemma2": ("gemma2", _WIDE),
    "gemma3": ("gemma3_text", _WIDE),
    "phi": ("phi", {"num_key_value_heads": 4, "intermediate_size": 256}),  # its converter takes 4 times the hidden size
    "phi-normed": ("phi", {"qk_layernorm": True}),
    "phi3": ("phi3", {}),
}
"""A folder's name → the `model_type`, and what differs from the common sizes."""

UNCONVERTED = frozenset({"phi-normed"})
"""llama.cpp has no tensors for the norms of these."""


def make(folder: Path) -> Path:
    """Make all of them below a folder, and return it."""
    words = [sys.executable, "-W", "ignore", "-m", "tests.models.inspect.real_architectures", str(folder)]
    done = subprocess.run(words, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def _write(folder: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    sentences = [line for dialogue in dialogues.compose(language.load(), 1, 60) for line in str(dialogue).split("\n")]
    for name, (kind, changes) in MODELS.items():
        home = folder / name
        home.mkdir(parents=True)
        size = _pieces(home, sentences) if kind in ("gemma", "gemma2") else _words(home)
        config = AutoConfig.for_model(kind, **{**_SIZES, "vocab_size": size, **changes})
        AutoModelForCausalLM.from_config(config).save_pretrained(home)


def _words(home: Path) -> int:
    """Byte pairs, as the seedling has them; returns how many."""
    tiny.save_words(home)
    config = json.loads((home / "tokenizer_config.json").read_text("utf-8"))
    # the converter of phi3 reads byte pairs only under this name
    (home / "tokenizer_config.json").write_text(json.dumps({**config, "tokenizer_class": "GPT2Tokenizer"}), "utf-8")
    return len(json.loads((home / "tokenizer.json").read_text("utf-8"))["model"]["vocab"])


def _pieces(home: Path, sentences: list[str]) -> int:
    """A sentencepiece model; returns how many pieces it has. The converter takes 107 for Gemma's end of a turn."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_prefix=str(home / "tokenizer"),
        vocab_size=480,
        control_symbols=[*(f"<unused{number}>" for number in range(103)), "<start_of_turn>", "<end_of_turn>"],
        model_type="bpe",
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return int(sentencepiece.SentencePieceProcessor(model_file=str(home / "tokenizer.model")).vocab_size())


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
