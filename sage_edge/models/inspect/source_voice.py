"""What a source folder says that its model speaks with: the same Voice as a GGUF's header gives, to be held against it.

Special tokens are looked up as llama.cpp's converter does it: the word in tokenizer_config.json, by its number among
the added tokens of tokenizer.json; else the number in config.json. What ends a reply is the union of config.json,
generation_config.json and the tokenizer's own end.
Source: gguf-py's vocab.py (SpecialVocab) of llama-cpp-python 0.3.36; transformers' generation_config.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sage_edge.models.inspect.json_limits import UntrustedJson
from sage_edge.models.inspect.voice import CONTROL, NORMAL, SPECIAL, UNUSED, USER, Voice

CONFIG, GENERATION, WORDS, WORDS_CONFIG = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
MOST_WORDS_BYTES, MOST_WORDS_PIECES = 64 << 20, 3_000_000
"""Of a tokenizer.json; Gemma's has 33 MB and 580,000 pairs."""
_MOST_TOKENS = 1 << 22
_DIGITS = 9
_NUMBERED = ("bos", "eos", "pad", "decoder_start")
"""Special tokens that transformers reads in config.json."""

Documents = Mapping[str, Mapping[str, UntrustedJson]]
"""File name → what it holds; absent where the folder lacks it."""


def of_source(documents: Documents, template: str | None, *, has_pieces: bool = False) -> Voice:
    """Return what these files say. template: the folder's chat template.

    has_pieces: the folder holds a tokenizer.model, whose words nobody reads here and which goes before tokenizer.json;
    added words beyond the vocabulary are left out then, and are no strays.
    """
    config, words = documents.get(CONFIG, {}), documents.get(WORDS, {})
    model = _object(words.get("model"))
    given, added = _vocabulary(model), _all_added(documents)
    size = _count(config.get("vocab_size"))
    vocabulary = size if size is not None else _rows({*given, *(number for number, _, _ in added)})
    special = _special(documents, {text: number for number, text, _ in added})
    is_known = bool(given) and not has_pieces and vocabulary is not None
    tokens, types = _laid_out(given, added, vocabulary or 0) if is_known else (None, None)
    return Voice(
        architecture=_text(config.get("model_type")),
        context=_count(config.get("max_position_embeddings")),
        vocabulary=vocabulary,
        words=_kind(model) if not has_pieces else None,
        tokens=tokens,
        types=types,
        merges=_merges(model) if is_known else None,
        special=special,
        adds=_adds(words, documents.get(WORDS_CONFIG, {})) if words else None,
        ends=frozenset({*_numbers(config), *_numbers(documents.get(GENERATION, {})), *_tail(special)}),
        ends_by=_ends_by(documents, special),
        template=template,
        strays=tuple(_strays(given, () if has_pieces else added, vocabulary)),
    )


def beyond(documents: Documents, vocabulary: int | None) -> tuple[tuple[str, int], ...]:
    """Return added words and their numbers for which the embedding has no rows: nobody made it larger with them."""
    if vocabulary is None:
        return ()
    return tuple(
        sorted({(word, number) for number, word, _ in _all_added(documents) if number >= vocabulary}, key=_number)
    )


def numbers_beyond(config: Mapping[str, UntrustedJson], vocabulary: int | None) -> Iterator[str]:
    """Say which special tokens of a config.json no row of the embedding has, also where the tokenizer names others."""
    for name in _NUMBERED if vocabulary is not None else ():
        declared = config.get(f"{name}_token_id")
        for number in declared if isinstance(declared, list) else [declared]:
            if type(number) is int and number >= (vocabulary or 0):
                yield f"{CONFIG} says {name}_token_id = {number}, but its tokens are 0 to {(vocabulary or 0) - 1}"


def _number(stray: tuple[str, int]) -> int:
    return stray[1]


def _all_added(documents: Documents) -> list[tuple[int, str, bool]]:
    words = documents.get(WORDS, {})
    return list(_added(words) if words else _decoded(documents.get(WORDS_CONFIG, {})))


def _object(value: UntrustedJson) -> dict[str, UntrustedJson]:
    return value if isinstance(value, dict) else {}


def _text(value: UntrustedJson) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: UntrustedJson) -> int | None:
    return value if type(value) is int and 0 < value <= _MOST_TOKENS else None


def _kind(model: Mapping[str, UntrustedJson]) -> str | None:
    """`gpt2` for pairs of bytes, `llama` for pieces that fall back to bytes."""
    if model.get("type") != "BPE" and "merges" not in model:
        return None
    return "llama" if model.get("byte_fallback") is True else "gpt2"


def _vocabulary(model: Mapping[str, UntrustedJson]) -> dict[int, str]:
    """Number → word of the model's own vocabulary, without the added tokens."""
    words = _object(model.get("vocab"))
    return {number: word for word, number in words.items() if type(number) is int}


def _added(words: Mapping[str, UntrustedJson]) -> Iterator[tuple[int, str, bool]]:
    """Number, word, and whether it is markup, of each added token."""
    entries = words.get("added_tokens")
    for entry in entries if isinstance(entries, list) else ():
        token = _object(entry)
        number, text = token.get("id"), token.get("content")
        if type(number) is int and isinstance(text, str):
            yield number, text, token.get("special") is True


def _decoded(settings: Mapping[str, UntrustedJson]) -> Iterator[tuple[int, str, bool]]:
    """The same, of a folder without tokenizer.json."""
    for number, entry in _object(settings.get("added_tokens_decoder")).items():
        text = _object(entry).get("content")
        if number.isdecimal() and len(number) < _DIGITS and isinstance(text, str):
            yield int(number), text, _object(entry).get("special") is True


def _rows(numbers: set[int]) -> int | None:
    return max(numbers) + 1 if numbers and 0 <= max(numbers) < _MOST_TOKENS else None


def _laid_out(
    given: Mapping[int, str], added: list[tuple[int, str, bool]], size: int
) -> tuple[tuple[bytes | None, ...], tuple[int, ...]]:
    tokens: list[bytes | None] = [None] * size
    types = [UNUSED] * size
    for number, word in given.items():
        if 0 <= number < size:
            tokens[number], types[number] = _bytes(word), NORMAL
    for number, word, is_markup in added:
        if 0 <= number < size:
            tokens[number], types[number] = _bytes(word), CONTROL if is_markup else USER
    return tuple(tokens), tuple(types)


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")


def _strays(
    given: Mapping[int, str], added: Sequence[tuple[int, str, bool]], size: int | None
) -> Iterator[tuple[str, int]]:
    """Words whose number no row of the embedding has."""
    if size is not None:
        pairs = [*given.items(), *((number, word) for number, word, _ in added)]
        yield from sorted({(word, number) for number, word in pairs if not 0 <= number < size}, key=_number)


def _merges(model: Mapping[str, UntrustedJson]) -> tuple[bytes, ...] | None:
    """Pairs as a GGUF writes them: both parts in one text, a space inside a part as byte pairs write it."""
    pairs = model.get("merges")
    if not isinstance(pairs, list):
        return None
    return tuple(_bytes(pair if isinstance(pair, str) else _joined(pair)) for pair in pairs)


def _joined(pair: UntrustedJson) -> str:
    parts = pair if isinstance(pair, list) else ()
    return " ".join(part.replace(" ", "\u0120") for part in parts if isinstance(part, str))


def _special(documents: Documents, added: Mapping[str, int]) -> dict[str, int]:
    config, settings = documents.get(CONFIG, {}), documents.get(WORDS_CONFIG, {})
    special: dict[str, int] = {}
    for name in SPECIAL:
        entry = settings.get(f"{name}_token")
        word = entry if isinstance(entry, str) else _text(_object(entry).get("content"))
        number = added.get(word) if word is not None else None
        if number is None:
            declared = config.get(f"{name}_token_id")
            number = declared if type(declared) is int else None
        if number is not None:
            special[name] = number
    if "eos" not in special and (ends := _numbers(config) or _numbers(documents.get(GENERATION, {}))):
        special["eos"] = ends[0]
    return special


def _numbers(config: Mapping[str, UntrustedJson]) -> list[int]:
    ends = config.get("eos_token_id")
    return [end for end in (ends if isinstance(ends, list) else [ends]) if type(end) is int]


def _ends_by(documents: Documents, special: Mapping[str, int]) -> dict[str, frozenset[int]]:
    """Which key names which ends; the first is the one that becomes a GGUF's."""
    has_word = documents.get(WORDS_CONFIG, {}).get("eos_token") is not None
    places = {f"eos_token of {WORDS_CONFIG}": list(_tail(special)) if has_word else []}
    places |= {f"eos_token_id of {name}": _numbers(documents.get(name, {})) for name in (CONFIG, GENERATION)}
    return {key: frozenset(numbers) for key, numbers in places.items() if numbers}


def _tail(special: Mapping[str, int]) -> tuple[int, ...]:
    return (special["eos"],) if "eos" in special else ()


def _adds(words: Mapping[str, UntrustedJson], settings: Mapping[str, UntrustedJson]) -> dict[str, bool]:
    """Whether a text gets a token of its own in front or behind: by the processor, else by the settings."""
    adds: dict[str, bool] = {}
    last = _object(words.get("post_processor"))
    processors = last.get("processors", [last] if last else [])
    for entry in processors if isinstance(processors, list) else ():
        processor = _object(entry)
        if processor.get("type") == "ByteLevel":
            adds = {"bos": False, "eos": False, **adds}
        elif processor.get("type") == "TemplateProcessing":
            return {}  # which tokens those are is told by tokenising alike, in parity
    for name in ("bos", "eos"):
        declared = settings.get(f"add_{name}_token")
        if isinstance(declared, bool):
            adds.setdefault(name, declared)
    return adds
