"""A JSON parser for untrusted files: bounded in bytes, depth and pieces; refuses repeated keys and NaN."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

from sage_edge.models.errors import HeaderBroken
from sage_edge.models.inspect import foreign_content
from sage_edge.models.inspect.bounded import Stream, short

UntrustedJson: TypeAlias = "bool | int | float | str | list[UntrustedJson] | dict[str, UntrustedJson] | None"

DEEPEST = 32
_LONGEST_NUMBER = 40
"""Digits: transformers writes int(1e30), 31 of them, where a tokenizer knows no limit (`model_max_length`)."""


def parse(data: bytes, file: str, *, most_pieces: int, whole: bool = False) -> UntrustedJson:
    """Return the value that some JSON holds. Raises HeaderBroken.

    most_pieces: ceiling for objects, lists and their members together (about 100 bytes of memory each).
    whole: refuse fractions, because the format has none.
    """
    pieces = sum(data.count(piece) for piece in (b"[", b"{", b","))
    if pieces > most_pieces:
        raise HeaderBroken(file, f"holds {pieces} pieces of JSON, at most {most_pieces} are read")
    try:
        text = data.decode("utf-8")
        value: UntrustedJson = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_int,
            parse_float=_no_fraction if whole else _float,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError:
        raise HeaderBroken(file, "is no UTF-8 text") from None
    except RecursionError:
        raise HeaderBroken(file, "nests JSON too deeply") from None
    except json.JSONDecodeError as wrong:
        raise HeaderBroken(file, f"is no JSON: {wrong.msg} at character {wrong.pos}") from None
    except ValueError as wrong:  # from the hooks below
        raise HeaderBroken(file, str(wrong)) from None
    if _depth(value) > DEEPEST:
        raise HeaderBroken(file, "nests JSON too deeply")
    return value


def read(path: Path, *, most_bytes: int = 8 << 20, most_pieces: int = 400_000) -> dict[str, UntrustedJson]:
    """Return the object that a JSON file holds. Raises HeaderBroken, OSError."""
    with foreign_content.named(path, "JSON"), Stream(path) as stream:
        if stream.size > most_bytes:
            raise stream.broken(f"has {stream.size} bytes, at most {most_bytes} are read")
        value = parse(stream.take(stream.size, "JSON"), path.name, most_pieces=most_pieces)
    if not isinstance(value, dict):
        raise HeaderBroken(path.name, "is no JSON object")
    if (refused := foreign_content.answer(value)) is not None:
        raise HeaderBroken(path.name, refused)
    return value


def _depth(value: UntrustedJson) -> int:
    level: list[UntrustedJson] = [value]
    depth = 0
    while level and depth <= DEEPEST:
        depth += 1
        inner: list[UntrustedJson] = []
        for item in level:
            inner += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        level = inner
    return depth


def _once(pairs: list[tuple[str, UntrustedJson]]) -> dict[str, UntrustedJson]:
    members: dict[str, UntrustedJson] = {}
    for key, value in pairs:
        if key in members:
            raise ValueError(f"names {short(key)} twice")
        members[key] = value
    return members


def _int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"holds a number of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    if len(digits) > 6 * _LONGEST_NUMBER:
        raise ValueError(f"holds a number of {len(digits)} digits")
    return float(digits)


def _no_fraction(digits: str) -> float:
    raise ValueError(f"holds the fraction {short(digits)} where only whole numbers belong")


def _no_constant(name: str) -> float:
    raise ValueError(f"holds {name}, which is no number")
