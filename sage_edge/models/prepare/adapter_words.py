"""Whether the words that an adapter brings fit its base: looked at before the merge, for the converter comes later.

The merged model speaks with the adapter's tokenizer and the base's rows. So each word that the base knows has to keep
its number, and text has to be cut by the same pairs. What may be the adapter's own: its chat template, which token
begins and ends a text, which words are markup, and words at numbers that the base has rows for and no word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sage_edge import files
from sage_edge.hints import sage
from sage_edge.models.errors import CannotMerge
from sage_edge.models.inspect import json_limits, source_voice, voice_rules
from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.json_limits import UntrustedJson
from sage_edge.models.inspect.voice import Voice

_NAMES = (source_voice.WORDS, source_voice.WORDS_CONFIG)
_PIECES = "tokenizer.model"
MORE = (
    "chat_template.jinja",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    _PIECES,
)
"""What goes with a tokenizer where it is there."""
_AGAIN = sage("model prepare", "REF")


def require_fit(base: Path, adapter: Path) -> None:
    """Raise CannotMerge where an adapter's own tokenizer is another one than its base's rows were trained with.

    An adapter without a tokenizer speaks its base's words, which were looked at when they came; one with a part of a
    tokenizer, like a chat template alone, may bring what its base has anyway. Raises HeaderBroken.
    """
    if not all((adapter / name).is_file() for name in _NAMES):
        _require_nothing_dropped(base, adapter)
        return
    own = _speech(base, adapter, has_pieces=(adapter / _PIECES).is_file())
    wrong = [f"the adapter's tokenizer {fault}" for fault in voice_rules.faults(own)]
    if wrong := wrong or list(_differences(base, adapter)):
        raise CannotMerge(
            wrong[0],
            hint=(
                f"take {' and '.join(_NAMES)} out of the adapter's folder, so that it speaks its base's words, then: ",
                _AGAIN,
            ),
        )


def _require_nothing_dropped(base: Path, adapter: Path) -> None:
    """Refuse a part of a tokenizer: it was trained with, and the merged model would speak without it."""
    for name in (*_NAMES, *MORE):
        own, other = adapter / name, base / name
        if own.is_file() and not (other.is_file() and files.digest_file(own) == files.digest_file(other)):
            lacks = " and ".join(name for name in _NAMES if not (adapter / name).is_file())
            raise CannotMerge(
                f"the adapter brings {name}, which is not its base's, and no {lacks} to go with it",
                hint=(f"lay {lacks} beside it, or take it out to speak as the base does, then: ", _AGAIN),
            )


def _differences(base: Path, adapter: Path) -> Iterator[str]:
    """Yield where words of the base are others in the adapter, one sentence each."""
    pieces = [folder / _PIECES for folder in (base, adapter)]
    if all(path.is_file() for path in pieces) and files.digest_file(pieces[0]) != files.digest_file(pieces[1]):
        yield f"the adapter's tokenizer is another one than its base's: {_PIECES} differs"
    if not (base / source_voice.WORDS).is_file():
        return
    before, after = _words(_speech(base, base)), replace(_words(_speech(base, adapter)), types=None)
    yield from voice_rules.differences(before, after, "the base", "its adapter")
    pairs = enumerate(zip(before.tokens or (), after.tokens or (), strict=False))
    if lost := [(number, word) for number, (word, kept) in pairs if word is not None and kept is None]:
        number, word = lost[0]
        yield f"the adapter's tokenizer lacks the base's word {number}, {short(word.decode('utf-8', 'replace'))}"


def _words(speech: Voice) -> Voice:
    """What has to be the same: words by number, and the pairs that text is cut by."""
    return Voice(words=speech.words, tokens=speech.tokens, types=speech.types, merges=speech.merges)


def _speech(base: Path, folder: Path, *, has_pieces: bool = False) -> Voice:
    """What a folder's tokenizer says over the base's rows."""
    documents = {source_voice.CONFIG: json_limits.read(base / source_voice.CONFIG)}
    documents |= {name: _read(folder / name) for name in _NAMES if (folder / name).is_file()}
    return source_voice.of_source(documents, None, has_pieces=has_pieces)


def _read(path: Path) -> dict[str, UntrustedJson]:
    most_bytes, most_pieces = source_voice.MOST_WORDS_BYTES, source_voice.MOST_WORDS_PIECES
    return json_limits.read(path, most_bytes=most_bytes, most_pieces=most_pieces)
