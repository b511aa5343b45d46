"""The host card: what a machine says of itself, written once by provisioning.

/etc/sage/host.yaml    format: 1
                       host: sprout
                       overlay: cpu      only where declarations are to be laid over (a laptop)
                       fleet: sage       whose board this is; written by provisioning, so that no other fleet takes it

The one reader of cards, of this machine and of boards; the helper on a board hands its text on as it stands.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from sage_edge.declared import Declared, Reader
from sage_edge.errors import DeclarationError, Fault
from sage_edge.hints import sage
from sage_edge.names import HostName, Slug

_HINT = ("a card is two lines, `format: 1` and `host: NAME`; the names: ", sage("fleet show"))


class HostCard(Declared):
    """What a machine says of itself."""

    format: Literal[1]
    host: HostName
    overlay: Slug | None = None
    fleet: Slug | None = None

    @property
    def claims(self) -> str:
        """All that it says, on one line, like `host: sprout; fleet: sage`."""
        claims = self.model_dump(exclude={"format"}, exclude_none=True)
        return "; ".join(f"{key}: {value}" for key, value in claims.items())


def read(path: Path) -> HostCard | None:
    """Return a machine's card, or None if there is no such file. Raises DeclarationError for a bad one."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as refused:
        raise bad(path, "", f"cannot be read: {refused.strerror}") from None
    reader = Reader(path.parent)
    return _checked(path, reader, reader.read(path, HostCard))


def parse(text: str, path: Path = Path("etc/sage/host.yaml")) -> HostCard:
    """Return the card in a text. path: where it stands. Raises DeclarationError for a bad one."""
    reader = Reader(path.parent)
    content = reader.parse(path, text)
    return _checked(path, reader, None if content is None else reader.check(path, content, HostCard))


def text(host: HostName, fleet: str, overlay: str | None) -> str:
    """Return the card that provisioning writes."""
    over = f"overlay: {overlay}\n" if overlay else ""
    return f"# Who this board is. Written by `invoke provision`.\nformat: 1\nhost: {host}\nfleet: {fleet}\n{over}"


def bad(path: Path, key: str, message: str) -> DeclarationError:
    """Return the error of a card in which one key is wrong."""
    return DeclarationError([Fault(str(path), key, message)], hint=_HINT)


def _checked(path: Path, reader: Reader, card: HostCard | None) -> HostCard:
    if card is None:
        faults = [replace(fault, file=str(path)) for fault in reader.faults]
        raise DeclarationError(faults, hint=_HINT)
    return card
