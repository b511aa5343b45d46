"""The table of what a speaking model must declare, and what may not differ from one place to the next.

Each row of RULES is one thing. GGUF inspection, the look at a source, what conversion made of it, the smoke test and
the engine's load all ask this table: `lacks` (what is not said), `faults` (what cannot be right) and `differences`
(what two places say otherwise). llama.cpp would go on with a default for most of them, and only warn: it ends at token
11 without an end, cuts text as nobody trained it without `pre`, reads markup as text without types.
Source: llama.cpp's llama-vocab.cpp (load), as llama-cpp-python 0.3.36 brings it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sage_edge.models.inspect import architectures, pre_tokenizers
from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.voice import (
    BYTE,
    CONTROL,
    MERGES,
    NORMAL,
    SCORES,
    SPECIAL,
    TEMPLATE,
    TOKENS,
    TYPES,
    UNUSED,
    USER,
    Voice,
    special_key,
)

_PAIRS, _PIECES = "gpt2", "llama"
_MAY_BECOME: dict[int | float, tuple[int, ...]] = {CONTROL: (CONTROL,), USER: (USER, CONTROL), UNUSED: (UNUSED,)}
"""What a converter may make of a type: it calls a word that looks like markup a control word."""


Differs = Callable[[Voice, Voice], "tuple[object, object] | None"]
"""What two places say otherwise; None where they agree, or one of them is silent."""


def _never(_: Voice) -> bool:
    return False


def _nothing(_: Voice) -> Iterator[str]:
    return iter(())


def _alike(_: Voice, __: Voice) -> None:
    return None


@dataclass(frozen=True)
class VoiceRule:
    """One thing that a model declares.

    key: as a GGUF calls it, `{}` for its architecture. is_lacking: whether a GGUF has to say it, and does not.
    faults: what cannot be right about it, one sentence each. differs: how a second place says it otherwise, given the
    two places by name; only where both say it.
    """

    key: str
    is_lacking: Callable[[Voice], bool] = _never
    faults: Callable[[Voice], Iterator[str]] = _nothing
    differs: Differs = _alike


def lacks(voice: Voice) -> tuple[str, ...]:
    """Return the keys that a GGUF has to hold, and does not, besides its chat template."""
    return tuple(rule.key.format(voice.architecture) for rule in RULES if rule.is_lacking(voice))


def faults(voice: Voice) -> tuple[str, ...]:
    """Return what cannot be right about a GGUF or a source, as ends of sentences that begin with its name."""
    return tuple(fault for rule in RULES for fault in rule.faults(voice))


def differences(left_voice: Voice, right_voice: Voice, of: str, than: str) -> tuple[str, ...]:
    """Return where two places disagree: `tokenizer.ggml.eos_token_id is 2 in m.gguf, 3 in its card`.

    left_voice: what the right one was made from, where it was. of, than: what the two places are called.
    """
    sentences = []
    for rule in RULES:
        if (pair := rule.differs(left_voice, right_voice)) is not None:
            key = rule.key.format(left_voice.architecture or right_voice.architecture)
            sentences.append(f"{key} is {_plain(pair[0])} in {of}, {_plain(pair[1])} in {than}")
    return tuple(sentences)


def _plain(value: object) -> str:
    return value if isinstance(value, str) and value.isprintable() and len(value) < _LONGEST else short(value)


_LONGEST = 80
_BYTE_ORDER_MARK = "\ufeff"


def _same(field: str) -> Differs:
    """Both say the very same, if both say it."""

    def differs(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
        left, right = getattr(left_voice, field), getattr(right_voice, field)
        return None if None in (left, right) or left == right else (left, right)

    return differs


def _architecture(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
    left, right = left_voice.architecture, right_voice.architecture
    return None if left is None or right is None or architectures.spelt_alike(left, right) else (left, right)


def _pre(voice: Voice) -> Iterator[str]:
    if voice.words == _PAIRS and voice.pre not in (None, "default", *pre_tokenizers.KNOWN):
        yield f"says tokenizer.ggml.pre = {short(voice.pre)}, which llama.cpp has no rules for"


def _tokens(voice: Voice) -> Iterator[str]:
    yield from beyond(voice.strays, voice.vocabulary)
    tokens = [token for token in voice.tokens or () if token]  # llama.cpp gives each empty one a name of its own
    if len(set(tokens)) < len(tokens):  # llama.cpp would end this process, and say nothing
        (twice, _), *_ = Counter(tokens).most_common(1)
        yield f"holds the token {_word(twice)} twice in {TOKENS}"


def beyond(strays: Sequence[tuple[str, int]], vocabulary: int | None) -> Iterator[str]:
    """Say once which words no row of a vocabulary has, as the end of a sentence; nothing where there are none."""
    last = (vocabulary or 0) - 1
    for word, number in strays[:1]:
        more = f", and {len(strays) - 1} more beyond" if len(strays) > 1 else ""
        yield f"gives the word {short(word)} the number {number}{more}, but its vocabulary is 0 to {last}"


def _last(voice: Voice) -> int:
    return (voice.vocabulary or 0) - 1


def _other_tokens(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
    """The first word that is not the same; added ones are cut and normalised by converters."""
    if left_voice.tokens is None or right_voice.tokens is None:
        return None
    if len(left_voice.tokens) != len(right_voice.tokens):
        return f"{len(left_voice.tokens)} tokens", f"{len(right_voice.tokens)} tokens"
    types = left_voice.types or right_voice.types or (NORMAL,) * len(left_voice.tokens)
    for number, (left, right, kind) in enumerate(zip(left_voice.tokens, right_voice.tokens, types, strict=False)):
        if left != right and left is not None and right is not None and (kind == NORMAL or _bare(left) != _bare(right)):
            return f"{_word(left)} at {number}", f"{_word(right)} at {number}"
    return None


def _word(token: bytes) -> str:
    return short(token.decode("utf-8", "replace"))


def _bare(word: bytes) -> bytes:
    return word.replace("\u2581".encode(), b" ").strip()


def _counted(key: str, field: str) -> Callable[[Voice], Iterator[str]]:
    """As many as there are tokens."""

    def count(voice: Voice) -> Iterator[str]:
        values = getattr(voice, field)
        if values is not None and voice.vocabulary is not None and len(values) != voice.vocabulary:
            yield f"holds {len(values)} of {key} for {voice.vocabulary} tokens"

    return count


def _types(voice: Voice) -> Iterator[str]:
    yield from _counted(TYPES, "types")(voice)
    types = voice.types or ()
    if odd := sorted(kind for kind in set(types) if kind not in range(NORMAL, BYTE + 1)):
        yield f"gives a token the type {short(odd[0])} in {TYPES}"
    for name in ("eos", "eot"):
        token = (voice.special or {}).get(name, -1)
        if 0 <= token < len(types) and types[token] not in (CONTROL, USER):
            yield f"ends at the token {token} ({special_key(name)}), which {TYPES} calls ordinary text"


def _other_types(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
    """The first token whose type a converter may not have made of the other."""
    for number, (left, right) in enumerate(zip(left_voice.types or (), right_voice.types or (), strict=False)):
        ordinary = left not in _MAY_BECOME
        wrong = right in (CONTROL, USER) and left_voice.words == _PAIRS if ordinary else right not in _MAY_BECOME[left]
        if wrong and left != right:
            return f"{left} for token {number}", f"{right} for token {number}"
    return None


def _scores(voice: Voice) -> Iterator[str]:
    yield from _counted(SCORES, "scores")(voice)
    if any(not math.isfinite(score) for score in voice.scores or ()):
        yield f"holds a score that is no number in {SCORES}"


def _merges(voice: Voice) -> Iterator[str]:
    if voice.merges is not None and not voice.merges and voice.words == _PAIRS:
        yield f"holds no pair in {MERGES}"
    if odd := [pair for pair in voice.merges or () if pair.find(b" ", 1) in (-1, len(pair) - 1)]:
        yield f"holds {_word(odd[0])} in {MERGES}, which is no pair"


def _special(name: str) -> VoiceRule:
    key = special_key(name)

    def is_lacking(voice: Voice) -> bool:
        is_needed = name == "eos" or (name == "bos" and (voice.adds or {}).get("bos", False))
        return is_needed and name not in (voice.special or {})

    def beyond(voice: Voice) -> Iterator[str]:
        token = (voice.special or {}).get(name)
        if token is not None and voice.vocabulary is not None and not 0 <= token < voice.vocabulary:
            yield f"says {key} = {token}, but its tokens are 0 to {_last(voice)}"

    def differs(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
        left, right = (left_voice.special or {}).get(name), (right_voice.special or {}).get(name)
        return None if left is None or right is None or left == right else (left, right)

    return VoiceRule(key, is_lacking, beyond, differs)


def _adds(name: str) -> VoiceRule:
    def differs(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
        left, right = (left_voice.adds or {}).get(name), (right_voice.adds or {}).get(name)
        return None if left is None or right is None or left is right else (left, right)

    return VoiceRule(f"tokenizer.ggml.add_{name}_token", differs=differs)


def _mark(voice: Voice) -> Iterator[str]:
    if (voice.template or "").startswith(_BYTE_ORDER_MARK):
        yield "has a chat template that begins with U+FEFF, an unseen mark of its editor, which every prompt would hold"


def _template(left_voice: Voice, right_voice: Voice) -> tuple[object, object] | None:
    left, right = left_voice.template, right_voice.template
    if left is None or right is None or left == right:
        return None
    return f"a text of {len(left)} letters", f"another one of {len(right)}"


RULES: tuple[VoiceRule, ...] = (
    VoiceRule("general.architecture", differs=_architecture),
    VoiceRule("{}.context_length", differs=_same("context")),
    VoiceRule("tokenizer.ggml.model", lambda voice: voice.words is None, differs=_same("words")),
    VoiceRule(
        "tokenizer.ggml.pre",
        lambda voice: voice.words == _PAIRS and voice.pre in (None, "default"),
        _pre,
        _same("pre"),
    ),
    VoiceRule(TOKENS, lambda voice: voice.vocabulary is None, _tokens, _other_tokens),
    VoiceRule("the number of tokens", differs=_same("vocabulary")),
    VoiceRule(TYPES, lambda voice: voice.types is None, _types, _other_types),
    VoiceRule(SCORES, lambda voice: voice.words == _PIECES and voice.scores is None, _scores, _same("scores")),
    VoiceRule(MERGES, lambda voice: voice.words == _PAIRS and voice.merges is None, _merges, _same("merges")),
    *map(_special, SPECIAL),
    _adds("bos"),
    _adds("eos"),
    VoiceRule(TEMPLATE, faults=_mark, differs=_template),
    VoiceRule("the number of parameters", differs=_same("parameters")),
    VoiceRule("general.file_type", differs=_same("quantisation")),
)
"""What GGUF, source, card and engine say, and which of it must be there and agree."""


def other_ends(source: Voice, loaded: Voice) -> tuple[str, ...]:
    """Return where a reply of what llama.cpp has loaded ends otherwise than its source says, one sentence each.

    llama.cpp also ends at markup that it knows by its looks; so what a source does not name has to be markup there, and
    never a word. Two that llama.cpp has loaded are held against each other both ways.
    """
    if source.ends is None or loaded.ends is None:
        return ()
    lost, grown = sorted(source.ends - loaded.ends), sorted(loaded.ends - source.ends)
    kinds = source.types or ()
    odd = [token for token in grown if token >= len(kinds) or kinds[token] not in (CONTROL, USER)]
    sentences = [
        f"the token {token} ends a reply of the source, and none of the file{_silent(source, token)}"
        for token in lost[:3]
    ]
    return (*sentences, *(f"the token {token} ends a reply of the file, and none of the source" for token in odd[:3]))


def _silent(source: Voice, token: int) -> str:
    """Which keys of a source end elsewhere, as the end of a sentence."""
    other = [
        f"{key} says {' and '.join(map(str, sorted(named)))}"
        for key, named in source.ends_by.items()
        if token not in named
    ]
    return f" ({', '.join(other)})" if other else ""
