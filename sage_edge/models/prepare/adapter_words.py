"""Whether the words that an adapter brings fit its base: looked at before the merge, for the converter comes later."""

from __future__ import annotations

from pathlib import Path

from sage_edge.hints import sage
from sage_edge.models.errors import CannotMerge
from sage_edge.models.inspect import json_limits, source_voice, voice_rules
from sage_edge.models.inspect.json_limits import UntrustedJson


def require_fit(base: Path, adapter: Path) -> None:
    """Raise CannotMerge where an adapter's own tokenizer has words that its base has no rows for.

    An adapter without a tokenizer speaks its base's words, which were looked at when they came. Raises HeaderBroken.
    """
    names = (source_voice.WORDS, source_voice.WORDS_CONFIG)
    if not all((adapter / name).is_file() for name in names):
        return
    documents = {source_voice.CONFIG: json_limits.read(base / source_voice.CONFIG)}
    documents |= {name: _read(adapter / name) for name in names}
    speech = source_voice.of_source(documents, None, has_pieces=(adapter / "tokenizer.model").is_file())
    if wrong := voice_rules.faults(speech):
        raise CannotMerge(
            f"the adapter's tokenizer {wrong[0]}",
            hint=(
                f"take {' and '.join(names)} out of the adapter's folder, so that it speaks its base's words, then: ",
                sage("model prepare", "REF"),
            ),
        )


def _read(path: Path) -> dict[str, UntrustedJson]:
    most_bytes, most_pieces = source_voice.MOST_WORDS_BYTES, source_voice.MOST_WORDS_PIECES
    return json_limits.read(path, most_bytes=most_bytes, most_pieces=most_pieces)
