"""Words of an older system → names of ours."""

from __future__ import annotations

import re
import unicodedata

from pydantic import JsonValue

from sage_edge.names import Slug

_MOST = 64


def slug(text: JsonValue) -> Slug | None:
    """Return a text or a number as a name of lower-case letters, digits and hyphens; None when nothing is left."""
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        return None
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    cut = re.sub(r"[^a-z0-9]+", "-", plain)[:_MOST].strip("-")
    return Slug(cut) if cut else None


def label(text: str) -> str | None:
    """Return a text as a label, which is part of a file's name; None when nothing is left of it."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text.strip())
    return plain.lstrip("._-")[:80] or None
