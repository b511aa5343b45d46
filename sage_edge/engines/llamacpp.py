"""llama.cpp through llama-cpp-python: the only door to it for inference.

The context keeps the last conversation; a longer one that begins with the same tokens evaluates only what is new.
How many tokens were reused is what llama.cpp's own memory says it kept (`llama_memory_seq_pos_max`), not our guess.
Prompts are evaluated in batches of at most 128 tokens, and the deadline is asked between batches and between tokens,
so that a stop request never waits longer than one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sage_edge.engines import chat, loaded_voice
from sage_edge.engines.base import Deadline, Draw, EngineKind, Message, Reply, Settings, require_context, require_room
from sage_edge.engines.chat import ChatFormat
from sage_edge.engines.drawn import DrawnTokens
from sage_edge.engines.errors import EngineError, ModelUnusable, SchemaUnusable
from sage_edge.engines.vocabulary import LlamaVocabulary
from sage_edge.errors import LibraryMissing
from sage_edge.hints import sage
from sage_edge.models.inspect import bare_llama
from sage_edge.models.resolve import ResolvedModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EXTRA = "practitioner"


class LlamaCpp:
    """A GGUF in llama.cpp."""

    name = "llamacpp"

    def __init__(self, settings: Settings) -> None:
        try:
            import llama_cpp
        except ImportError:
            raise LibraryMissing(self.name, EXTRA) from None
        self._lib, self._settings = llama_cpp, settings
        self.version = str(llama_cpp.__version__)
        self._llm: Any = None

    def load(self, model: ResolvedModel) -> None:
        """Load the model after checking its digest, and what it declares against its card and llama.cpp."""
        require_context(model, self._settings)
        model.check()
        self.close()
        speech, template = loaded_voice.declared(model)
        self._llm = self._open(model)
        loaded_voice.require_heard(model, speech, self._lib, self._llm)
        self._vocabulary = LlamaVocabulary(self._lib, self._llm)
        self._chat = _spoken(str(model.ref), template, self._llm, self._vocabulary)
        self._logits: npt.NDArray[np.float32] | None = None

    def _open(self, model: ResolvedModel) -> Any:
        settings = self._settings
        try:
            return bare_llama.of(self._lib)(
                model_path=str(model.path),
                n_ctx=settings.context_tokens,
                n_batch=settings.batch_tokens,
                n_ubatch=settings.batch_tokens,
                n_threads=settings.threads,
                n_threads_batch=settings.threads,
                n_gpu_layers=settings.gpu_layers,
                verbose=False,
            )
        except (ValueError, RuntimeError, AssertionError) as refusal:
            raise _unopened(model, refusal) from refusal

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        """Return the next assistant message of a conversation."""
        if self._llm is None:
            raise RuntimeError("reply() before load()")
        drawn = DrawnTokens()
        prompt = self._chat.prompt(messages)
        require_room(len(prompt.ids), draw, self._settings)
        grammar = self._grammar(draw.schema)
        try:
            reused = self._rewind(prompt.ids)
            finish = self._read(prompt.ids, deadline) or self._write(prompt.ids, draw, grammar, deadline, drawn)
        except (RuntimeError, ValueError) as broken:
            self._llm.reset()
            raise EngineError(f"llama.cpp failed: {broken}", hint=sage("model verify", deep=True)) from broken
        return drawn.reply(finish, prompt, reused, is_free=draw.schema is None)

    def _rewind(self, prompt: list[int]) -> int:
        """Cut the memory back to what it shares with `prompt`, and return the tokens that it says it kept."""
        llm = self._llm
        shared = min(chat.common_prefix(llm.input_ids[: llm.n_tokens].tolist(), prompt), len(prompt) - 1)
        if shared == 0 or not llm._ctx.kv_cache_seq_rm(-1, shared, -1):
            llm.reset()
            llm._ctx.kv_cache_clear()
            return 0
        kept = int(self._lib.llama_memory_seq_pos_max(llm._ctx.memory, 0)) + 1
        llm.n_tokens = kept
        return kept

    def _read(self, prompt: list[int], deadline: Deadline) -> Any:
        """Evaluate all but the last batch of the prompt, asking the deadline in between."""
        llm, size = self._llm, self._settings.batch_tokens
        while len(prompt) - llm.n_tokens > size:
            if (reason := deadline.passed()) is not None:
                return reason
            llm.eval(prompt[llm.n_tokens : llm.n_tokens + size])
        return deadline.passed()

    def _write(self, prompt: list[int], draw: Draw, grammar: Any, deadline: Deadline, drawn: DrawnTokens) -> Any:
        llm, sampling = self._llm, draw.sampling
        llm.set_seed(draw.seed)
        stream = llm.generate(
            prompt,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            typical_p=1.0,
            temp=sampling.temperature,
            repeat_penalty=sampling.repeat_penalty,
            grammar=grammar,
        )
        tokens = ((token, self._logprob(token)) for token in stream)
        finish = drawn.take(tokens, self._vocabulary, self._chat.turns, sampling.max_tokens, deadline)
        if finish is not None:
            return finish
        raise EngineError("llama.cpp ended without an end", hint=sage("model verify", deep=True))

    def _grammar(self, schema: str | None) -> Any:
        """Return what lets only replies of this schema be drawn; None for a free reply. Raises SchemaUnusable."""
        if schema is None:
            return None
        try:
            return self._lib.LlamaGrammar.from_json_schema(schema, verbose=False)
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as wrong:
            raise SchemaUnusable(str(wrong) or type(wrong).__name__) from None

    def _logprob(self, token: int) -> float:
        """Natural log-probability of a token under the logits of the last evaluation."""
        import numpy as np

        llm = self._llm
        logits = np.ctypeslib.as_array(llm._ctx.get_logits_ith(-1), shape=(llm.n_vocab(),))
        if self._logits is None:
            self._logits = np.empty_like(logits)
        top = logits.max()
        np.subtract(logits, top, out=self._logits)
        np.exp(self._logits, out=self._logits)
        return float(logits[token] - top - np.log(self._logits.sum(dtype=np.float64)))

    def close(self) -> None:
        """Free the model and the context."""
        if self._llm is not None:
            self._llm.close()
            self._llm = None


def chat_format(model: ResolvedModel) -> ChatFormat:
    """Return how a GGUF is spoken to, from its vocabulary alone: no weights are loaded.

    Raises LibraryMissing, and ModelUnusable where it lacks what a conversation needs.
    """
    try:
        import llama_cpp
    except ImportError:
        raise LibraryMissing(LlamaCpp.name, EXTRA) from None
    _, template = loaded_voice.declared(model)
    try:
        llm = bare_llama.of(llama_cpp)(model_path=str(model.path), vocab_only=True, verbose=False)
    except (ValueError, RuntimeError, AssertionError) as refusal:
        raise _unopened(model, refusal) from refusal
    return _spoken(str(model.ref), template, llm, LlamaVocabulary(llama_cpp, llm))


def _spoken(model: str, template: str, llm: Any, words: LlamaVocabulary) -> ChatFormat:
    bos, eos = (
        words.piece(token, special=True).decode("utf-8", "replace") for token in (llm.token_bos(), llm.token_eos())
    )
    return ChatFormat(
        model,
        template,
        (bos, eos),
        words.markers(template),
        lambda text, special: words.tokens(text, special=special),
        lambda tokens: b"".join(map(words.piece, tokens)),
    )


def _unopened(model: ResolvedModel, refusal: Exception) -> ModelUnusable:
    return ModelUnusable(
        f"llama.cpp cannot open {model.ref}: {refusal}", hint=sage("model verify", str(model.ref), deep=True)
    )


KIND = EngineKind(LlamaCpp.name, LlamaCpp, extra=EXTRA)
