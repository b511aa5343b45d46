"""A tiny Qwen2 base and a LoRA adapter of it, made by transformers and PEFT; and a fleet with their cards.

`python -m tests.models.tiny FOLDER` makes FOLDER/base and FOLDER/adapter, in a process of its own because both
libraries warn about themselves. The weights are wide (standard deviation 0.2), so that likeliest tokens differ clearly.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge import files, locks
from sage_edge.models.card import stem
from sage_edge.models.prepare import gguf_tools
from sage_edge.names import ModelRef
from tools.seedling import dialogues, language, tokenizer
from tools.seedling.recipe import Recipe

BASE, REF = ModelRef("tiny/base:f32"), ModelRef("tiny/introspective:v1-q8_0")
SIZES = {"parameters": 125_504, "hidden_size": 64, "context_length": 4096}
"""What cards say of the models below."""
ELSEWHERE = "./fine_tuned_model/final_model"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Tiny:
    """The two folders, as somebody would publish them."""

    base: Path
    adapter: Path

    @property
    def base_weights(self) -> str:
        """The digest that a card pins."""
        return str(files.digest_file(self.base / "model.safetensors"))


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all worker processes of this test run share, and no other run."""
    own = factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


def make(shared: Path) -> Tiny:
    """Return the models, made once for all test processes that share a folder."""
    folder = shared / "tiny-models"
    with locks.hold(shared / "tiny-models.lock", "the tiny models", wait_s=120):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=shared) as scratch:
                words = [sys.executable, "-W", "ignore", "-m", "tests.models.tiny", scratch]
                done = subprocess.run(words, cwd=_ROOT, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
                shutil.copytree(scratch, folder)
    return Tiny(folder / "base", folder / "adapter")


def tools(shared: Path) -> Path:
    """Return a cache that holds llama.cpp's converter, brought once for all test processes that share a folder."""
    cache = shared / "llama-tools"
    with locks.hold(shared / "llama-tools.lock", "the converter", wait_s=600):
        gguf_tools._converter(cache)
    return cache


def cards(
    origin: dict[str, Any], lora: dict[str, Any], sizes: Mapping[str, int] = SIZES, /, **changed: Any
) -> dict[str, dict[str, Any]]:
    """The two cards as content; `origin` and `lora` are sources, `changed` goes over the merged model's card."""
    common = {
        "format": 1,
        "licence": "none",
        "architecture": "qwen2",
        **sizes,
        "minimum_memory_bytes": 1_000_000,
        "validated": False,
        "validation": "a test",
        "source_of_facts": "tests/models/tiny.py",
    }
    merged = {
        "ref": REF,
        "summary": "tiny, merged",
        "container": "gguf",
        "base": BASE,
        "adapter": lora,
        "steps": ["merge", "convert", {"quantise": "q8_0"}],
    }
    return {
        stem(BASE): {**common, "ref": BASE, "summary": "tiny", "container": "safetensors", "source": origin},
        stem(REF): {key: value for key, value in {**common, **merged, **changed}.items() if value is not ...},
    }


def declare(fleet: Path, content: dict[str, dict[str, Any]]) -> Path:
    """Write cards below a fleet and return the fleet."""
    (fleet / "models").mkdir(parents=True, exist_ok=True)
    for name, card in content.items():
        plain = {key: str(value) if isinstance(value, str) else value for key, value in card.items()}
        (fleet / "models" / f"{name}.yaml").write_text(yaml.safe_dump(plain, sort_keys=False), "utf-8")
    return fleet


@functools.cache
def _words() -> Any:
    composed = list(dialogues.compose(language.load(), 1, 200))
    return tokenizer.train(composed, Recipe(vocabulary=800))


def save_words(folder: Path) -> None:
    """Write the tokenizer, with its chat template, into a folder."""
    tokenizer.save(_words(), folder, Recipe())


def _write(folder: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(1)
    words = _words()
    config = Qwen2Config(
        vocab_size=words.get_vocab_size(),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=2,
        initializer_range=0.2,
    )
    model = Qwen2ForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder / "base")
    save_words(folder / "base")
    lora = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")
    joined = get_peft_model(model.float(), lora)
    for name, weight in joined.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.2)
    joined.peft_config["default"].base_model_name_or_path = ELSEWHERE
    joined.save_pretrained(folder / "adapter")


def sha256s(folder: Path) -> dict[str, str]:
    """Name → sha256 of every file."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()
    }


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
