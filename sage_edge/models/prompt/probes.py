"""Conversations that show, before anybody is asked, whether a chat template holds what is said.

A template is a program that may look at contents. It is tried with the kinds of content that a session has, and with
whatever it names itself: each text and each number in it, at the begin, in the middle and at the end of a message, and
as a length. What it passes is no proof for every conversation; `rendered` therefore looks at each prompt once more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from sage_edge import sizes
from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt.prompt_text import PromptText, looks_like_markup, rendered
from sage_edge.models.prompt.template import ChatTemplate, Conversation

CONTENTS = {
    "signs and quotes": "She said \"no\" & 'yes' / 2 > 1, 1 < 2; {x} \\ # ~ | 50 %",
    "several lines": "One line.\n\nAnother   line,\n- a list\n\ta tab",
    "white space around it": " \n  indented\n\n",
    "other scripts": "Grüße, 你好, שלום, नमस्ते \U0001f642\U0001f44b\U0001f3fd",
    "one letter": "k",
    "two thousand words": "word " * 2_000,
}
"""What an ordinary message may hold, and what to call it."""

_TURNS = (1, 2, 3, 40)
MOST_S = 60.0
"""Seconds of the processor for all of them."""

_LONGEST, _MOST_TURNS = 20_000, 200
_FEW = ("Answer in a sentence.", "Hello. Who is speaking?", "I am here.", "And what do you see?")


def conversation(*texts: str) -> Conversation:
    """Return a conversation of these texts: the system's first, then the user's and the assistant's in turn."""
    return [("system", texts[0]), *((("user", "assistant")[at % 2], text) for at, text in enumerate(texts[1:]))]


def check(template: ChatTemplate) -> tuple[PromptText, ...]:
    """Return the prompts of a few plain conversations. Raises TemplateUnfaithful with the reason."""
    until = time.thread_time() + MOST_S
    plain = tuple(rendered(template, conversation(*_said(turns))) for turns in _counts(template))
    _check_roles(plain[1])
    for what, text in _contents(template):
        try:
            rendered(template, conversation(*[text] * 6))
        except TemplateUnfaithful as unfaithful:
            raise TemplateUnfaithful(f"with {what}: {unfaithful.why}") from None
        if time.thread_time() > until:
            raise TemplateUnfaithful(
                f"it computes for longer than {sizes.duration(MOST_S)} over a few plain conversations"
            )
    return plain


def _said(turns: int) -> list[str]:
    return [_FEW[0], *(f"{_FEW[1 + at % 3]} {at}" for at in range(2 * turns - 1))]


def _counts(template: ChatTemplate) -> list[int]:
    """How many questions: as few as there can be, two, and more than the template counts to."""
    return sorted({*_TURNS, *(number + 1 for number in template.numbers() if 0 < number <= _MOST_TURNS)})


def _contents(template: ChatTemplate) -> Iterator[tuple[str, str]]:
    yield from CONTENTS.items()
    for word in template.words():
        if not looks_like_markup(word):
            for text in (f"{word} and more", f"before {word} behind", f"more and {word}", word):
                yield f"{word.strip()!r:.60} in a message", text
    for number in template.numbers():
        for length in range(max(1, number - 1), min(number + 2, _LONGEST)):
            yield f"a message of {length} characters", ("word " * length)[:length]


def _check_roles(prompt: PromptText) -> None:
    """Compare what stands before each message of system, user, assistant, user, and at the end.

    An answer must stand where the model is asked for one, and no question there.
    """
    _, _, before_answer, before_question, end = prompt.markup
    if not end.strip():
        raise TemplateUnfaithful("nothing in it asks for an answer")
    if not end.startswith(before_answer.rstrip()):
        raise TemplateUnfaithful(f"answers stand behind {before_answer!r:.60}, and are asked for by {end!r:.60}")
    if before_answer == before_question:
        raise TemplateUnfaithful("questions and answers are told alike")
