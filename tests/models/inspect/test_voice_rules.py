"""The table of what a speaking model declares: each rule told by its key, between any two places, whatever is broken.

The files that break one key each are cases (tests/cases/inspection/voice.yaml, sources.yaml); here the table itself.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.models import seedling
from sage_edge.models.inspect import pre_tokenizers, read_gguf, source_voice, voice, voice_rules
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.report import ModelKind
from sage_edge.models.inspect.voice import CONTROL, NORMAL, UNUSED, USER, Voice
from tests.models import building

SEEDLING = Path(seedling.__file__).parent / "seedling.gguf"
GOOD = Voice(
    architecture="qwen2",
    context=128,
    vocabulary=6,
    words="gpt2",
    pre="qwen2",
    tokens=(b"<s>", b"a", b"b", b"ab", b"</s>", None),
    types=(CONTROL, NORMAL, NORMAL, NORMAL, CONTROL, UNUSED),
    merges=(b"a b",),
    special={"bos": 0, "eos": 4},
    adds={"bos": False},
    ends=frozenset({4}),
    template="{{ messages }}",
    parameters=20_000,
    quantisation="q8_0",
)
OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "architecture": ({"architecture": "llama"}, "general.architecture is qwen2 in a, llama in b"),
    "context": ({"context": 1024}, "qwen2.context_length is 128 in a, 1024 in b"),
    "kind": ({"words": "llama"}, "tokenizer.ggml.model is gpt2 in a, llama in b"),
    "cutting": ({"pre": "llama-bpe"}, "tokenizer.ggml.pre is qwen2 in a, llama-bpe in b"),
    "a word": (
        {"tokens": (b"<s>", b"a", b"c", b"ab", b"</s>", None)},
        "tokenizer.ggml.tokens is 'b' at 2 in a, 'c' at 2 in b",
    ),
    "markup": (
        {"tokens": (b"<s>", b"a", b"b", b"ab", b"<end>", None)},
        "tokenizer.ggml.tokens is '</s>' at 4 in a, '<end>' at 4 in b",
    ),
    "words": (
        {"tokens": GOOD.tokens[:5] if GOOD.tokens else None},
        "tokenizer.ggml.tokens is 6 tokens in a, 5 tokens in b",
    ),
    "how many": ({"vocabulary": 7}, "the number of tokens is 6 in a, 7 in b"),
    "markup that became text": (
        {"types": (NORMAL, *GOOD.types[1:]) if GOOD.types else None},
        "tokenizer.ggml.token_type is 3 for token 0 in a, 1 for token 0 in b",
    ),
    "text that became markup": (
        {"types": (CONTROL, USER, NORMAL, NORMAL, CONTROL, UNUSED)},
        "tokenizer.ggml.token_type is 1 for token 1 in a, 4 for token 1 in b",
    ),
    "pairs": ({"merges": (b"b a",)}, "tokenizer.ggml.merges is (b'a b',) in a, (b'b a',) in b"),
    "bos": ({"special": {"bos": 1, "eos": 4}}, "tokenizer.ggml.bos_token_id is 0 in a, 1 in b"),
    "eos": ({"special": {"bos": 0, "eos": 0}}, "tokenizer.ggml.eos_token_id is 4 in a, 0 in b"),
    "adds": ({"adds": {"bos": True}}, "tokenizer.ggml.add_bos_token is False in a, True in b"),
    "template": (
        {"template": "{{ other }}"},
        "tokenizer.chat_template is a text of 14 letters in a, another one of 11 in b",
    ),
    "parameters": ({"parameters": 1}, "the number of parameters is 20000 in a, 1 in b"),
    "quantisation": ({"quantisation": "q4_0"}, "general.file_type is q8_0 in a, q4_0 in b"),
}


@pytest.mark.parametrize(("change", "says"), OTHERWISE.values(), ids=list(OTHERWISE))
def test_what_two_places_say_otherwise_is_told_by_its_key(change: dict[str, Any], says: str) -> None:
    assert voice_rules.differences(GOOD, GOOD, "a", "b") == ()
    assert voice_rules.differences(GOOD, dataclasses.replace(GOOD, **change), "a", "b") == (says,)


def test_every_rule_has_a_difference_that_tells_it() -> None:
    told = {says.split(" is ")[0] for _, says in OTHERWISE.values()}
    never = {"tokenizer.ggml.scores", *(voice.special_key(name) for name in ("eot", "eom", "pad", "unk"))}
    keys = {rule.key.format("qwen2") for rule in voice_rules.RULES}
    assert keys - told == never | {"tokenizer.ggml.add_eos_token"}, "those are made by the same functions as others"


@given(st.sampled_from(sorted(OTHERWISE)), st.sampled_from(sorted(field.name for field in dataclasses.fields(Voice))))
def test_a_place_that_is_silent_contradicts_nobody(change: str, silent: str) -> None:
    """What one place does not say is no difference, whatever the other says."""
    other = dataclasses.replace(GOOD, **OTHERWISE[change][0])
    before = set(voice_rules.differences(GOOD, other, "a", "b"))
    nothing: dict[str, Any] = {silent: () if silent == "strays" else None}
    after = set(voice_rules.differences(dataclasses.replace(GOOD, **nothing), other, "a", "b"))
    assert len(after) <= len(before)


@given(st.lists(st.integers(-1, 7), min_size=1, max_size=6), st.integers(0, 8))
def test_special_tokens_are_in_the_vocabulary_or_told(numbers: list[int], size: int) -> None:
    special = dict(zip(voice.SPECIAL, numbers, strict=False))
    told = voice_rules.faults(Voice(vocabulary=size, special=special))
    beyond = [
        f"says {voice.special_key(name)} = {number}, but" for name, number in special.items() if not 0 <= number < size
    ]
    assert len(told) == len(beyond)
    assert all(any(fault.startswith(start) for fault in told) for start in beyond)


def test_a_converter_may_call_a_word_markup_that_looks_like_it() -> None:
    source = dataclasses.replace(GOOD, types=(USER, *GOOD.types[1:]) if GOOD.types else None)
    assert voice_rules.differences(source, GOOD, "a", "b") == ()
    assert voice_rules.differences(GOOD, source, "a", "b") != ()


@pytest.mark.parametrize(
    ("loaded", "says"),
    [
        ({4}, ()),
        ({0, 4}, ()),
        (set(), ("the token 4 ends a reply of the source, and none of the file",)),
        ({2, 4}, ("the token 2 ends a reply of the file, and none of the source",)),
        ({5, 4}, ("the token 5 ends a reply of the file, and none of the source",)),
        ({9, 4}, ("the token 9 ends a reply of the file, and none of the source",)),
        (
            {11},
            (
                "the token 4 ends a reply of the source, and none of the file",
                "the token 11 ends a reply of the file, and none of the source",
            ),
        ),
    ],
)
def test_a_reply_ends_where_its_source_says_or_at_markup(loaded: set[int], says: tuple[str, ...]) -> None:
    assert voice_rules.other_ends(GOOD, dataclasses.replace(GOOD, ends=frozenset(loaded))) == says


WORDS = {"added_tokens": [{"id": 0, "content": "<a>"}, {"id": 2, "content": "<b>"}]}


@pytest.mark.parametrize(
    ("word", "config", "generation", "says"),
    [
        ("<a>", 2, 2, "2 ends a reply of the source, and none of the file (eos_token of tokenizer_config.json says 0)"),
        ("<a>", None, [0, 2], "2 ends a reply of the source, and none of the file (eos_token of tokenizer_config.json"),
        (None, 0, [0, 2], "2 ends a reply of the source, and none of the file (eos_token_id of config.json says 0)"),
        ("<a>", 0, [2, 1], "1 ends a reply of the source, and none of the file (eos_token of tokenizer_config.json "),
    ],
)
def test_the_key_that_names_another_end_is_named(word: object, config: object, generation: object, says: str) -> None:
    documents: Any = {
        "tokenizer.json": WORDS,
        "tokenizer_config.json": {"eos_token": word},
        "config.json": {"eos_token_id": config},
        "generation_config.json": {"eos_token_id": generation},
    }
    first, *_ = voice_rules.other_ends(source_voice.of_source(documents, None), Voice(ends=frozenset({0})))
    assert first.startswith(f"the token {says}")


def test_the_seedling_declares_all_and_llama_cpp_hears_the_same() -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    said = voice.of_gguf(read_gguf(SEEDLING, voice.ARRAYS))
    assert (voice_rules.lacks(said), voice_rules.faults(said)) == ((), ())
    llm = llama_cpp.Llama(str(SEEDLING), n_ctx=32, verbose=False)
    heard = voice.of_loaded(llama_cpp, llm)
    assert voice_rules.differences(said, heard, "a", "b") == ()
    assert voice.loaded_ends(llama_cpp, llm) == {0, 2}
    llm.close()


def test_a_folder_and_a_file_of_the_same_words_agree(tmp_path: Path) -> None:
    """The two builders say the same of their 40 words, so the two readers have to."""
    documents = {"config.json": building.QWEN2, "tokenizer.json": building.tokenizer()}
    source = source_voice.of_source(documents, "{{ messages }}")
    (tmp_path / "m.gguf").write_bytes(building.content({"gguf": {}}))
    file = classify(tmp_path / "m.gguf").voice
    assert voice_rules.differences(source, file, "a", "b") == ()
    assert None not in (source.tokens, source.types, source.merges)
    assert (source.tokens, source.types, source.merges) == (file.tokens, file.types, file.merges)
    assert source.ends == frozenset({2})


@pytest.mark.parametrize(
    "key", [*sorted(voice.ARRAYS - {voice.SCORES}), "tokenizer.ggml.pre", "tokenizer.ggml.eos_token_id"]
)
def test_a_key_that_is_taken_out_of_the_seedling_is_missed(key: str, tmp_path: Path) -> None:
    """A real file, without one of its keys: the reader of the header says so by name."""
    header = read_gguf(SEEDLING, voice.ARRAYS)
    less = dataclasses.replace(
        header,
        metadata={name: value for name, value in header.metadata.items() if name != key},
        texts={name: value for name, value in header.texts.items() if name != key},
        numbers={name: value for name, value in header.numbers.items() if name != key},
    )
    assert voice_rules.lacks(voice.of_gguf(less)) == (key,)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(pre_tokenizers.KNOWN))
def test_llama_cpp_knows_each_way_of_cutting_text(name: str, tmp_path: Path) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    path = tmp_path / "m.gguf"
    path.write_bytes(building.content({"gguf": {"set": {"tokenizer.ggml.pre": name}}}))
    assert classify(path).kind is ModelKind.COMPLETE
    llama_cpp.Llama(str(path), vocab_only=True, verbose=False).close()


@pytest.mark.slow
def test_llama_cpp_knows_no_other(tmp_path: Path) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    path = tmp_path / "m.gguf"
    path.write_bytes(building.content({"gguf": {"set": {"tokenizer.ggml.pre": "qwen22"}}}))
    with pytest.raises(ValueError, match="Failed to load model"):
        llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
