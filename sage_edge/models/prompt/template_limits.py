"""What a chat template may take of the processor and of memory: it is a program that a stranger wrote.

    time    seconds of this thread, so that a busy machine refuses nothing; asked every few lines
    size    of each text or list that it makes, asked before it is made

One operation of Python is not cut off in its middle; each that can multiply what it is given is measured beforehand.
"""

from __future__ import annotations

import functools
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType
from typing import Any, TypeVar

from jinja2 import TemplateRuntimeError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sage_edge import sizes
from sage_edge.models.errors import TemplateUnfaithful

T = TypeVar("T")

MOST_S = 5.0
"""Seconds of one rendering. What a session says takes milliseconds."""

MOST_SIGNS = 1 << 24
"""Characters of a text, entries of a list."""

_MOST_DIGITS = 10_000
_ASKED_EVERY, _SIGNS_EACH = 64, 256
_TEMPLATE = "<template>"
"""What Jinja2 calls the file of a compiled template."""
_WIDE = re.compile(r"[0-9]{6,}|%[^a-zA-Z%]*\*")
"""A width in a format that no table needs, or one that comes from elsewhere."""


class _TooLong(BaseException):
    """Time is over. No Exception, because the compiler takes those for expressions that are no constant."""


def in_time(work: Callable[[], T]) -> T:
    """Return what work returns, if it takes no more than MOST_S. Raises TemplateUnfaithful."""
    until, before, lines = time.thread_time() + MOST_S, sys.gettrace(), 0

    def watch(frame: FrameType, event: str, value: object) -> Any:  # noqa: ARG001 - the signature is sys.settrace's
        nonlocal lines
        lines += 1
        if lines % _ASKED_EVERY == 0 and time.thread_time() > until:
            raise _TooLong
        return watch if frame.f_code.co_filename == _TEMPLATE else None

    sys.settrace(watch)
    try:
        return work()
    except _TooLong:
        raise TemplateUnfaithful(f"it computes for longer than {sizes.duration(MOST_S)}") from None
    finally:
        sys.settrace(before)


class _Generator(CodeGenerator):
    """Joins with `~` as everything else is joined."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 (Jinja2 calls it so)
        self.write("environment.concat(map(environment.text, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")))")


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, in which nothing becomes larger than MOST_SIGNS. Raises TemplateRuntimeError."""

    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, filters: Mapping[str, Callable[..., Any]], **options: Any) -> None:
        """filters: in the place of Jinja2's own."""
        super().__init__(finalize=_countable, **options)
        self.filters = {name: _limited(name, filtering) for name, filtering in {**self.filters, **filters}.items()}

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        """Return the pieces as one text."""
        return "".join(_joinable("", pieces))

    @staticmethod
    def text(value: Any) -> str:
        """Return a value as text."""
        return str(_countable(value))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        _require_operands(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if (wrapped := super().wrap_str_format(value)) is not None:
            _require_format(value.__self__)
        return wrapped

    def call(self, context: Context, called: Any, /, *words: Any, **named: Any) -> Any:
        own, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        given = [own, *words] if isinstance(own, str) else [None, *words]
        _require_modest(name, given, named)
        if isinstance(own, str) and name == "join" and len(words) == 1:
            words = (list(_joinable(own, map(str, words[0]))),)
        return _kept(super().call(context, called, *words, **named))


def _limited(name: str, filtering: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that measures what it is given, and what it makes of it."""

    @functools.wraps(filtering)
    def limited(*words: Any, **named: Any) -> Any:
        given = words[1:] if hasattr(filtering, "jinja_pass_arg") else words
        _require_modest(name, given, named)
        if name == "format" and given:
            _require_format(str(given[0]))
        if name == "join" and given and not named and isinstance(given[0], list | tuple):
            list(_joinable(str(given[1]) if len(given) > 1 else "", map(str, given[0])))
        return _kept(filtering(*words, **named))

    return limited


def _require(size: int) -> None:
    if size > MOST_SIGNS:
        raise TemplateRuntimeError(f"it makes something of more than {MOST_SIGNS} signs")


def _kept(value: T) -> T:
    if isinstance(value, str | list | tuple):
        _require(len(value))
    return value


def _countable(value: T) -> T:
    """Return a value that can be written out: lists in lists may be few things, each of them many times."""
    left, count = [value], 0
    while left:
        item: Any = left.pop()
        count += 1
        if isinstance(item, list | tuple | set | dict):
            _require((count + len(left) + len(item)) * _SIGNS_EACH)
            left += [*item, *item.values()] if isinstance(item, dict) else item
    return value


def _joinable(separator: str, pieces: Iterable[str]) -> Iterable[str]:
    """Yield pieces, as long as they do not become too many together."""
    size = -len(separator)
    for piece in pieces:
        size += len(piece) + len(separator)
        _require(size)
        yield piece


def _require_format(text: str) -> None:
    if _WIDE.search(text):
        raise TemplateRuntimeError("it formats with a width that no text has")


def _require_operands(operator: str, left: Any, right: Any) -> None:
    """Refuse an operation whose result nobody could hold."""
    sizes_of = [len(side) for side in (left, right) if isinstance(side, str | list | tuple)]
    numbers = [side for side in (left, right) if isinstance(side, int)]
    if operator == "%" and isinstance(left, str):
        _require_format(left)
        _countable(right)
    elif operator == "+":
        _require(sum(sizes_of))
    elif operator == "*" and len(sizes_of) == len(numbers) == 1:
        _require(sizes_of[0] * numbers[0])
    elif operator in ("*", "**") and len(numbers) == 2:
        digits = [abs(number).bit_length() for number in numbers]
        if (sum(digits) if operator == "*" else digits[0] * abs(numbers[1])) > _MOST_DIGITS:
            raise TemplateRuntimeError("it reckons with numbers that nothing counts")


def _require_modest(name: str, given: Sequence[Any], named: dict[str, Any]) -> None:
    """Refuse what multiplies a text. given: the text that is worked on, then what it is worked on with."""
    if not given:
        return
    subject, more = given[0], [*given[1:], *named.values()]
    text = subject if isinstance(subject, str) else ""
    for part in given:
        _countable(part)
    widest = max((abs(number) for number in more if isinstance(number, int)), default=0)
    _require(widest)
    _require(widest * max(1, text.count("\n"), text.count("\t")))
    texts = [part for part in more if isinstance(part, str)]
    if name == "replace" and len(texts) > 1:
        _require(len(text) + text.count(texts[0]) * len(texts[1]))
