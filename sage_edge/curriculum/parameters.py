"""The kinds of parameters that an intervention can have.

Values may come from a recommendation, which is written on another machine, and whatever passes here reaches the
system message. So each kind says what it takes, and everything else is refused.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StrictBool, StrictInt

from sage_edge.declared import Declared

_LETTERS = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž]{1,24}")  # Latin only: other scripts hold look-alikes and blank letters
_UNPRINTED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKUP = ("<", ">")  # closes the door to ChatML, HTML comments and tags at once


def shown(value: object) -> str:
    """Return a value so that a person can safely read it: ASCII, at most 40 characters."""
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:37]}... ({len(text)} characters)"


def unprintable(text: str) -> bool:
    """True if a text holds control, invisible, unassigned or line-ending characters, or half a surrogate."""
    return any(unicodedata.category(character) in _UNPRINTED for character in text)


class NameParameter(Declared):
    """1 to 24 Latin letters."""

    kind: Literal["name"]
    default: str

    def accept(self, value: object) -> JsonValue:
        """Return the value. Raises ValueError, which says what was expected."""
        if isinstance(value, str) and _LETTERS.fullmatch(value):
            return value
        raise ValueError(f"expected 1 to 24 letters, got {shown(value)}")


class SwitchParameter(Declared):
    """True or false."""

    kind: Literal["switch"]
    default: StrictBool

    def accept(self, value: object) -> JsonValue:
        """Return the value. Raises ValueError, which says what was expected."""
        if isinstance(value, bool):
            return value
        raise ValueError(f"expected true or false, got {shown(value)}")


class CountParameter(Declared):
    """A whole number between two others, both allowed."""

    kind: Literal["count"]
    default: StrictInt
    minimum: StrictInt = 0
    maximum: StrictInt

    def accept(self, value: object) -> JsonValue:
        """Return the value. Raises ValueError, which says what was expected."""
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return value
        raise ValueError(f"expected a whole number from {self.minimum} to {self.maximum}, got {shown(value)}")


class TextParameter(Declared):
    """One line of plain text without markup."""

    kind: Literal["text"]
    default: str
    max_length: int = Field(default=200, ge=1, le=500)

    def accept(self, value: object) -> JsonValue:
        """Return the value. Raises ValueError, which says what was expected."""
        if not isinstance(value, str) or len(value) > self.max_length:
            raise ValueError(f"expected text of at most {self.max_length} characters, got {shown(value)}")
        folded = value + unicodedata.normalize("NFKC", value)  # full-width brackets count as brackets
        if not value.strip() or unprintable(value) or any(mark in folded for mark in _MARKUP):
            raise ValueError(f"expected one line of text without markup, got {shown(value)}")
        return value


Parameter = Annotated[NameParameter | SwitchParameter | CountParameter | TextParameter, Field(discriminator="kind")]
