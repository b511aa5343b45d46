"""Merge an overlay's partial mapping over a declaration."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue


def laid_over(base: Mapping[str, JsonValue], change: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return `base` with the values of `change`; mappings are merged key by key, all else is replaced."""
    result = dict(base)
    for key, value in change.items():
        below = result.get(key)
        result[key] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
