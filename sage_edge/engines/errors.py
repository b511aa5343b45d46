"""What an inference engine cannot do."""

from __future__ import annotations

from sage_edge.errors import SageError


class EngineError(SageError):
    """The inference engine could not do what it was asked."""


class ModelUnusable(EngineError):
    """The file is a model of sorts, but this engine cannot conduct a conversation with it."""


class ContextOverflow(EngineError):
    """The conversation is longer than the model's context."""

    def __init__(self, needs_tokens: int, has_tokens: int) -> None:
        self.needs_tokens, self.has_tokens = needs_tokens, has_tokens
        super().__init__(
            f"the conversation needs {needs_tokens} tokens, the context holds {has_tokens}",
            hint="raise engine.context_tokens in the host's file, or lower sampling.max_tokens",
        )
