"""The vocabulary of a model in llama.cpp: what each token is, and which bytes it stands for."""

from __future__ import annotations

import ctypes
from typing import Any

from sage_edge.models.prompt.tokens import MarkerToken, is_marker
from sage_edge.records import thoughts

_ROOM = 64
"""Bytes that nearly every token fits into."""


class LlamaVocabulary:
    """Asks llama.cpp. library: the binding; llm: the model that it opened."""

    def __init__(self, library: Any, llm: Any) -> None:
        self._library, self._llm = library, llm
        self._words = library.llama_model_get_vocab(llm.model)
        self._buffer = ctypes.create_string_buffer(_ROOM)
        self._special = {
            token: attributes
            for token in range(library.llama_vocab_n_tokens(self._words))
            if (attributes := library.llama_vocab_get_attr(self._words, token)) & self._kinds_of_special
        }

    @property
    def _kinds_of_special(self) -> int:
        library = self._library
        return int(
            library.LLAMA_TOKEN_ATTR_CONTROL | library.LLAMA_TOKEN_ATTR_UNKNOWN | library.LLAMA_TOKEN_ATTR_USER_DEFINED
        )

    def markers(self, template: str) -> dict[str, MarkerToken]:
        """Return text → token of all that may be markup under a template."""
        library, markers = self._library, dict[str, MarkerToken]()
        for token, attributes in self._special.items():
            text = bytes(library.llama_vocab_get_text(self._words, token)).decode("utf-8", "replace")
            is_plain = bool(attributes & library.LLAMA_TOKEN_ATTR_USER_DEFINED)
            if is_marker(text, template, in_plain=is_plain):
                before, after = (
                    bool(attributes & attribute)
                    for attribute in (library.LLAMA_TOKEN_ATTR_LSTRIP, library.LLAMA_TOKEN_ATTR_RSTRIP)
                )
                markers[text] = MarkerToken(token, is_plain, before, after)
        return markers

    def is_end(self, token: int) -> bool:
        """Whether a token ends the model's turn."""
        return bool(self._library.llama_vocab_is_eog(self._words, token))

    def is_control(self, token: int) -> bool:
        """Whether a token is no word but a sign, such as one that begins a turn."""
        return bool(self._special.get(token, 0) & self._library.LLAMA_TOKEN_ATTR_CONTROL)

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text. special: texts of special tokens in it are those tokens."""
        return list(self._llm.tokenize(text.encode("utf-8"), add_bos=False, special=special))

    def drawn_bytes(self, token: int) -> bytes:
        """Return the bytes of a token in a reply: none for a sign, but the marks around a thought are told."""
        data = self.piece(token)
        if not data and token in self._special:
            mark = self.piece(token, special=True)
            return mark if thoughts.is_mark(mark.decode("utf-8", "replace")) else b""
        return data

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """Return the bytes of a token, however many. special: those of a sign too."""
        if token < 0:
            return b""
        size = self._piece_into_buffer(token, special)
        if size < 0:  # the room that it needs
            self._buffer = ctypes.create_string_buffer(-size)
            size = self._piece_into_buffer(token, special)
        return self._buffer.raw[:size]

    def _piece_into_buffer(self, token: int, special: bool) -> int:
        buffer = self._buffer
        return int(self._library.llama_token_to_piece(self._words, token, buffer, len(buffer), 0, special))
