"""What a model speaks with, as one place says it: a GGUF's header, a source folder, a card, or a loaded engine.

The places are held against each other by the table in `voice_rules`. What a place does not say is None there.

    GGUF     tokenizer.ggml.*, tokenizer.chat_template, <architecture>.context_length, the tensors
    source   config.json, generation_config.json, tokenizer.json, tokenizer_config.json, chat_template.jinja
    card     architecture, context_length, parameters, quantisation, chat_template
    engine   what llama.cpp answers once it has the file
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sage_edge.models.inspect.bounded import Header
from sage_edge.models.inspect.ggml_types import FILE_TYPES

_WORDS = "tokenizer.ggml."
TOKENS, TYPES, SCORES, MERGES = (f"{_WORDS}{name}" for name in ("tokens", "token_type", "scores", "merges"))
ARRAYS = frozenset({TOKENS, TYPES, SCORES, MERGES})
"""The arrays that a GGUF's header has to be read with."""
TEMPLATE = "tokenizer.chat_template"
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = range(1, 7)
"""Types of tokens, as llama.cpp numbers them (enum llama_token_type)."""
_GUESSED = 1_024
"""Added to `general.file_type` by who guessed it (LLAMA_FTYPE_GUESSED)."""


@dataclass(frozen=True)
class Voice:
    """What one place says.

    architecture: as that place spells it. context: tokens. vocabulary: how many tokens. words: the kind of tokenizer,
    `gpt2` for byte pairs, `llama` for pieces. pre: how text is cut before. tokens: by id, None for an id without one.
    types: by id. special: ids by what they are for (`bos`, `eos`, `eot`, `pad`, …). adds: whether a text gets a `bos`
    or `eos` of its own. ends: every token after which nothing more is drawn. template: the chat template.
    parameters: numbers in all tensors. quantisation: as cards name it. strays: words and numbers beyond the vocabulary.
    ends_by: key and file → the ends that this one names.
    """

    architecture: str | None = None
    context: int | None = None
    vocabulary: int | None = None
    words: str | None = None
    pre: str | None = None
    tokens: tuple[bytes | None, ...] | None = None
    types: tuple[int | float, ...] | None = None
    scores: tuple[int | float, ...] | None = None
    merges: tuple[bytes, ...] | None = None
    special: Mapping[str, int] | None = None
    adds: Mapping[str, bool] | None = None
    ends: frozenset[int] | None = None
    template: str | None = None
    parameters: int | None = None
    quantisation: str | None = None
    strays: tuple[tuple[str, int], ...] = ()
    ends_by: Mapping[str, frozenset[int]] = field(default_factory=dict)


SPECIAL = ("bos", "eos", "eot", "eom", "pad", "unk")
"""What a special token may be for."""
_GGUF_NAMES = {"pad": "padding", "unk": "unknown"}


def special_key(name: str) -> str:
    """The key under which a GGUF gives a special token."""
    return f"{_WORDS}{_GGUF_NAMES.get(name, name)}_token_id"


def of_gguf(header: Header) -> Voice:
    """Return what a GGUF's header says; read it with ARRAYS."""
    metadata = header.metadata
    architecture = _text(metadata.get("general.architecture"))
    special = {name: metadata[special_key(name)] for name in SPECIAL if special_key(name) in metadata}
    adds = {
        name: metadata[f"{_WORDS}add_{name}_token"]
        for name in ("bos", "eos")
        if f"{_WORDS}add_{name}_token" in metadata
    }
    kind = metadata.get("general.file_type")
    return Voice(
        architecture=architecture,
        context=_number(metadata.get(f"{architecture}.context_length")),
        vocabulary=len(header.texts[TOKENS]) if TOKENS in header.texts else None,
        words=_text(metadata.get(f"{_WORDS}model")),
        pre=_text(metadata.get(f"{_WORDS}pre")),
        tokens=header.texts.get(TOKENS),
        types=header.numbers.get(TYPES),
        scores=header.numbers.get(SCORES),
        merges=header.texts.get(MERGES),
        special={name: -1 if (number := _number(value)) is None else number for name, value in special.items()},
        adds={name: value is True for name, value in adds.items()},
        template=_text(metadata.get(TEMPLATE)) or None,
        parameters=sum(tensor.count for tensor in header.tensors.values()) or None,
        quantisation=FILE_TYPES.get(kind % _GUESSED) if type(kind) is int else None,
    )


def of_loaded(library: Any, llm: Any) -> Voice:
    """Return what llama.cpp says of the model that it has opened. library: the module. llm: its `Llama`.

    Its metadata are not asked for the template: the binding keeps 1,023 bytes of a value of 1,024.
    """
    words = library.llama_model_get_vocab(llm.model)
    asked = {name: getattr(library, f"llama_vocab_{name}")(words) for name in ("bos", "eos", "eot", "pad")}
    return Voice(
        architecture=llm.metadata.get("general.architecture"),
        context=int(library.llama_model_n_ctx_train(llm.model)),
        vocabulary=int(library.llama_vocab_n_tokens(words)),
        words=llm.metadata.get(f"{_WORDS}model"),
        pre=llm.metadata.get(f"{_WORDS}pre"),
        special={name: int(token) for name, token in asked.items() if token >= 0},
        parameters=int(library.llama_model_n_params(llm.model)),
    )


def loaded_ends(library: Any, llm: Any) -> frozenset[int]:
    """Return every token after which llama.cpp draws nothing more; asks it of each, so it takes a while."""
    words = library.llama_model_get_vocab(llm.model)
    return frozenset(
        token for token in range(library.llama_vocab_n_tokens(words)) if library.llama_vocab_is_eog(words, token)
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if type(value) is int else None
