"""What an inference engine cannot do."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.errors import ExitCode, SageError
from sage_edge.hints import sage


class EngineError(SageError):
    """The inference engine could not do what it was asked."""


class UnknownEngine(EngineError, LookupError):
    """No engine is of the kind that was asked for."""

    code = ExitCode.USAGE

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(
            f"no engine of the kind {name!r}; there are: {', '.join(known)}",
            hint=("correct engine.kind in the host's file, then: ", sage("fleet check")),
        )


class ModelUnusable(EngineError):
    """The file is a model of sorts, but this engine cannot conduct a conversation with it."""


class PromptUnfaithful(ModelUnusable):
    """The model's chat template makes no prompt that holds what is said. `why` is a sentence without its name."""

    def __init__(self, model: str, why: str) -> None:
        self.model, self.why = model, why
        super().__init__(
            f"the chat template of {model} does not hold what is said: {why}",
            hint=("take a model whose template shows each message once, as it is: ", sage("model list")),
        )


class NoSeed(EngineError, ValueError):
    """A number that is no seed: beyond 32 bits, or the one by which llama.cpp means a seed of its own choice."""

    code = ExitCode.USAGE

    def __init__(self, seed: int) -> None:
        self.seed = seed
        super().__init__(
            f"nobody can draw the same again with the seed {seed}",
            hint="take one from 0 to 4294967294",
        )


class SchemaUnusable(EngineError, ValueError):
    """No reply can be held to a schema: it is none, or asks for what the engine cannot promise."""

    def __init__(self, why: str) -> None:
        self.why = " ".join(why.split())[:300]
        super().__init__(
            f"no reply can be held to this schema: {self.why}",
            hint="schemas are written in the code that asks; its keywords are those of JSON Schema 2020-12",
        )


class ContextOverflow(EngineError):
    """The conversation is longer than the model's context."""

    def __init__(self, needs_tokens: int, has_tokens: int) -> None:
        self.needs_tokens, self.has_tokens = needs_tokens, has_tokens
        super().__init__(
            f"the conversation needs {needs_tokens} tokens, the context holds {has_tokens}",
            hint="raise engine.context_tokens in the host's file, or lower sampling.max_tokens",
        )
