"""What an operator signs so that a board runs a release; it lies beside the release on the board (host.permit).

    {"back": false, "counter": 1234, "expires": "2027-02-28T12:00:00.000+00:00", "files": "<64 hex>", "fleet": "sage",
     "format": 1, "host": "sprout", "release": "<64 hex>"}

counter: how many commits the checkout has. files: digest over the release's files. back: to an older one, and meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from sage_edge.names import HostName, Slug
from sage_edge.records.base import Moment, Record

_HEX = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ReleasePermit(Record):
    """One permit for one release on one host."""

    format: Literal[1] = 1
    release: _HEX
    host: HostName
    fleet: Slug
    files: _HEX
    counter: Annotated[int, Field(ge=0, le=999_999_999)]
    expires: Moment
    back: bool = False


def digest_of(files: Mapping[str, str]) -> str:
    """Return one digest over names and texts of a release's files: sha256 over `name NUL sha256 LF`, sorted."""
    lines = (f"{name}\0{hashlib.sha256(text.encode('utf-8')).hexdigest()}\n" for name, text in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
