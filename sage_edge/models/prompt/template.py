"""A model's chat template, rendered the way its makers render it: Jinja2, with the switches of transformers.

Two things are kept from it: the clock, for a prompt that knows the day cannot be made again from its record, and
chance. A template that asks whether there is a clock goes on without one; whichever needs either is refused.
So is one that takes more time or makes more text than any conversation needs: `template_limits`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt.template_limits import LimitedEnvironment, in_time

Conversation = Sequence[tuple[str, str]]
"""A conversation as (role, words): the system first, then user and assistant in turn, the user last."""

_NOT_GIVEN = frozenset(("unk_token", "sep_token", "pad_token", "cls_token", "mask_token"))
"""What transformers gives a template, too, and no engine here knows: read as nothing, a prompt would lack it."""


class ChatTemplate:
    """One chat template with the model's own marks for the begin and the end of a text.

    Raises TemplateUnfaithful where it is no template.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        self.source, self._ends = source, {"bos_token": bos, "eos_token": eos}
        environment = _environment()
        try:
            self._tree = environment.parse(source)
            self._template = in_time(lambda: environment.from_string(source))  # it computes its constants
        except _FAILURES as broken:
            raise TemplateUnfaithful(f"it cannot be read: {_line(broken)}") from None
        if asked := sorted(self._names("load") - self._names("store")):
            raise TemplateUnfaithful(f"it reads {asked[0]}, and no more than bos_token and eos_token are given here")

    def _names(self, how: str) -> set[str]:
        """The special tokens beyond our own two that it reads, or sets by itself."""
        return {node.name for node in self._tree.find_all(nodes.Name) if node.ctx == how and node.name in _NOT_GIVEN}

    def render(self, talk: Conversation, *, for_answer: bool = True) -> str:
        """Return a conversation as text. for_answer: with the beginning of the answer, as a prompt.

        Raises TemplateUnfaithful where the template gives none.
        """
        try:
            return in_time(lambda: self._template.render(self._given(talk, for_answer)))
        except _FAILURES as failed:
            raise TemplateUnfaithful(f"it gives no prompt for an ordinary conversation: {_line(failed)}") from None

    def _given(self, talk: Conversation, for_answer: bool) -> dict[str, object]:
        return {
            "messages": [{"role": role, "content": text} for role, text in talk],
            "add_generation_prompt": for_answer,
            "raise_exception": _refuse,
            **dict.fromkeys(("tools", "documents")),  # as transformers gives them where there are none
            **self._ends,
        }

    def words(self) -> tuple[str, ...]:
        """Every text that the template holds as a value, and so may look for in what is said; sorted, none twice."""
        texts = {node.value for node in self._tree.find_all(nodes.Const) if isinstance(node.value, str)}
        return tuple(sorted(text for text in texts if text.strip()))

    def numbers(self) -> tuple[int, ...]:
        """Every whole number that it holds, and so may compare a length or a count with; sorted, none twice."""
        values = {node.value for node in self._tree.find_all(nodes.Const)}
        return tuple(sorted(value for value in values if isinstance(value, int) and not isinstance(value, bool)))


def fault(source: str) -> str | None:
    """Return why a text is no template; None for one that can be read. Nothing of it is computed."""
    try:
        _environment().parse(source)
    except UNREADABLE as broken:
        return f"it cannot be read: {_line(broken)}"
    return None


UNREADABLE = (jinja2.TemplateError, RecursionError)
"""What whoever reads a template that is none raises; llama-cpp-python reads it as it opens a file."""

_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template can make Python raise."""


class _Generation(Extension):
    """Takes `{% generation %} … {% endgeneration %}`, which marks what is trained on, for what stands inside."""

    tags = {"generation"}  # noqa: RUF012 (Jinja2 declares it so)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> LimitedEnvironment:
    environment = LimitedEnvironment(
        {"tojson": _as_json}, trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    del environment.filters["random"], environment.globals["lipsum"]
    return environment


def _as_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **more: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **more)


def _refuse(why: str) -> None:
    raise jinja2.TemplateError(f"the template says: {why}")


def _line(failure: Exception) -> str:
    return " ".join(str(failure).split())[:200] or type(failure).__name__
