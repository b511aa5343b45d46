"""What is said in parts → one text, as other systems keep it; what is no text is named and stays beside it.

    {role, content: [{type: "text", text}, {type: "image_url", …}]}     OpenAI, Anthropic
    {role, parts: [{text}, {functionCall: …}]}, {role, content: {parts: ["…"]}}     Gemini, ChatGPT
    {message: {role, content}, …}                                       an item within an item
    {role, content: null, tool_calls: […]}                              a call, nothing said

Texts are joined by a line end. Unless they were one text alone, the parts stand verbatim under `content#parts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

from sage_edge.legacy.errors import NoText
from sage_edge.legacy.vocabulary import ANSWERS, INPUT, INSTRUCTION, QUESTIONS, SPEAKERS, TEXTS, empty, is_empty, key

Json: TypeAlias = dict[str, JsonValue]

_PARTS = "parts"
_TEXT_KINDS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
"""Kind of a part that is said → the key of its words."""
_CALLS = ("tool_calls", "function_call")
_KINDS = ("type", "content_type")
_FURTHER = frozenset(("inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "thought")).union(
    ("inline_data", "file_data", "function_call", "function_response", "codeExecutionResult")
)
"""Keys of a part of Gemini that says no type."""
_RETURNED = re.compile(r".*tool_result|functionResponse|function_response|function_call_output|codeExecutionResult")
"""Kinds of parts that hold what a tool returned."""


@dataclass(frozen=True)
class Plain:
    """An item whose words stand as one text. is_joined: they were several; others: kinds of what is no text.

    passed: of TEXTS, QUESTIONS and ANSWERS those of which the first is empty and another is not, with a sentence.
    """

    item: Json
    is_joined: bool = False
    others: tuple[str, ...] = ()
    passed: Mapping[tuple[str, ...], str] = field(default_factory=dict)


def plain(raw: Json) -> Plain:
    """Return an item with its words as one text each. Raises NoText where it is a turn in which nothing is said."""
    item = _unwrapped(raw)
    calls = [name for name in _CALLS if item.get(name)]
    if calls and key(item, SPEAKERS, str) and not says(item, TEXTS) and not _listed(item, TEXTS):
        raise NoText(f"nothing is said in it; it holds {calls[0]}")
    is_joined, others, passed = False, list(calls), dict[tuple[str, ...], str]()
    for names in (TEXTS, QUESTIONS, ANSWERS):
        blank, chosen = empty(item, names), key(item, names)
        if (place := _to_join(item, (*TEXTS, _PARTS) if names is TEXTS else names)) is not None:
            item, several, kinds = _joined(item, place)
            is_joined, others, chosen = is_joined or several, [*others, *kinds], place
        is_half = blank and chosen and key({blank: None}, INPUT) and key({chosen: None}, INSTRUCTION)
        if blank is not None and chosen not in (None, blank) and not is_half:
            passed[names] = passed_over(blank, chosen)
    return Plain(item, is_joined, tuple(dict.fromkeys(others)), passed)


def passed_over(blank: str, chosen: str | None) -> str:
    """Return what is told of a text that is empty beside another."""
    return f"an empty `{blank.strip()}` beside `{(chosen or '').strip()}` was passed over"


def speaker(raw: Json) -> str | None:
    """Return who says an item that nobody can read; None where nobody does. A `name` alone is a tool's as well."""
    item = _unwrapped(raw)
    who = key(item, SPEAKERS, str)
    return None if who in (None, "name") else str(item[who])


def is_asked(raw: Json) -> bool:
    """Whether an item that nobody says holds a question."""
    return key(raw, QUESTIONS, str) is not None or _listed(raw, QUESTIONS) is not None


def is_returned(raw: Json) -> bool:
    """Whether an item holds what a tool returned; some systems let the user say it."""
    item = _unwrapped(raw)
    place = _listed(item, (*TEXTS, _PARTS))
    return place is not None and any(_RETURNED.fullmatch(_kind(part)) for part in _of(place, item[place]) or [])


def _unwrapped(item: Json) -> Json:
    """Return an item with who speaks and what is said beside the rest, where another object holds these two."""
    inner = item.get("message")
    if not isinstance(inner, dict) or key(item, SPEAKERS, str) is not None:
        return item
    who, words = key(inner, SPEAKERS, str), key(inner, (*TEXTS, _PARTS))
    if who is None or words is None:
        return item
    taken = {who, words, *(name for name in [empty(inner, TEXTS)] if name)}
    left: Json = {name: value for name, value in inner.items() if name not in taken}
    outer: Json = {name: value for name, value in item.items() if name not in ("message", *taken)}
    return {**outer, **{name: inner[name] for name in inner if name in taken}, **({"message": left} if left else {})}


def says(item: Json, names: Iterable[str]) -> bool:
    """Whether a text that is not empty stands under one of the names."""
    words = key(item, names, str)
    return words is not None and not is_empty(item[words])


def _to_join(item: Json, names: Sequence[str]) -> str | None:
    """Return the key under which parts stand where no text does; none of them stand in for an empty one."""
    if says(item, names):
        return None
    place = _listed(item, names)
    return None if place is None or (not item[place] and key(item, names, str)) else place


def _listed(item: Json, names: Iterable[str]) -> str | None:
    """Return the first key under which parts stand; one with none in it only where no other is."""
    places = [name for name in item if key({name: item[name]}, names) and _of(name, item[name]) is not None]
    return next((name for name in places if item[name]), places[0] if places else None)


def _of(place: str, value: JsonValue) -> list[JsonValue] | None:
    """Return the parts that a value is made of; None where it is something else."""
    if isinstance(value, dict):
        inner = value.get(_PARTS)
        return _of(_PARTS, inner) if isinstance(inner, list) else None
    if not isinstance(value, list):
        return None
    return value if all(_is_part(part) or (place == _PARTS and isinstance(part, str)) for part in value) else None


def _is_part(part: JsonValue) -> bool:
    """Whether something is a part of what somebody says; not a turn, which says who speaks."""
    if not isinstance(part, dict) or key(part, SPEAKERS, str) not in (None, "name"):
        return False
    return (
        isinstance(part.get("text"), (str, dict)) or any(part.get(k) for k in _KINDS) or not _FURTHER.isdisjoint(part)
    )


def _joined(item: Json, place: str) -> tuple[Json, bool, list[str]]:
    """Return the item with one text in the place of its parts, whether they were several, and the kinds of others."""
    parts = _of(place, item[place]) or []
    texts = [words for part in parts if (words := _words(part)) is not None]
    others = [_kind(part) for part in parts if _words(part) is None]
    if not texts:
        held = f"but {', '.join(dict.fromkeys(others)):.80}" if others else "and nothing else"
        raise NoText(f"its {place!r} holds no text, {held}")
    left: Json = {name: value for name, value in item.items() if name != place}
    left["content" if place == _PARTS else place] = "\n".join(texts)
    if len(parts) > 1:
        left[f"{place}#parts"] = item[place]
    return left, len(texts) > 1, others


def _words(part: JsonValue) -> str | None:
    """Return the text of a part; None where it is of another kind."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("thought") or _kind(part) not in _TEXT_KINDS:
        return None
    words = part.get(_TEXT_KINDS[_kind(part)])
    words = words.get("value") if isinstance(words, dict) else words
    return words if isinstance(words, str) else None


def _kind(part: JsonValue) -> str:
    if not isinstance(part, dict):
        return "text"
    if part.get("thought"):
        return "thinking"
    kinds = [kind for name in _KINDS if isinstance(kind := part.get(name), str)]
    kinds = kinds or [name for name in ("text", *part) if name in part]
    return f"{kinds[0]:.40}" if kinds else "nothing"
