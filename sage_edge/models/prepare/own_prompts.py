"""The prompts of a model's own chat template, which its copies are asked to read as it does.

A tokenizer may take white space beside its markup for a part of it (`rstrip`, `lstrip`), or cut what stands behind a
mark otherwise than what begins a text. No GGUF holds either, and only this model's own markup shows it.
"""

from __future__ import annotations

import signal
from typing import Protocol

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt import probes
from sage_edge.models.prompt.prompt_text import rendered
from sage_edge.models.prompt.template import ChatTemplate

MOST_S = 2 * probes.MOST_S
"""Seconds of the processor after which the kernel ends what the template's own limits cannot."""

_TALKS = (
    probes.conversation("You are a small language model.", "Hello"),
    probes.conversation("Be brief.", "Good morning. Who are you?", "I am here.", "And what\ndo you see?"),
)


class Templated(Protocol):
    """A model with a chat template, and with what begins and what ends a text."""

    @property
    def template(self) -> str | None:
        """The chat template; None without one."""
        ...

    @property
    def ends(self) -> tuple[str, str]:
        """What begins and what ends a text, as it is written in prompts."""
        ...


def of(model: Templated) -> tuple[str, ...]:
    """Return a few prompts as a model's template makes them; none where that makes none, which the smoke test tells."""
    source = model.template
    if not source:
        return ()
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_S)
    try:
        template = ChatTemplate(source, bos=model.ends[0], eos=model.ends[1])
        return tuple(rendered(template, talk).text for talk in _TALKS)
    except TemplateUnfaithful:
        return ()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
