"""The door to llama.cpp on the model road: a GGUF file opened in this process, for its metadata, tokens and logits."""

from __future__ import annotations

import dataclasses
import glob
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge.models.inspect import bare_llama, blank_weights, read_gguf, voice, voice_rules

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_F32 = 0  # ggml_type


def metadata(path: Path) -> dict[str, str]:
    """Return the scalar metadata of a GGUF file as llama.cpp reads it, every value as text."""
    import llama_cpp

    model = bare_llama.of(llama_cpp)(str(path), vocab_only=True, verbose=False)
    try:
        return dict(model.everything)
    finally:
        model.close()


class GgufModel:
    """A GGUF file opened in this process, that tells its tokens and logits. Close it.

    The key-value cache is in f32, so that what is measured is the file and not the cache. `context`: tokens at most.
    """

    def __init__(self, path: Path, context: int = 512, threads: int = 1) -> None:
        import llama_cpp

        self._llm: Any = bare_llama.of(llama_cpp)(
            str(path),
            n_ctx=context,
            n_batch=context,
            n_ubatch=context,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=0,
            type_k=_F32,
            type_v=_F32,
            logits_all=True,
            verbose=False,
        )
        self._lib, self._path, self.metadata = llama_cpp, path, dict(self._llm.metadata)
        header = read_gguf(path, voice.ARRAYS)
        self.speech, self._is_whole = voice.of_gguf(header), header.metadata.get("split.count", 1) in (0, 1)

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text; special tokens written out in it count as such."""
        return list(self._llm.tokenize(text.encode("utf-8"), add_bos=False, special=True))

    def logits(self, tokens: list[int]) -> npt.NDArray[np.float32]:
        """Return one row of logits per token, shape (tokens, vocabulary); valid until the next call."""
        self._llm.reset()
        self._llm._ctx.kv_cache_clear()
        self._llm.eval(tokens)
        rows: npt.NDArray[np.float32] = self._llm.scores[: len(tokens)]
        return rows

    @property
    def ends(self) -> tuple[str, str]:
        """What begins and what ends a text, as it is written in prompts."""
        return self.text([self._llm.token_bos()]), self.text([self.end])

    @property
    def template(self) -> str | None:
        """The chat template that the file carries, whole: the binding cuts one of 1,024 bytes."""
        return self.speech.template

    @property
    def faults(self) -> tuple[str, ...]:
        """What it does not say, what cannot be right, and what llama.cpp makes of it otherwise."""
        speech, heard = self.speech, voice.of_loaded(self._lib, self._llm)
        if not self._is_whole:
            speech = dataclasses.replace(speech, parameters=None)
        wrong = (*(f"lacks the key {key}" for key in voice_rules.lacks(speech)), *voice_rules.faults(speech))
        blank = next(self._blank(), None)
        nothing = (f"holds nothing but zeros in {blank}",) if blank else ()
        return (*nothing, *wrong, *voice_rules.differences(speech, heard, "the file", "llama.cpp"))

    def _blank(self) -> Iterator[str]:
        begin, is_split, _ = self._path.name.partition("-00001-of-")
        files = sorted(self._path.parent.glob(f"{glob.escape(begin)}-*-of-*.gguf")) if is_split else [self._path]
        for path in files:
            yield from blank_weights.names(path, read_gguf(path))

    @property
    def ending_tokens(self) -> frozenset[int]:
        """Every token after which nothing more is drawn."""
        return voice.loaded_ends(self._lib, self._llm)

    @property
    def end(self) -> int:
        """The token that ends a turn."""
        return int(self._llm.token_eos())

    def text(self, tokens: list[int]) -> str:
        """Return what tokens say; nothing for a token that the file does not have."""
        known = [token for token in tokens if token >= 0]
        return str(self._llm.detokenize(known, special=True).decode("utf-8", "replace")) if known else ""

    def close(self) -> None:
        """Free the model."""
        self._llm.close()
