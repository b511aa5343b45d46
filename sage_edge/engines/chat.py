"""From a conversation to the prompt of a loaded model, checked when it is loaded and at every prompt.

What a chat template may do, and how its markup is told from what was said: `sage_edge.models.prompt`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sage_edge.engines.base import Message
from sage_edge.engines.errors import PromptUnfaithful, WordsAreMarkup
from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt import probes
from sage_edge.models.prompt.prompt_text import PromptText, rendered
from sage_edge.models.prompt.template import ChatTemplate
from sage_edge.models.prompt.tokens import MarkerToken, PromptTokens
from sage_edge.records import thoughts

Tokenise = Callable[[str, bool], Sequence[int]]
"""Text → tokens; True: special tokens written out in it count as such."""

Untokenise = Callable[[Sequence[int]], bytes]
"""The tokens of plain text → the bytes that they stand for."""


@dataclass(frozen=True)
class Prompt:
    """A conversation as token ids. closes: the mark that ends a thought which the prompt itself begins, or None."""

    ids: list[int]
    closes: str | None


class ChatFormat:
    """How one loaded model is spoken to. model: how to call it. turns: the tokens that the template makes turns of.

    markers: text → token of what may be markup. Raises PromptUnfaithful where the template, or the tokens that this
    tokeniser makes of its prompts, are not what the model's makers meant.
    """

    def __init__(
        self,
        model: str,
        source: str,
        ends: tuple[str, str],
        markers: Mapping[str, MarkerToken],
        tokenise: Tokenise,
        untokenise: Untokenise,
    ) -> None:
        self._model, self._tokenise, self._untokenise = model, tokenise, untokenise
        self._tokens = PromptTokens(markers, self._whole)
        try:
            self._template = ChatTemplate(source, bos=ends[0], eos=ends[1])
            plain = probes.check(self._template)
        except TemplateUnfaithful as unfaithful:
            raise PromptUnfaithful(model, unfaithful.why) from None
        if any(self._tokens.ids(prompt) != list(tokenise(prompt.text, True)) for prompt in plain):
            raise PromptUnfaithful(model, "its prompts, cut where its special tokens are, become other tokens")
        ids = {token for prompt in plain for token in self._tokens.ids(prompt)}
        signs = {text: marker.token for text, marker in markers.items() if not thoughts.is_mark(text)}
        self.turns = frozenset(token for token in signs.values() if token in ids)
        self._signs = re.compile("|".join(re.escape(sign) for sign, token in signs.items() if token in self.turns))

    def prompt(self, messages: Sequence[Message]) -> Prompt:
        """Return the prompt of a conversation. Raises PromptUnfaithful where it would not hold what was said.

        Each text is turned into tokens once and back again: a vocabulary that lacks a sign drops it without a word.
        """
        return self._of(self._rendered(messages))

    def prompt_elsewhere(self, messages: Sequence[Message]) -> Prompt:
        """Return the prompt of a conversation that a server makes, which takes all of its text for one.

        Raises WordsAreMarkup where that makes special tokens of what was said, and as `prompt` does.
        """
        text = self._rendered(messages)
        prompt = self._of(text)
        if prompt.ids != list(self._tokenise(text.text, True)):
            signs = (self._tokens.sign_in(text.text[begin:end]) for begin, end in text.words)
            raise WordsAreMarkup(self._model, next(filter(None, signs), "a special token"))
        return prompt

    def turn_end(self, text: str) -> tuple[int, bool] | None:
        """Return where a reply that came as text ends its turn, and whether that is all; None where it does not.

        Some servers write out the signs that begin and end turns, and go on behind them.
        """
        sign = self._signs.search(text) if self.turns else None
        return None if sign is None else (sign.start(), not self._signs.sub("", text[sign.start() :]).strip())

    def count(self, text: str) -> int:
        """Return how many tokens a text has that is no markup."""
        return len(self._tokenise(text, False))

    def _rendered(self, messages: Sequence[Message]) -> PromptText:
        try:
            return rendered(self._template, [(message.role, message.text) for message in messages])
        except TemplateUnfaithful as unfaithful:
            raise PromptUnfaithful(self._model, unfaithful.why) from None

    def _of(self, prompt: PromptText) -> Prompt:
        return Prompt(self._tokens.ids(prompt), thoughts.open_at_the_end(prompt.markup[-1]))

    def _whole(self, text: str) -> Sequence[int]:
        """Return the tokens of plain text, all of it; some tokenisers put a space before it."""
        try:
            tokens = self._tokenise(text, False)
        except UnicodeEncodeError:
            raise PromptUnfaithful(self._model, "half a character was said") from None
        if self._untokenise(tokens).removeprefix(b" ") == text.encode().removeprefix(b" "):
            return tokens
        raise PromptUnfaithful(self._model, f"its vocabulary lacks a sign of {text!r:.60}")


def common_prefix(held: Sequence[int], wanted: Sequence[int]) -> int:
    """Return how many leading tokens two sequences share."""
    for index, (left, right) in enumerate(zip(held, wanted, strict=False)):
        if left != right:
            return index
    return min(len(held), len(wanted))
