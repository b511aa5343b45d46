"""transformers and torch: a causal model from a verified folder, on the CPU or a CUDA device.

The cache of keys and values keeps the last conversation; a longer one that begins with the same tokens evaluates only
what is new. Prompts are evaluated in batches, and the deadline is asked between batches and between tokens. Tokens are
drawn on the CPU from the seed, by llama.cpp's steps (`transformers_sampling`), so that a device changes logits alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sage_edge.declared import Declared
from sage_edge.engines import chat, transformers_device
from sage_edge.engines.base import Deadline, Draw, EngineKind, Message, Reply, Settings, require_context, require_room
from sage_edge.engines.chat import ChatFormat
from sage_edge.engines.drawn import DrawnTokens
from sage_edge.engines.errors import EngineError, ModelUnusable
from sage_edge.errors import LibraryMissing
from sage_edge.hints import sage
from sage_edge.models.errors import ModelError
from sage_edge.models.inspect.classify import classify
from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.transcript import FinishReason

if TYPE_CHECKING:
    import torch

    from sage_edge.engines.transformers_schema import SchemaMask
    from sage_edge.engines.transformers_words import TransformersWords

EXTRA = "researcher"


class TransformersOptions(Declared):
    """What a host declares for it. dtype: of the weights in memory; auto: as the model's config.json says."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"


class Transformers:
    """A folder of safetensors in transformers."""

    name = "transformers"

    def __init__(self, settings: Settings) -> None:
        try:
            import torch
            import transformers
        except ImportError:
            raise LibraryMissing(self.name, EXTRA) from None
        self._torch, self._settings = torch, settings
        self._dtype = TransformersOptions.model_validate(dict(settings.options)).dtype
        self._device = transformers_device.chosen(settings.gpu_layers)
        self.version = f"{transformers.__version__}+torch.{torch.__version__}"
        self._model: Any = None
        self._words: TransformersWords | None = None

    def load(self, model: ResolvedModel) -> None:
        """Load the model after checking its digest, and every tensor against its config; first the device is proven."""
        from sage_edge.engines import transformers_folder, transformers_words

        require_context(model, self._settings)
        template = _template(model)
        self.close()
        transformers_device.require_works(self._device)
        transformers_device.require_memory(model, self._dtype, self._device)
        model.check()
        if self._settings.threads is not None:
            self._torch.set_num_threads(self._settings.threads)
        loaded = transformers_folder.load(model, self._dtype, self._device)
        words = transformers_words.TransformersWords(str(model.ref), model.path, transformers_folder.ends(loaded))
        self._chat = _spoken(str(model.ref), template, words)
        self._model, self._words = loaded, words
        self._forget()

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        """Return the next assistant message of a conversation."""
        if self._model is None or self._words is None:
            raise RuntimeError("reply() before load()")
        drawn = DrawnTokens()
        prompt = self._chat.prompt(messages)
        mask = None if draw.schema is None else self._words.schema_guide.held_to(draw.schema)
        require_room(len(prompt.ids), draw, self._settings)
        try:
            with self._torch.inference_mode():
                reused = self._rewind(prompt.ids)
                stream = self._drawn(prompt.ids, draw, mask)
                finish = self._read(prompt.ids, deadline) or drawn.take(
                    stream, self._words, self._chat.turns, draw.sampling.max_tokens, deadline
                )
        except (RuntimeError, ValueError) as broken:  # out of memory, too
            self._forget()
            why = " ".join(str(broken).split())[:300]
            raise EngineError(f"torch failed: {why}", hint=sage("doctor")) from broken
        if finish is None:
            raise EngineError("transformers ended without an end", hint=sage("model verify", deep=True))
        return drawn.reply(finish, prompt, reused, is_free=mask is None)

    def _forget(self) -> None:
        from transformers import DynamicCache

        self._held: list[int] = []
        self._cache = DynamicCache()

    def _rewind(self, prompt: list[int]) -> int:
        """Cut the memory back to what it shares with `prompt`; return how many tokens that are."""
        shared = min(chat.common_prefix(self._held, prompt), len(prompt) - 1)
        if shared == 0:
            self._forget()
        elif shared < len(self._held):
            self._cache.crop(shared - len(self._held))  # below 0: so many are taken off the end
            self._held = self._held[:shared]
        return shared

    def _read(self, prompt: list[int], deadline: Deadline) -> FinishReason | None:
        """Evaluate all but the last batch of the prompt, asking the deadline in between."""
        size = self._settings.batch_tokens
        while len(prompt) - len(self._held) > size:
            if (reason := deadline.passed()) is not None:
                return reason
            self._evaluate(prompt[len(self._held) : len(self._held) + size])
        return deadline.passed()

    def _drawn(self, prompt: list[int], draw: Draw, mask: SchemaMask | None) -> Iterator[tuple[int, float]]:
        """Yield tokens with their log-probability under the logits as the model gave them."""
        from sage_edge.engines import transformers_sampling

        dice = self._torch.Generator().manual_seed(draw.seed)
        drawn: list[int] = []
        logits = self._evaluate(prompt[len(self._held) :])
        while True:
            allowed = logits if mask is None else mask.masked(logits)
            token = transformers_sampling.pick(allowed, drawn, draw.sampling, dice)
            drawn.append(token)
            if mask is not None:
                mask.take(token)
            yield token, float(logits[token].double() - logits.double().logsumexp(0))
            logits = self._evaluate([token])

    def _evaluate(self, tokens: list[int]) -> torch.Tensor:
        """Read tokens; return the logits after the last of them, f32 on the CPU."""
        ids = self._torch.tensor([tokens], device=self._device)
        seen = self._model(input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._held = [*self._held, *tokens]
        logits: torch.Tensor = seen.logits[0, -1].float().cpu()
        return logits

    def close(self) -> None:
        """Free the model and what it remembers."""
        if self._model is not None:
            self._model, self._words = None, None
            self._forget()
            if self._device == "cuda":
                self._torch.cuda.empty_cache()


def chat_format(model: ResolvedModel) -> ChatFormat:
    """Return how a folder's model is spoken to, from its tokenizer alone: no weights are loaded.

    Raises LibraryMissing, and ModelUnusable where it lacks what a conversation needs.
    """
    try:
        from sage_edge.engines.transformers_words import TransformersWords

        template = _template(model)
        return _spoken(str(model.ref), template, TransformersWords(str(model.ref), model.path, ()))
    except ImportError:
        raise LibraryMissing(Transformers.name, EXTRA) from None


def _spoken(model: str, template: str, words: TransformersWords) -> ChatFormat:
    return ChatFormat(
        model,
        template,
        words.bounds,
        words.markers(template),
        words.tokens,
        lambda tokens: b"".join(map(words.piece, tokens)),
    )


def _template(model: ResolvedModel) -> str:
    """Return the chat template of a folder that is a whole model. Raises ModelUnusable."""
    if not model.path.is_dir():
        raise ModelUnusable(f"{model.ref} is no folder", hint="a GGUF is opened by engine.kind: llamacpp")
    try:
        report = classify(model.path, within=Path(model.path.anchor))
    except ModelError as refusal:
        raise ModelUnusable(refusal.message, hint=refusal.hint) from None
    if not report.is_model and (refused := report.refusal()) is not None:
        raise ModelUnusable(refused.message, hint=refused.hint)
    if report.chat_template is None:
        raise ModelUnusable(f"{model.ref} carries no chat template", hint="take its tokenizer's files, too")
    if report.template != model.chat_template:
        raise ModelUnusable(
            f"the chat template of {model.ref} has digest {report.template}, its manifest says {model.chat_template}",
            hint=sage("model verify", str(model.ref), deep=True),
        )
    return report.chat_template


KIND = EngineKind(Transformers.name, Transformers, options=TransformersOptions, extra=EXTRA)
