"""Bytes → JSON, as tolerant as can be without guessing: what was read otherwise than it stands is told.

What no record can hold is put into words that it can: NaN and Infinity, numbers without end and half characters become
text. A key that stands twice keeps its last value, as every reader of the older system had it; the earlier ones stand
beside it as `key#1`, `key#2`.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from dataclasses import dataclass

from pydantic import JsonValue

from sage_edge.legacy.errors import UnreadableFile

LIMIT_BYTES = 8 << 20
"""A larger file is refused before it is read; the largest transcript known has 9 KB, the largest buffer 300 KB."""

_DEEPEST = 64
_MOST_DIGITS = 30
_HALF = re.compile("[\ud800-\udfff]")
_BOMS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


@dataclass(frozen=True)
class Document:
    """What a file holds, and a sentence for each thing that was read otherwise than it stands."""

    value: JsonValue
    repairs: tuple[str, ...] = ()


def decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text of some bytes, and what had to be repaired. Raises UnreadableFile."""
    repairs = []
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
        repairs.append("a byte-order mark at the start was taken off")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        text = _otherwise(data, wrong, repairs)
    if "\r\n" in text:
        repairs.append("its lines end with CR LF")
    return text, repairs


def _otherwise(data: bytes, wrong: UnicodeDecodeError, repairs: list[str]) -> str:
    """Read UTF-16 that says so, or Windows-1252 where no byte speaks for UTF-8."""
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            repairs.append(f"it is {encoding}, not UTF-8")
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise UnreadableFile(f"it says that it is {encoding}, and is not") from None
    line = data.count(b"\n", 0, wrong.start) + 1
    where = f"byte {wrong.start} (line {line}) is not UTF-8"
    if re.search("[^\x00-\x7f\udc80-\udcff]", data.decode("utf-8", "surrogateescape")):
        raise UnreadableFile(f"{where}, other characters are: it was damaged, or written in two encodings")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise UnreadableFile(f"{where}, and not Windows-1252 either") from None
    repairs.append(f"{where}: it was read as Windows-1252")
    return text


def parse(text: str, *, by_line: bool = False) -> Document:
    """Return the JSON that a text holds; by_line: one value a line, together a list. Raises UnreadableFile."""
    if not text.strip():
        raise UnreadableFile("it is empty")
    repairs: dict[str, None] = {}
    pieces = text.split("\n") if by_line else [text]
    try:
        values = [_piece(piece, number, repairs) for number, piece in enumerate(pieces, start=1) if piece.strip()]
        value = _clean(values if by_line else values[0], repairs, 0)
    except RecursionError:
        raise UnreadableFile(f"it is nested more than {_DEEPEST} deep") from None
    except ValueError as wrong:  # a number of more digits than Python reads
        raise UnreadableFile(f"no JSON that could be read: {wrong}") from None
    return Document(value, tuple(repairs))


def canonical(value: JsonValue) -> bytes:
    """The one byte string that stands for some JSON, whatever its spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _piece(text: str, line: int, repairs: dict[str, None]) -> JsonValue:
    """Return one JSON value that starts on a line of the file."""
    try:
        try:
            value: JsonValue = _reader(repairs, strict=True).decode(text)
        except json.JSONDecodeError as wrong:
            if not wrong.msg.startswith("Invalid control character"):
                raise
            value = _reader(repairs, strict=False).decode(text)
            repairs["line ends and other control characters stand bare within its texts"] = None
    except json.JSONDecodeError as wrong:
        raise UnreadableFile(f"no JSON: {wrong.msg}, line {line + wrong.lineno - 1} column {wrong.colno}") from None
    return value


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


def _clean(value: JsonValue, repairs: dict[str, None], depth: int) -> JsonValue:
    """Return the value with half characters replaced. Raises RecursionError where it is nested too deeply."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        return _whole(value, repairs)
    if isinstance(value, list):
        return [_clean(item, repairs, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_whole(key, repairs): _clean(item, repairs, depth + 1) for key, item in value.items()}
    return value


def _whole(text: str, repairs: dict[str, None]) -> str:
    if not _HALF.search(text):
        return text
    repairs["half a character (a lone surrogate) was replaced by U+FFFD"] = None
    return _HALF.sub("\ufffd", text)
