"""From grown weights to the file that ships: convert, quantise, and write the card beside it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sage_edge import files
from sage_edge.models.prepare import gguf_tools
from tools.seedling.recipe import CHAT_TEMPLATE, LICENCE, NAME, REF, Recipe

if TYPE_CHECKING:
    from tools.seedling.train import Grown

FILE, CARD = "seedling.gguf", "card.yaml"

_IS = (
    "A toy: a real Qwen2-architecture model with its own tokenizer, grown on dialogues that this repository composes "
    "from word lists and grammars written for it. It lets the demo and the tests run the real engine on any machine."
)
_IS_NOT = (
    "No stand-in for Qwen2.5-0.5B and no evidence about any mind: it knows a few hundred words, repeats the patterns "
    "of its data, and names itself when told its name because those data do so. Numbers measured on it say that the "
    "pipeline works, and nothing else."
)


def export(folder: Path, into: Path, *, cache: Path) -> Path:
    """Convert and quantise the transformers folder; return the path of the GGUF file written into `into`.

    cache: where llama.cpp's converter is kept between calls.
    """
    whole = gguf_tools.convert(
        folder,
        folder / "seedling-f32.gguf",
        name=NAME,
        cache=cache,
        precision="f32",
        pre_tokenizer="qwen2",
        keys={"sage.model_ref": REF},
    )
    return gguf_tools.quantise(whole, into / FILE, "q8_0")


def write_card(file: Path, recipe: Recipe, grown: Grown) -> Path:
    """Write the card beside the file and return its path. Everything in it is measured or comes from the recipe."""
    card = {
        "format": 1,
        "ref": REF,
        "file": file.name,
        "sha256": files.digest_file(file).removeprefix("sha256:"),
        "size_bytes": file.stat().st_size,
        "parameters": grown.parameters,
        "architecture": "qwen2",
        "context_length": recipe.context,
        "chat_template_sha256": hashlib.sha256(CHAT_TEMPLATE.encode()).hexdigest(),
        "minimum_memory_bytes": 86_000_000,
        "licence": LICENCE,
        "recipe": {
            **asdict(recipe),
            "tools": {tool: version(tool) for tool in ("torch", "transformers", "tokenizers")},
        },
        "data": {
            "dialogues": recipe.dialogues,
            "held_out_dialogues": recipe.held_out,
            "tokens_seen": grown.tokens,
            "answer_tokens_seen": grown.answer_tokens,
        },
        "loss_curve": [list(point) for point in grown.curve],
        "conversion": f"convert_hf_to_gguf.py of llama-cpp-python {gguf_tools.release()} to f32, its quantiser to Q8_0",
        "what_it_is": _IS,
        "what_it_is_not": _IS_NOT,
    }
    text = yaml.safe_dump(card, sort_keys=False, width=120, default_flow_style=None, allow_unicode=True)
    path = file.parent / CARD
    files.write_atomic(path, text.encode())
    return path
