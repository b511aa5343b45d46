"""The seedling's tokenizer: byte-level BPE behind the Qwen2 pre-tokenizer, trained on the composed dialogues."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tools.seedling.answers import Message
from tools.seedling.dialogues import Dialogue
from tools.seedling.recipe import CHAT_TEMPLATE, Recipe

if TYPE_CHECKING:
    from tokenizers import Tokenizer

END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END_OF_TEXT, START, END)  # in this order, so their ids are 0, 1 and 2

# The published pre-tokenizer of Qwen2 (tokenizer.json of Qwen2.5), which llama.cpp knows as `qwen2`.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(dialogues: Iterable[Dialogue], recipe: Recipe) -> Tokenizer:
    """Return a tokenizer of `recipe.vocabulary` tokens; every byte has one, so any text can be read."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((message.content for dialogue in dialogues for message in dialogue), trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, dialogue: Dialogue) -> tuple[list[int], list[bool]]:
    """Return the dialogue's tokens in ChatML and, for each, whether it is one that the assistant has to write."""
    tokens: list[int] = []
    own: list[bool] = []
    for piece, is_own in _pieces(dialogue):
        ids = tokenizer.encode(piece).ids
        tokens += ids
        own += [is_own] * len(ids)
    return tokens, own


def _pieces(dialogue: Dialogue) -> Iterator[tuple[str, bool]]:
    """Yield the ChatML text in pieces; splitting at special tokens and line ends leaves the tokens the same."""
    for message in dialogue:
        yield from _message(message)


def _message(message: Message) -> Iterator[tuple[str, bool]]:
    is_own = message.role == "assistant"
    yield f"{START}{message.role}\n", False
    yield f"{message.content}{END}", is_own
    yield "\n", False


def save(tokenizer: Tokenizer, folder: Path, recipe: Recipe) -> None:
    """Write the tokenizer with its chat template into `folder`, as transformers and the converter read it."""
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END_OF_TEXT,
        additional_special_tokens=[START],
        model_max_length=recipe.context,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    settings = folder / "tokenizer_config.json"
    # transformers does not write this down for a tokenizer of this kind; the converter reads it from here
    settings.write_text(
        json.dumps(json.loads(settings.read_text("utf-8")) | {"add_bos_token": False}, indent=2), "utf-8"
    )
