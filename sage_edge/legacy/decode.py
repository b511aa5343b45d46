"""Text → JSON, as tolerant as can be without guessing: what was read otherwise than it stands is told.

What no record can hold is put into words that it can: NaN and Infinity, numbers without end and half characters become
text. A key that stands twice keeps its last value, as every reader of the older system had it; the earlier ones stand
beside it as `key#1`, `key#2`.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from sage_edge.legacy.errors import CutOff, UnreadableFile
from sage_edge.sizes import counted

LIMIT_BYTES = 8 << 20
"""A larger file is refused before it is read; the largest transcript known has 9 KB, the largest buffer 300 KB."""

_DEEPEST = 64
_MOST_DIGITS = 30
_MOST_COMMAS, _MOST_WORK = 1_000, 64 << 20
"""How many commas are passed over, and how many characters are read again for them."""
_COMMA = "a comma stands where nothing follows it; it was passed over"
_MARKS = {"\ufeff": "a byte-order mark", "\x1e": "a record separator"}
_SPACE = " \t\n\r"
_GAP = re.compile(f"[{_SPACE}]*")
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_NUMBER_BEGUN = re.compile(r"-?|\.\d*|(?:\.\d+)?[eE][+-]?\d*")
_ESCAPE_BEGUN = re.compile("u[0-9a-fA-F]{0,4}")
"""What is left of a number or an escape, at the place where it makes none."""
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u(?P<high>d[89ab][0-9a-f]{2})(?P<pair>\\ud[c-f][0-9a-f]{2})?|u(?P<low>d[c-f][0-9a-f]{2})|.)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Document:
    """What a file holds. repairs: a sentence for each thing that was read otherwise than it stands.

    lost: a sentence for each line that could not be read.
    """

    value: JsonValue
    repairs: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def parse(text: str, *, by_line: bool = False) -> Document:
    """Return the JSON that a text holds; by_line: one value a line, together a list. Raises UnreadableFile.

    Several values one after the other are a list, too. A last line or value that was cut off is lost, and those before
    it are kept: whoever wrote them one by one had written each of these to its end.
    """
    if not text.strip("".join(_MARKS) + string.whitespace):
        raise UnreadableFile("it is empty")
    try:
        return _lines(text) if by_line else _whole(text)
    except UnreadableFile as why:
        if not by_line:
            raise
        try:
            whole = _whole(text)
        except UnreadableFile:
            raise why from None
        return Document(whole.value, (*whole.repairs, "it is JSON as a whole, not one value a line"), whole.lost)


def _lines(text: str) -> Document:
    """Return the values of each line."""
    last = text.rstrip().count("\n") + 1
    lines = ((line, number, number >= last) for number, line in enumerate(text.split("\n"), start=1))
    values, repairs, lost = _values(text, lines)
    return Document(values, tuple(repairs), tuple(lost))


def _whole(text: str) -> Document:
    """Return the one value, or the list of several."""
    values, repairs, lost = _values(text, [(text, 1, True)])
    if len(values) > 1:
        repairs.append(f"it holds {counted(len(values), 'value')} of JSON, one after the other; they make a list")
    return Document(values if len(values) > 1 else values[0], tuple(repairs), tuple(lost))


def _values(text: str, pieces: Iterable[tuple[str, int, bool]]) -> tuple[list[JsonValue], list[str], list[str]]:
    """Return every value in the pieces of a text, what was repaired, and what is lost.

    pieces: each with the line where it begins, and whether the file ends with it.
    """
    repairs: dict[str, None] = dict.fromkeys(_halves(text))
    values: list[JsonValue] = []
    lost: list[str] = []
    try:
        try:
            for piece, line, is_last in pieces:
                _read(piece, line, values, repairs, is_last=is_last)
        except CutOff as cut:
            if not values:
                raise
            repairs[f"{cut}; what stands before it was kept"] = None
            lost = [str(cut)]
        return [_clean(value, 0) for value in values], list(repairs), lost
    except RecursionError:
        raise UnreadableFile(f"it is nested more than {_DEEPEST} deep") from None
    except ValueError as wrong:  # a number of more digits than Python reads
        raise UnreadableFile(f"no JSON that could be read: {wrong}") from None


def _read(text: str, line: int, values: list[JsonValue], repairs: dict[str, None], *, is_last: bool) -> None:
    """Append every value of a text that starts on a line of the file. is_last: the file ends with it."""
    at = _begin(text, 0, repairs)
    while at < len(text):
        value, at = _piece(text, at, line, repairs, is_last=is_last)
        values.append(value)
        at = _begin(text, at, repairs)
        if text.startswith(",", at) and isinstance(value, (dict, list)):
            at = _begin(text, at + 1, repairs)
            repairs[_COMMA] = None
        elif at < len(text) and not (text[at] in "{[" and isinstance(value, (dict, list))):
            raise UnreadableFile(f"no JSON: Extra data, {_place(text, at, line)}")


def _begin(text: str, at: int, repairs: dict[str, None]) -> int:
    """Where the next value begins: files that were joined keep their marks, and some write one before each value."""
    while (begin := _next(text, at)) < len(text) and (mark := _MARKS.get(text[begin])):
        repairs[f"{mark} stands before a value; it was passed over"] = None
        at = begin + 1
    return begin


def _next(text: str, at: int) -> int:
    """Where the next thing begins that is no space."""
    gap = _GAP.match(text, at)
    return at if gap is None else gap.end()


def canonical(value: JsonValue) -> bytes:
    """The one byte string that stands for some JSON, whatever its spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _piece(text: str, at: int, line: int, repairs: dict[str, None], *, is_last: bool) -> tuple[JsonValue, int]:
    """Return the value that begins there, and where it ends."""
    strict = True
    for _ in range(2 + min(_MOST_COMMAS, _MOST_WORK // len(text))):
        try:
            value, end = _reader(repairs, strict=strict).raw_decode(text, at)
            return value, end
        except json.JSONDecodeError as wrong:
            if strict and wrong.msg.startswith("Invalid control character"):
                strict = False
                repairs["line ends and other control characters stand bare within its texts"] = None
            elif (comma := _stray(text, wrong.pos)) is not None:
                text = f"{text[:comma]} {text[comma + 1 :]}"
                repairs[_COMMA] = None
            elif is_last and _is_cut(text, wrong):
                where = _place(text, wrong.pos, line)
                raise CutOff(f"it ends within its JSON, in what begins at {where}: it was cut off") from None
            else:
                raise UnreadableFile(f"no JSON: {wrong.msg}, {_place(text, wrong.pos, line)}") from None
    raise UnreadableFile("no JSON: too many commas where nothing follows")


def _stray(text: str, at: int) -> int | None:
    """Where a comma stands before the end of a list or an object, if that is what is wrong there."""
    end, before = _next(text, at), text[:at].rstrip(_SPACE)
    if not text.startswith(("]", "}"), end) or not before.endswith(","):
        return None
    return len(before) - 1


def _place(text: str, at: int, line: int) -> str:
    return f"line {line + text.count(chr(10), 0, at)} column {at - text.rfind(chr(10), 0, at)}"


def _is_cut(text: str, wrong: json.JSONDecodeError) -> bool:
    """Whether nothing is wrong with a text but that it ends: also within a word, a number or an escape."""
    rest = text.rstrip()[wrong.pos :]
    if wrong.msg.startswith("Invalid \\uXXXX"):
        return _ESCAPE_BEGUN.fullmatch(rest) is not None
    is_begun = _NUMBER_BEGUN.fullmatch(rest) is not None or any(word.startswith(rest) for word in _WORDS)
    return wrong.msg.startswith("Unterminated string") or (is_begun and wrong.msg != "Extra data")


def _reader(repairs: dict[str, None], *, strict: bool) -> json.JSONDecoder:
    def constant(name: str) -> str:
        repairs[f"{name} is no number of JSON; it was kept as text"] = None
        return name

    def real(digits: str) -> float | str:
        return value if math.isfinite(value := float(digits)) else _long(digits)

    def whole(digits: str) -> int | str:
        return int(digits) if len(digits) <= _MOST_DIGITS else _long(digits)

    def _long(digits: str) -> str:
        repairs[f"a number of {len(digits)} characters is too large; it was kept as text"] = None
        return digits

    def pairs(entries: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        content = dict(entries)
        if len(content) < len(entries):
            _twice(entries, content, repairs)
        return content

    return json.JSONDecoder(
        object_pairs_hook=pairs, parse_constant=constant, parse_float=real, parse_int=whole, strict=strict
    )


def _twice(entries: list[tuple[str, JsonValue]], content: dict[str, JsonValue], repairs: dict[str, None]) -> None:
    earlier: dict[str, list[JsonValue]] = {}
    for key, value in entries:
        earlier.setdefault(key, []).append(value)
    for key, values in earlier.items():
        for number, value in enumerate(values[:-1], start=1):
            repairs[f"the key {key!r} stands {len(values)} times in one object; the last value counts"] = None
            content[f"{key}#{number}"] = value


def _halves(text: str) -> list[str]:
    """Return a sentence about the escapes that name half a character, `\\ud83d` without what belongs to it."""
    if not _ESCAPED_HALF.search(text):
        return []
    halves = [half for half in _ESCAPE.finditer(text) if half["low"] or (half["high"] and not half["pair"])]
    if not halves:
        return []
    first, more = halves[0], f", and {len(halves) - 1} more," if len(halves) > 1 else ""
    line, column = text.count("\n", 0, first.start()) + 1, first.start() - text.rfind("\n", 0, first.start())
    where = f"line {line} column {column}"
    return [f"half a character (a lone surrogate, {first[0]}) at {where}{more} was replaced by U+FFFD"]


def _clean(value: JsonValue, depth: int) -> JsonValue:
    """Return the value with half characters replaced. Raises RecursionError where it is nested too deeply."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_HALF.sub("\ufffd", key): _clean(item, depth + 1) for key, item in value.items()}
    return value
