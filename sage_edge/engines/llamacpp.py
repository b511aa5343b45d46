"""llama.cpp through llama-cpp-python: the only door to it for inference.

The context keeps the last conversation; a longer one that begins with the same tokens evaluates only what is new.
How many tokens were reused is what llama.cpp's own memory says it kept (`llama_memory_seq_pos_max`), not our guess.
Prompts are evaluated in batches of at most 128 tokens, and the deadline is asked between batches and between tokens,
so that a stop request never waits longer than one of them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sage_edge import files
from sage_edge.engines import chat
from sage_edge.engines.base import Deadline, Draw, EngineKind, Message, Reply, Settings
from sage_edge.engines.errors import ContextOverflow, EngineError, ModelUnusable
from sage_edge.errors import LibraryMissing
from sage_edge.hints import sage
from sage_edge.models.resolve import ResolvedModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EXTRA = "practitioner"
_TEMPLATE_KEY = "tokenizer.chat_template"


class LlamaCpp:
    """A GGUF in llama.cpp."""

    name = "llamacpp"

    def __init__(self, settings: Settings) -> None:
        try:
            import llama_cpp
            from llama_cpp import llama_chat_format
        except ImportError:
            raise LibraryMissing(self.name, EXTRA) from None
        self._lib, self._format, self._settings = llama_cpp, llama_chat_format, settings
        self.version = str(llama_cpp.__version__)
        self._llm: Any = None
        self._kept: dict[str, list[int]] = {}

    def load(self, model: ResolvedModel) -> None:
        """Load the model after checking its digest, its context and its chat template against its card."""
        if self._settings.context_tokens > model.context_tokens:
            raise ModelUnusable(
                f"{model.ref} holds {model.context_tokens} tokens, {self._settings.context_tokens} are declared",
                hint=f"set engine.context_tokens to at most {model.context_tokens} in the host's file",
            )
        model.check()
        self.close()
        self._llm = self._open(model)
        self._formatter = self._template(model)
        self._logits: npt.NDArray[np.float32] | None = None

    def _open(self, model: ResolvedModel) -> Any:
        settings = self._settings
        try:
            return self._lib.Llama(
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
            raise ModelUnusable(
                f"llama.cpp cannot open {model.ref}: {refusal}", hint=sage("model verify", str(model.ref), deep=True)
            ) from refusal

    def _template(self, model: ResolvedModel) -> Any:
        template = self._llm.metadata.get(_TEMPLATE_KEY)
        if not template:  # llama-cpp-python would silently fall back to the llama-2 format
            raise ModelUnusable(
                f"{model.ref} carries no chat template ({_TEMPLATE_KEY})", hint="convert it again with its tokenizer"
            )
        actual = files.digest(template.encode())
        if actual != model.chat_template:
            raise ModelUnusable(
                f"the chat template of {model.ref} has digest {actual}, its card says {model.chat_template}",
                hint="the card belongs to another file; take the card that came with the model",
            )
        pieces = {
            key: self._piece(token) for key, token in (("bos", self._llm.token_bos()), ("eos", self._llm.token_eos()))
        }
        return self._format.Jinja2ChatFormatter(
            template=template, eos_token=pieces["eos"], bos_token=pieces["bos"], add_generation_prompt=True
        )

    def _piece(self, token: int) -> str:
        if token < 0:
            return ""
        return str(self._llm.detokenize([token], special=True).decode("utf-8", "replace"))

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        """Return the next assistant message of a conversation."""
        if self._llm is None:
            raise RuntimeError("reply() before load()")
        began = time.monotonic()
        prompt = chat.tokens(messages, self._render, self._tokenise, self._kept)
        needs = len(prompt) + draw.sampling.max_tokens
        if needs > self._settings.context_tokens:
            raise ContextOverflow(needs, self._settings.context_tokens)
        try:
            reused = self._rewind(prompt)
            reason = self._read(prompt, deadline)
            drawn = _Drawn(began)
            finish = reason or self._write(prompt, draw, deadline, drawn)
        except (RuntimeError, ValueError) as broken:
            self._llm.reset()
            raise EngineError(f"llama.cpp failed: {broken}", hint=sage("model verify", deep=True)) from broken
        return Reply(
            text=self._text(drawn.tokens),
            finish_reason=finish,
            prompt_tokens=len(prompt),
            reused_tokens=reused,
            completion_tokens=len(drawn.tokens),
            ttft_s=drawn.first_s,
            duration_s=time.monotonic() - began,
            mean_logprob=drawn.mean_logprob,
        )

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

    def _write(self, prompt: list[int], draw: Draw, deadline: Deadline, drawn: _Drawn) -> Any:
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
            grammar=self._grammar(draw.schema),
        )
        vocabulary = self._lib.llama_model_get_vocab(llm.model)
        for token in stream:
            drawn.add(token, self._logprob(token))
            if self._lib.llama_vocab_is_eog(vocabulary, token):
                drawn.tokens.pop()
                return "stop"
            if len(drawn.tokens) >= sampling.max_tokens:
                return "length"
            if (reason := deadline.passed()) is not None:
                return reason
        raise EngineError("llama.cpp ended without an end", hint=sage("model verify", deep=True))

    def _grammar(self, schema: str | None) -> Any:
        """Return what lets only replies of this schema be drawn; None for a free reply."""
        return None if schema is None else self._lib.LlamaGrammar.from_json_schema(schema, verbose=False)

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

    def _render(self, messages: list[dict[str, str]]) -> str:
        return str(self._formatter(messages=messages).prompt)

    def _tokenise(self, text: str, special: bool) -> list[int]:
        return list(self._llm.tokenize(text.encode("utf-8"), add_bos=False, special=special))

    def _text(self, tokens: list[int]) -> str:
        return str(self._llm.detokenize(tokens).decode("utf-8", "replace")).strip() if tokens else ""

    def close(self) -> None:
        """Free the model and the context."""
        if self._llm is not None:
            self._llm.close()
            self._llm = None
        self._kept.clear()


class _Drawn:
    """The tokens of one reply as they come."""

    def __init__(self, began: float) -> None:
        self.tokens: list[int] = []
        self.first_s: float | None = None
        self._began, self._sum, self._count = began, 0.0, 0

    def add(self, token: int, logprob: float) -> None:
        if self.first_s is None:
            self.first_s = time.monotonic() - self._began
        self.tokens.append(token)
        self._sum += logprob
        self._count += 1

    @property
    def mean_logprob(self) -> float | None:
        return self._sum / self._count if self._count else None


KIND = EngineKind(LlamaCpp.name, LlamaCpp, extra=EXTRA)
