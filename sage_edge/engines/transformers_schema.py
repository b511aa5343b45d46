"""Replies that hold to a JSON schema: before each draw, tokens that cannot go on with one are taken out of the logits.

llguidance keeps the place in the schema's grammar and says which tokens may come next; white space between JSON's own
signs is left to nobody's choice, else a model that does not know what to say could draw it for ever.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sage_edge.engines.errors import SchemaUnusable
from sage_edge.errors import LibraryMissing

if TYPE_CHECKING:
    import torch

EXTRA = "researcher"


class SchemaGuide:
    """Makes what holds single replies to their schema, for one tokenizer. To make it takes about a second."""

    def __init__(self, tokenizer: str, ends: Collection[int]) -> None:
        """tokenizer: as tokenizer.json has it. Raises LibraryMissing."""
        try:
            import llguidance
        except ImportError:
            raise LibraryMissing("llguidance", EXTRA) from None
        self._lib = llguidance
        self._tokenizer = llguidance.LLTokenizer(tokenizer, eos_token=sorted(ends))

    def held_to(self, schema: str) -> SchemaMask:
        """Return what holds one reply to a schema. Raises SchemaUnusable for one that is none."""
        try:
            grammar = self._lib.LLMatcher.grammar_from_json_schema(schema, defaults={"whitespace_flexible": False})
        except ValueError as wrong:
            raise SchemaUnusable(str(wrong)) from None
        matcher = self._lib.LLMatcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise SchemaUnusable(matcher.get_error())
        return SchemaMask(matcher)


class SchemaMask:
    """Where one reply is in its schema."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def masked(self, logits: torch.Tensor) -> torch.Tensor:
        """Return logits in which no token is left that the schema forbids here; at its end only those that end a turn.

        Raises SchemaUnusable where it allows none.
        """
        import torch

        allowed = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8) != 0
        if self._matcher.is_error() or not bool(allowed.any()):
            raise SchemaUnusable(self._matcher.get_error() or "it allows no token here")
        kept = torch.full_like(logits, -torch.inf)
        size = min(len(allowed), len(logits))  # a model may have more rows than words
        kept[:size] = logits[:size].where(allowed[:size], kept[:size])
        return kept

    def take(self, token: int) -> None:
        """Go on behind a token that was drawn."""
        self._matcher.consume_token(token)
