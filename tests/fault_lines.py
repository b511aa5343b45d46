"""Faults without the lines of files that others change."""

from __future__ import annotations

import re


def without(text: str) -> str:
    """Return a message without the lines that it names; it must name one."""
    bare, count = re.subn(r" \(line [1-9][0-9]*\)", "", text)
    assert count, text
    return bare
