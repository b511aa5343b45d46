"""A model behind an OpenAI-compatible endpoint: vLLM, llama.cpp's server, the gateway in front of either.

Its weights are computed elsewhere, but its words are known here: vocabulary and chat template, from the verified files
of the same model, say how long a prompt is, which words would become markup there, and whether the server read the
prompt that is meant. The deadline is asked between chunks, and in short slices while the server is silent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sage_edge.engines import llamacpp, openai_refusals, transformers_engine
from sage_edge.engines.base import Deadline, Draw, EngineKind, Message, Reply, Settings, require_context, require_room
from sage_edge.engines.errors import EndpointError, ModelUnusable
from sage_edge.engines.openai_options import OpenaiOptions
from sage_edge.errors import LibraryMissing
from sage_edge.models.errors import DigestMismatch
from sage_edge.models.resolve import ResolvedModel

if TYPE_CHECKING:
    from sage_edge.engines.chat import Prompt
    from sage_edge.engines.openai_endpoint import OpenaiEndpoint, ServedModel
    from sage_edge.engines.openai_reply import StreamedReply

EXTRA = "researcher"
ANSWER_S = 30.0
"""How long an endpoint may take to say what it serves."""

USAGE_S = 1.0
"""How long it may take to say what it counted, once a reply has ended."""

_BYTES = "byte", (256,)
"""llguidance's tokenizer of single bytes, and the end of a text in it."""


class Openai:
    """An endpoint. What it remembers of a conversation is its own affair, and counts as reused where it says so."""

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        try:
            import httpx2
        except ImportError:
            raise LibraryMissing(self.name, EXTRA) from None
        self._settings = settings
        self._options = OpenaiOptions.model_validate(dict(settings.options))
        self.version = f"httpx2.{httpx2.__version__}"
        self._endpoint: OpenaiEndpoint | None = None

    def load(self, model: ResolvedModel) -> None:
        """Make ready, after checking the digest of the model's files, and that the endpoint serves the same weights."""
        from sage_edge.engines.openai_endpoint import OpenaiEndpoint

        require_context(model, self._settings)
        model.check()
        self.close()
        kind = transformers_engine if model.path.is_dir() else llamacpp
        self._chat, self._ref = kind.chat_format(model), str(model.ref)
        self._served = self._options.model or self._ref
        endpoint = OpenaiEndpoint(self._options)
        try:
            self._require_served(endpoint, model)
        except BaseException:
            endpoint.close()
            raise
        self._endpoint = endpoint

    def _require_served(self, endpoint: OpenaiEndpoint, model: ResolvedModel) -> None:
        served = {entry.id: entry for entry in endpoint.served(Deadline(ANSWER_S))}
        if self._served not in served:
            raise openai_refusals.not_served(endpoint.place, self._served, list(served))
        self._require_same(endpoint.place, served[self._served], model)

    def _require_same(self, place: str, served: ServedModel, model: ResolvedModel) -> None:
        """Raise where an endpoint serves other weights, or does not say which they are and has to."""
        if served.digest is None and self._options.digest == "required":
            raise ModelUnusable(
                f"{place} does not say which bytes it serves as {self._served}",
                hint="put the gateway in front of it, which says so; or set engine.options.digest: unstated",
            )
        if served.digest is not None and served.digest != model.digest:
            raise DigestMismatch(
                f"what {place} serves as {self._served}",
                model.digest,
                openai_refusals.shown(served.digest),
                hint=f"start that server with the files of {model.ref}, or set engine.options.model to its name there",
            )

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        """Return the next assistant message of a conversation. Raises EngineError."""
        from sage_edge.engines import openai_question
        from sage_edge.engines.openai_reply import StreamedReply
        from sage_edge.engines.openai_transport import GivenUp
        from sage_edge.engines.transformers_schema import SchemaGuide

        if self._endpoint is None:
            raise RuntimeError("reply() before load()")
        streamed = StreamedReply(draw.sampling.max_tokens, self._chat.count)
        prompt = self._chat.prompt_elsewhere(messages)
        require_room(len(prompt.ids), draw, self._settings)
        if draw.schema is not None:  # looked at here first: a server may pass over one that is none
            SchemaGuide(*_BYTES).held_to(draw.schema)
        question = openai_question.body(self._served, messages, draw, self._options.dialect)
        try:
            self._read(self._endpoint, question, streamed, deadline)
        except GivenUp as given_up:
            streamed.finish = streamed.finish or given_up.reason
        except EndpointError:
            if streamed.finish is None:  # else the reply was whole before
                raise
        return self._checked(streamed, prompt, draw)

    def _read(self, endpoint: OpenaiEndpoint, question: bytes, streamed: StreamedReply, deadline: Deadline) -> None:
        with endpoint.reply(question, deadline) as chunks:
            streamed.take(chunks, deadline)
            if streamed.is_whole:
                endpoint.patience.deadline = Deadline(USAGE_S)
                streamed.take_usage(chunks)

    def _checked(self, streamed: StreamedReply, prompt: Prompt, draw: Draw) -> Reply:
        """Return what came as a reply. Raises EndpointBroken where it is none."""
        place = self._options.url
        if streamed.finish is None:
            raise openai_refusals.no_end(place, streamed.tokens)
        there = len(prompt.ids) if streamed.usage is None else streamed.usage.prompt_tokens
        if there != len(prompt.ids):
            raise openai_refusals.other_prompt(place, there, self._ref, len(prompt.ids))
        reply = streamed.reply(streamed.finish, prompt, is_free=draw.schema is None)
        if draw.schema is not None and reply.finish_reason == "stop" and not _is_json(reply.text):
            raise openai_refusals.no_schema(place)
        return reply if draw.schema is not None else self._own_turn(reply)

    def _own_turn(self, reply: Reply) -> Reply:
        """Return a reply up to the end of its turn, where a server wrote the signs of that out."""
        end = self._chat.turn_end(reply.text)
        if end is None:
            return reply
        place, is_all = end
        return replace(
            reply,
            text=reply.text[:place].strip(),
            finish_reason=reply.finish_reason if is_all else "turn-marker",
        )

    def close(self) -> None:
        """Let the endpoint go."""
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


KIND = EngineKind(Openai.name, Openai, OpenaiOptions, extra=EXTRA)
