"""Licences as SPDX says them: from the names that Debian, Python packages and our cards use.

What has no name in SPDX's list becomes a reference of the document's own, `LicenseRef-…`, with a word on where its text
is. Source of Debian's names: the machine-readable copyright format 1.0, "Short license names".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression


@dataclass(frozen=True)
class Licence:
    """An SPDX expression, and for each reference of our own in it: id and what is known of its text."""

    expression: str
    texts: tuple[tuple[str, str], ...] = ()


UNKNOWN = Licence("NOASSERTION")

_GNU = re.compile(r"(AGPL|LGPL|GPL|GFDL)-?v?(\d)(?:\.(\d))?(?:\.0)?(\+|-only|-or-later)?", re.IGNORECASE)
_SAME = {
    "expat": "MIT", "mit license": "MIT", "mit": "MIT", "the mit license": "MIT", "isc": "ISC", "zlib": "Zlib",
    "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-4-clause": "BSD-4-Clause", "x11": "X11",
    "apache-2": "Apache-2.0", "apache-2.0": "Apache-2.0", "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0", "apache license, version 2.0": "Apache-2.0", "psf-2.0": "PSF-2.0",
    "python software foundation license": "PSF-2.0", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "artistic": "Artistic-1.0-Perl", "curl": "curl", "openldap-2.8": "OLDAP-2.8", "cc0-1.0": "CC0-1.0",
    "cc0": "CC0-1.0",
    "boost": "BSL-1.0", "bsd-3-clause license": "BSD-3-Clause", "isc license (iscl)": "ISC", "mpl-2.0": "MPL-2.0",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+/_-]*(?: with [A-Za-z0-9.+/_-]+ exception)?")


def of_name(name: str, where: str) -> Licence:
    """Return the licence that one name means. where: what to say of a name that SPDX does not have."""
    plain = " ".join(name.split())
    if known := _SAME.get(plain.lower()) or _gnu(plain):
        return Licence(known)
    try:
        expression = canonicalize_license_expression(plain)
    except (InvalidLicenseExpression, ValueError):
        expression = None
    if expression and "LicenseRef" not in expression:
        return Licence(str(expression))
    ref = "LicenseRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", plain)[:60].strip("-.")
    return Licence(ref, ((ref, f"named {plain[:200]!r} by {where}"),)) if _NAME.fullmatch(plain) else UNKNOWN


def of_names(names: Iterable[str], where: str) -> Licence:
    """Return the licence of something to which all of these apply; each may be like `GPL-2+ or Artistic`."""
    parts = [_choice(name, where) for name in sorted(set(names))]
    kept = {part.expression: part for part in parts if part != UNKNOWN}
    if not kept:
        return UNKNOWN
    texts = tuple(sorted({text for part in kept.values() for text in part.texts}))
    words = [f"({e})" if " " in e and len(kept) > 1 else e for e in sorted(kept)]
    return Licence(" AND ".join(words), texts)


def _choice(name: str, where: str) -> Licence:
    joints = set(re.findall(r"\s(or|and)\s", name))
    if len(joints) > 1:  # which of them binds more closely, only people can say
        return of_name("-".join(re.findall(r"[A-Za-z0-9.+-]+", name)), where)
    leaves = [of_name(piece.strip(" ,"), where) for piece in re.split(r"\s+(?:or|and)\s+", name)]
    if UNKNOWN in leaves:
        return UNKNOWN
    joint = f" {''.join(joints).upper()} "
    expressions = dict.fromkeys(leaf.expression for leaf in leaves)
    return Licence(joint.join(expressions), tuple(text for leaf in leaves for text in leaf.texts))


def _gnu(name: str) -> str | None:
    match = _GNU.fullmatch(name)
    if match is None:
        return None
    later = "or-later" if match[4] in ("+", "-or-later") else "only"
    return f"{match[1].upper()}-{match[2]}.{match[3] or 0}-{later}"
