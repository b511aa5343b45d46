"""The grammar of every name, written out once.

    HostName    sprout                 lower-case letters, digits, inner hyphens, at most 32
    RoleName    practitioner           the same
    Digest      sha256:9f86d0…         algorithm, colon, 64 hex digits
    ModelRef    sage/seedling:q8_0     family/name:variant
    SessionId   P021, T024             a letter for its kind; three digits or more, from 001
    Track       primary                a kind of session: as a host name, at most 32

Each is a `str` that has been checked: construct it to check, compare and format it as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from typing_extensions import Self

Track: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
"""The name of a kind of session. Which kinds there are, fleet/curriculum/kinds.yaml says."""

FIRST_KINDS: Mapping[str, Track] = {"P": "primary", "T": "training"}
"""Letter → kind, of transcripts that do not name their kind: they were published before kinds were declared."""

FIRST_LETTERS: Mapping[Track, str] = {kind: letter for letter, kind in FIRST_KINDS.items()}

TRACKS: tuple[Track, ...] = tuple(FIRST_LETTERS)
"""The first two kinds, which every corpus and every format may speak of."""


class Name(str):
    """Text of a fixed grammar. Raises ValueError, which names what was expected."""

    grammar: ClassVar[re.Pattern[str]] = re.compile(r".+")
    expected: ClassVar[str] = "a name"

    def __new__(cls, text: str) -> Self:
        if not cls.grammar.fullmatch(text):
            raise ValueError(f"expected {cls.expected}, got {text!r}")
        return super().__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


class HostName(Name):
    grammar = re.compile(r"(?=.{1,32}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
    expected = "a host name like sprout"


class RoleName(Name):
    grammar = HostName.grammar
    expected = "a role name like practitioner"


class Slug(Name):
    """Name of a board, phase, intervention, exercise or scorer."""

    grammar = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
    expected = "a name of lower-case letters, digits and hyphens"


class Digest(Name):
    grammar = re.compile(r"sha256:[0-9a-f]{64}")
    expected = "a digest like sha256:<64 hex digits>"

    @property
    def short(self) -> str:
        """The first 12 hex digits, for people."""
        return self[7:19]


def shortened(text: str) -> str:
    """Return the short form of a digest; any other text as it is."""
    return Digest(text).short if Digest.grammar.fullmatch(text) else text


class ModelRef(Name):
    grammar = re.compile(r"[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*:[a-z0-9][a-z0-9._-]*")
    expected = "a model like family/name:variant"


class SessionId(Name):
    """`P021` is the 21st primary session of its host, `T024` the 24th training session; each kind has its letter."""

    grammar = re.compile(r"[A-Z](?!0+\Z)(?:[0-9]{3}|[1-9][0-9]{3,8})")
    expected = "a session like P021 or T024"

    @classmethod
    def of(cls, letter: str, number: int) -> Self:
        """Return the id of the `number`-th session (from 1) of the kind with this letter."""
        return cls(f"{letter}{number:03d}")

    @property
    def letter(self) -> str:
        """The letter of its kind."""
        return self[0]

    @property
    def number(self) -> int:
        return int(self[1:])
