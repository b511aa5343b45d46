"""Python's packages of an image, from what each of them has installed beside itself.

opt/sage/lib/python3.*/site-packages/*.dist-info/METADATA    headers as in mail: Name, Version, License-Expression
"""

from __future__ import annotations

import json
import re
from email.parser import HeaderParser
from typing import Any

from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom import licences
from sage_edge.image.sbom.licences import UNKNOWN, Licence
from sage_edge.image.sbom.parts import SoftwarePart, python_name

METADATA = re.compile(r"opt/sage/lib/python3\.\d+/site-packages/[^/]+\.dist-info/METADATA")
QUERY = ("/opt/sage/bin/python3", "-m", "pip", "--disable-pip-version-check", "inspect", "--local")
"""What an image is asked, to compare; pip can since 22.2."""

_OSI = "License :: OSI Approved :: "
_WORDY = 60
"""Longer than this is no name but a text."""


def part(metadata: str) -> SoftwarePart:
    """Return the package of one METADATA file. Raises SbomUnreadable."""
    headers = HeaderParser().parsestr(metadata)
    fields = {name: str(headers.get(name) or "") for name in ("Name", "Version", "License-Expression", "License")}
    kinds = [str(kind).removeprefix(_OSI) for kind in headers.get_all("Classifier", []) if str(kind).startswith(_OSI)]
    name = python_name(fields["Name"])
    licence = declared(fields["License-Expression"], fields["License"], kinds, f"the package {name}")
    return SoftwarePart("python", name, fields["Version"], licence=licence)


def declared(expression: str, words: str, kinds: list[str], where: str) -> Licence:
    """Return the licence of a package: its expression, or a short name in its words, or its classifiers."""
    if expression:
        return licences.of_name(expression, where)
    short = [words.strip()] if words.strip() and len(words) <= _WORDY and "\n" not in words else kinds
    return licences.of_names(map(_joined, short), where)


def _joined(name: str) -> str:
    """A name of several words that no list has becomes one word: it is no text."""
    return name if licences.of_name(name, "") != UNKNOWN else re.sub(r"[^A-Za-z0-9.+]+", "-", name).strip("-")


def asked(answer: str) -> frozenset[SoftwarePart]:
    """Return what `pip inspect` said. Raises SbomUnreadable."""
    try:
        rows: list[Any] = json.loads(answer)["installed"]
        named = [(str(row["metadata"]["name"]), str(row["metadata"]["version"])) for row in rows]
    except (ValueError, KeyError, TypeError) as odd:
        raise SbomUnreadable("what pip inspect says", f"{type(odd).__name__}: {odd}") from None
    return frozenset(SoftwarePart("python", python_name(name), version) for name, version in named)
