"""The tokenizer of a transformers folder: what each token is, and which bytes it stands for.

Two kinds are known, as `tokenizer.json` has them: pairs of bytes, written in GPT-2's alphabet of printable signs
(Radford et al. 2019, encoder.py), and pieces that fall back to bytes (`<0x0A>`) with `▁` for a space.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any

from sage_edge.engines.errors import ModelUnusable
from sage_edge.engines.transformers_schema import SchemaGuide
from sage_edge.hints import sage
from sage_edge.models.prompt.tokens import MarkerToken, is_marker
from sage_edge.records import thoughts

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))


def byte_alphabet() -> dict[str, int]:
    """Return sign → byte: bytes that are printable stand for themselves, the others follow from U+0100 on."""
    rest = [byte for byte in range(256) if byte not in set(_PRINTABLE)]
    return {chr(byte): byte for byte in _PRINTABLE} | {chr(0x100 + at): byte for at, byte in enumerate(rest)}


class TransformersWords:
    """Asks a fast tokenizer. ends: the tokens after which nothing more is drawn."""

    def __init__(self, ref: str, folder: Path, ends: Collection[int]) -> None:
        from transformers import AutoTokenizer

        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        model = json.loads(self._backend.to_str())["model"] if self._backend is not None else {}
        if model.get("type") != "BPE":
            raise ModelUnusable(
                f"{ref} splits text in a way that is not known here: {model.get('type', 'no tokenizer.json')}",
                hint=("take a model with byte pairs; see: ", sage("model list")),
            )
        tokenizer.backend_tokenizer.no_truncation()  # a tokenizer.json may hold both, left over from training
        tokenizer.backend_tokenizer.no_padding()
        self._has_pieces = model.get("byte_fallback") is True
        self._alphabet = byte_alphabet()
        self._added: dict[int, Any] = tokenizer.added_tokens_decoder
        self._ends = frozenset(ends)
        self.bounds = tokenizer.bos_token or "", tokenizer.eos_token or ""

    @cached_property
    def schema_guide(self) -> SchemaGuide:
        """What holds replies to a schema, made when first asked for. Raises LibraryMissing."""
        return SchemaGuide(self._backend.to_str(), self._ends)

    def markers(self, template: str) -> dict[str, MarkerToken]:
        """Return text → token of all that may be markup under a template."""
        return {
            token.content: MarkerToken(number, not token.special, token.lstrip, token.rstrip)
            for number, token in self._added.items()
            if is_marker(token.content, template, in_plain=not token.special)
        }

    def is_end(self, token: int) -> bool:
        """Whether a token ends the model's turn."""
        return token in self._ends

    def is_control(self, token: int) -> bool:
        """Whether a token is no word but a sign, such as one that begins a turn."""
        return token in self._added and self._added[token].special

    def tokens(self, text: str, special: bool) -> list[int]:
        """Return the tokens of a text. special: texts of special tokens in it are those tokens."""
        self._backend.encode_special_tokens = not special
        return list(self._backend.encode(text, add_special_tokens=False).ids)

    def drawn_bytes(self, token: int) -> bytes:
        """Return the bytes of a token in a reply: none for a sign, but the marks around a thought are told."""
        if self.is_control(token) and not thoughts.is_mark(self._added[token].content):
            return b""
        return self.piece(token)

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token; none for a row that no word has."""
        if token in self._added:
            return str(self._added[token].content).encode()
        word = self._backend.id_to_token(token)
        if word is None:
            return b""
        if not self._has_pieces:
            return bytes(self._alphabet[sign] for sign in word)
        if (byte := _BYTE.fullmatch(word)) is not None:
            return bytes([int(byte[1], 16)])
        return str(word).replace("\u2581", " ").encode()
