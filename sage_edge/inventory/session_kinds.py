"""Kinds of sessions, as `fleet/curriculum/kinds.yaml` declares them: what differs between them is data.

format: 1
kinds: a list of SessionKind, and of ReservedKind with `conducted_by: nobody`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from sage_edge.declared import Declared, Reader
from sage_edge.errors import UsageError
from sage_edge.inventory.roles import Ability
from sage_edge.names import FIRST_KINDS, FIRST_LETTERS, SessionId, Track

FILE = "curriculum/kinds.yaml"
"""Where they are declared, below a fleet folder."""

_DECLARE = f"declare it in fleet/{FILE}"
_Letter = Annotated[str, Field(pattern=r"^[A-Z]$")]


class SessionKind(Declared):
    """One kind of session. What its keys mean is written in the file itself."""

    name: Track
    letter: _Letter
    ability: Ability
    has_cadence: bool
    draws: Literal["phases", "tracks"]
    remembers: Track | None = None


class ReservedKind(Declared):
    """A kind that no host conducts: sessions of an older system have its name, and its letter is taken."""

    name: Track
    letter: _Letter
    conducted_by: Literal["nobody"]


_DRAWS: tuple[tuple[str, str, Literal["phases", "tracks"]], ...] = (
    ("P", "primary", "phases"),
    ("T", "training", "tracks"),
)
FIRST = tuple(
    SessionKind(
        name=Track(name), letter=letter, ability="conduct", has_cadence=True, draws=draws, remembers=Track("primary")
    )
    for letter, name, draws in _DRAWS
)
"""The kinds of every release that was made before kinds were declared: its folder has no such file."""


def _tag(entry: object) -> str:
    """The tag of an entry; no key has its name, so that faults are named by what is written."""
    is_reserved = isinstance(entry, ReservedKind) or (isinstance(entry, Mapping) and "conducted_by" in entry)
    return "of nobody" if is_reserved else "of a host"


_Entry = Annotated[
    Annotated[SessionKind, Tag("of a host")] | Annotated[ReservedKind, Tag("of nobody")], Discriminator(_tag)
]


class _File(Declared):
    format: Literal[1]
    kinds: Annotated[tuple[_Entry, ...], Field(min_length=1)]


@dataclass(frozen=True)
class SessionKinds:
    """The declared kinds that hosts conduct, in the order of their file; reserved: those that nobody does."""

    declared: tuple[SessionKind, ...]
    reserved: tuple[ReservedKind, ...] = ()

    def __iter__(self) -> Iterator[SessionKind]:
        return iter(self.declared)

    @property
    def names(self) -> tuple[Track, ...]:
        """The name of each kind that is conducted."""
        return tuple(kind.name for kind in self.declared)

    @property
    def letters(self) -> dict[Track, str]:
        """Name → letter, of each kind that is conducted."""
        return {kind.name: kind.letter for kind in self.declared}

    def named(self, name: str) -> SessionKind:
        """Return the kind of that name. Raises UsageError, which lists the kinds, or says that nobody conducts it."""
        for kind in self.declared:
            if kind.name == name:
                return kind
        known = ", ".join(self.names)
        if any(kind.name == name for kind in self.reserved):
            raise UsageError(f"nobody conducts {name} sessions; kinds that are conducted: {known}", hint=_DECLARE)
        raise UsageError(f"no kind of session is named {name!r}; there are: {known}", hint=_DECLARE)

    def of(self, session: SessionId) -> SessionKind:
        """Return the kind of a session by its letter. Raises UsageError as `named` does, with the letters."""
        for kind in self.declared:
            if kind.letter == session.letter:
                return kind
        known = ", ".join(f"{kind.letter} {kind.name}" for kind in self.declared)
        for reserved in self.reserved:
            if reserved.letter == session.letter:
                what = f"{session} is a session of kind {reserved.name}, which nobody conducts"
                raise UsageError(f"{what}; kinds that are conducted: {known}", hint=_DECLARE)
        raise UsageError(f"{session} is of no declared kind; there are: {known}", hint=_DECLARE)


def read(reader: Reader) -> SessionKinds | None:
    """Return the declared kinds, `FIRST` where an older release declares none; None after noting a file's faults."""
    path = reader.folder / FILE
    if not path.exists():
        return SessionKinds(FIRST)
    before = len(reader.faults)
    file = reader.read(path, _File)
    if file is None:
        return None
    _check(reader, path, file.kinds)
    if len(reader.faults) > before:
        return None
    conducted = tuple(kind for kind in file.kinds if isinstance(kind, SessionKind))
    return SessionKinds(conducted, tuple(kind for kind in file.kinds if isinstance(kind, ReservedKind)))


def _check(reader: Reader, path: Path, kinds: tuple[SessionKind | ReservedKind, ...]) -> None:
    names = [kind.name for kind in kinds if isinstance(kind, SessionKind)]
    if not names:
        reader.fault(path, "kinds", "none of them is conducted by anybody")
    for number, kind in enumerate(kinds):
        place = f"kinds[{number}]"
        for key in ("name", "letter"):
            if getattr(kind, key) in _values(kinds[:number], key):
                reader.fault(path, f"{place}.{key}", f"{getattr(kind, key)} is given twice")
        if FIRST_KINDS.get(kind.letter, kind.name) != kind.name:
            taken = FIRST_KINDS[kind.letter]
            reader.fault(path, f"{place}.letter", f"{kind.letter} is {taken}'s in every published transcript")
        if (letter := FIRST_LETTERS.get(kind.name, kind.letter)) != kind.letter:
            reader.fault(path, f"{place}.letter", f"expected {letter}, as in every published {kind.name} transcript")
        remembered = kind.remembers if isinstance(kind, SessionKind) else None
        if remembered is not None and remembered not in names:
            reader.fault(path, f"{place}.remembers", f"no kind is named {remembered}; there are: {', '.join(names)}")


def _values(kinds: Iterable[SessionKind | ReservedKind], key: str) -> set[str]:
    return {getattr(kind, key) for kind in kinds}
