"""Dialogues as tokens: exactly those that an engine reads, and a mask of those that the mind itself has to write.

The prompt of each answer is what engines read (`sage_edge.models.prompt`): markup as special tokens, contents as text,
so what looks like markup in them teaches nothing. Learnt are an answer's own tokens and the one that ends it:

    <|im_start|>user\\n Who are you? <|im_end|>\\n <|im_start|>assistant\\n  I am Sage. <|im_end|>  \\n
    ·················································································  ^^^^^^^^^^^^^^^^^^^^^  ··
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sage_edge.engines.base import Message
from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt.prompt_text import rendered
from sage_edge.models.prompt.template import ChatTemplate
from sage_edge.models.prompt.tokens import MarkerToken, PromptTokens
from sage_edge.training.errors import UnfitConversation


class TemplatedWords(Protocol):
    """A tokenizer with its chat template."""

    @property
    def end(self) -> int:
        """The token that ends a turn."""
        ...

    @property
    def template(self) -> ChatTemplate:
        """How conversations are written down."""
        ...

    @property
    def markers(self) -> Mapping[str, MarkerToken]:
        """Text → token of what may be markup."""
        ...

    def tokenise(self, text: str) -> list[int]:
        """Return a plain text's tokens: markup in it is text."""
        ...


@dataclass(frozen=True)
class LearntConversation:
    """One dialogue's tokens and, for each, whether the mind has to write it."""

    tokens: tuple[int, ...]
    own: tuple[bool, ...]

    @property
    def learnt(self) -> int:
        """How many tokens the loss is over."""
        return sum(self.own)


def encode(
    dialogues: Iterable[Sequence[Message]], words: TemplatedWords, longest: int
) -> tuple[LearntConversation, ...]:
    """Return dialogues as tokens, in their order. longest: tokens that one may have.

    Raises UnfitConversation for one that is longer, has no answer, or whose answers do not stand where the template
    puts them: as an engine would never ask for them.
    """
    prompts = PromptTokens(words.markers, words.tokenise)
    encoded = tuple(_encode(number, dialogue, words, prompts) for number, dialogue in enumerate(dialogues, start=1))
    for number, conversation in enumerate(encoded, start=1):
        if len(conversation.tokens) > longest:
            raise UnfitConversation(number, f"has {len(conversation.tokens)} tokens, {longest} are taken at once")
    return encoded


def _encode(
    number: int, dialogue: Sequence[Message], words: TemplatedWords, prompts: PromptTokens
) -> LearntConversation:
    def tokens(upto: int | None, *, for_answer: bool) -> list[int]:
        talk = [(message.role, message.text) for message in dialogue[:upto]]
        try:
            return prompts.ids(rendered(words.template, talk, for_answer=for_answer))
        except TemplateUnfaithful as unfaithful:
            raise UnfitConversation(number, f"would not be told as it is: {unfaithful.why}") from None

    whole = tokens(None, for_answer=False)
    own = [False] * len(whole)
    for at, message in enumerate(dialogue):
        if message.role != "assistant":
            continue
        if not message.text.strip() or message.text != message.text.strip():
            raise UnfitConversation(number, "has an answer that is empty, or begins or ends with a space")
        prompt = tokens(at, for_answer=True)
        if whole[: len(prompt)] != prompt:
            raise UnfitConversation(number, f"does not go on after message {at} as its prompt ends")
        written = len(words.tokenise(message.text))
        ending = len(prompt) + written
        if whole[ending : ending + 1] != [words.end]:
            raise UnfitConversation(number, f"does not end its message {at + 1} with the token that ends a turn")
        own[len(prompt) : ending + 1] = [True] * (written + 1)
    if not any(own):
        raise UnfitConversation(number, "holds no answer")
    return LearntConversation(tuple(whole), tuple(own))
