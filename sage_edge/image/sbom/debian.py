"""Debian's packages of an image, from dpkg's own files.

var/lib/dpkg/status                paragraphs of `Field: value`; what is not `install ok installed` is not there
usr/share/doc/PACKAGE/copyright    the machine-readable format 1.0 has `License:` fields; older ones name files of
                                   /usr/share/common-licenses
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom import licences
from sage_edge.image.sbom.licences import UNKNOWN, Licence
from sage_edge.image.sbom.parts import SoftwarePart

STATUS = "var/lib/dpkg/status"
QUERY = ("dpkg-query", "-W", "-f", "${db:Status-Status}\\t${Package}\\t${Version}\\t${Architecture}\\n")
"""What an image is asked, to compare."""

_INSTALLED = "install ok installed"
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])")
_SHORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+,/_ -]{0,79}")


def parts(status: str, copyright_of: Callable[[str], str | None]) -> Iterator[SoftwarePart]:
    """Yield what dpkg says is installed. copyright_of: the text in its documentation, if any. Raises SbomUnreadable."""
    for package in paragraphs(status):
        if package.get("status") == _INSTALLED:
            name = package.get("package", "")
            licence = declared(name, copyright_of(name) or "")
            yield SoftwarePart("deb", name, package.get("version", ""), package.get("architecture", ""), licence)


def paragraphs(text: str) -> Iterator[Mapping[str, str]]:
    """Yield each paragraph of a control file, by field in lower case; lines that go on are left out."""
    for paragraph in re.split(r"\n[ \t]*\n", text):
        lines = (line.partition(":") for line in paragraph.splitlines() if line[:1] not in (" ", "\t", "#", ""))
        if fields := {name.lower(): value.strip() for name, colon, value in lines if colon}:
            yield fields


def declared(package: str, copyright_text: str) -> Licence:
    """Return what a package's copyright file says; all that is in it applies to something in the package."""
    where = f"/usr/share/doc/{package}/copyright"
    if not copyright_text:
        return UNKNOWN
    if not copyright_text.lstrip("\ufeff \n").startswith("Format"):
        common = {f"common-licenses-{name}" for name in _COMMON.findall(copyright_text)}
        return licences.of_names(common or {f"copyright-of-{package}"}, where)
    named = {fields["license"] for fields in paragraphs(copyright_text) if fields.get("license")}
    short = {name for name in named if _SHORT.fullmatch(name) and len(name.split()) <= 9}
    return licences.of_names(short if short == named and short else short | {f"copyright-of-{package}"}, where)


def asked(answer: str) -> frozenset[SoftwarePart]:
    """Return what dpkg-query said when it was asked QUERY. Raises SbomUnreadable."""
    rows = [line.split("\t") for line in answer.splitlines()]
    if odd := next((row for row in rows if len(row) != 4), None):
        raise SbomUnreadable("what dpkg-query says", f"it has a line {' '.join(odd)!r:.120}")
    return frozenset(
        SoftwarePart("deb", name, version, arch) for state, name, version, arch in rows if state == "installed"
    )
