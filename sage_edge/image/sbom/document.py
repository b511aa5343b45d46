"""The list of an image's parts as SPDX 2.3 JSON: the same image makes the same bytes.

documentNamespace    ends with the image's id
created              when the image says that it was created, which is its newest commit
packages             the image itself, and each part with its SPDXID, name, version, licence and purl
relationships        the document describes the image, the image contains each part
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args
from urllib.parse import quote

from sage_edge import __version__
from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom.licences import Licence
from sage_edge.image.sbom.parts import PartKind, SoftwarePart
from sage_edge.names import Digest

MOST_BYTES = 16_000_000
_NAMESPACE = "https://spdx.org/spdxdocs/sage-edge-"
_IMAGE = "SPDXRef-image"
_ID = re.compile(r"SPDXRef-(deb|python|model)-.+")
_UNSAID = "NOASSERTION"


def text(tag: str, image: Digest, created: str, distribution: str, parts: Sequence[SoftwarePart]) -> str:
    """Return the document of an image. created: as its config says; distribution: like debian, for the purls."""
    references = {ref: known for part in parts for ref, known in part.licence.texts}
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": tag,
        "documentNamespace": f"{_NAMESPACE}{re.sub('[^a-z0-9.]+', '-', tag)}-{image[7:]}",
        "creationInfo": {"created": _second(created), "creators": [f"Tool: sage-edge-{__version__}"]},
        "documentDescribes": [_IMAGE],
        "packages": [_image(tag, image), *(_package(part, distribution) for part in parts)],
        "hasExtractedLicensingInfos": [
            {"licenseId": ref, "name": ref.removeprefix("LicenseRef-"), "extractedText": f"The licence {known}."}
            for ref, known in sorted(references.items())
        ],
        "relationships": [_related("SPDXRef-DOCUMENT", "DESCRIBES", _IMAGE), *_contained(parts)],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def parts_of(document: str) -> frozenset[SoftwarePart]:
    """Return the packages that a document of ours names, the image apart. Raises SbomUnreadable."""
    try:
        packages = json.loads(document)["packages"]
        named = [(str(p["SPDXID"]), str(p["name"]), str(p["versionInfo"]), p) for p in packages]
    except (ValueError, KeyError, TypeError, RecursionError) as odd:
        raise SbomUnreadable("the document", f"{type(odd).__name__}: {odd}") from None
    return frozenset(
        _part(spdx_id, name, version, package) for spdx_id, name, version, package in named if spdx_id != _IMAGE
    )


def _part(spdx_id: str, name: str, version: str, package: dict[str, Any]) -> SoftwarePart:
    match = _ID.fullmatch(spdx_id)
    if match is None:
        raise SbomUnreadable(
            f"the document's {spdx_id!r:.120}", f"an id says what it is, like {_IMAGE}, or one of {get_args(PartKind)}"
        )
    kind: PartKind = match[1]  # type: ignore[assignment]
    purls = str(package.get("externalRefs") or "")
    arch = re.search(r"\?arch=([a-z0-9-]+)", purls) if kind == "deb" else None
    return SoftwarePart(kind, name, version, arch[1] if arch else "")


def _second(moment: str) -> str:
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)", moment)
    if match is None:
        raise SbomUnreadable("the image's config", f"created: {moment!r:.60} is no moment in UTC")
    return f"{match[1]}Z"


def _image(tag: str, image: Digest) -> dict[str, Any]:
    return {
        **_common(_IMAGE, tag, image[7:19], Licence("Apache-2.0")),
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [{"algorithm": "SHA256", "checksumValue": image[7:]}],
    }


def _package(part: SoftwarePart, distribution: str) -> dict[str, Any]:
    package = _common(_spdx_id(part), part.name, part.version, part.licence)
    if part.digest:
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": part.digest[7:]}]
    package["externalRefs"] = [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": _purl(part, distribution)}
    ]
    return package


def _common(spdx_id: str, name: str, version: str, licence: Licence) -> dict[str, Any]:
    return {
        "SPDXID": spdx_id,
        "name": name,
        "versionInfo": version,
        "downloadLocation": _UNSAID,
        "filesAnalyzed": False,
        "licenseConcluded": _UNSAID,
        "licenseDeclared": licence.expression,
        "copyrightText": _UNSAID,
        "supplier": _UNSAID,
    }


def _spdx_id(part: SoftwarePart) -> str:
    words = "-".join(
        word for word in (part.kind, part.name, part.version if part.kind == "model" else part.arch) if word
    )
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", lambda odd: f"-x{ord(odd[0]):02X}-", words)


def _purl(part: SoftwarePart, distribution: str) -> str:
    version = quote(part.version, safe="")
    if part.kind == "deb":
        return f"pkg:deb/{distribution}/{quote(part.name, safe='')}@{version}?arch={part.arch}"
    return f"pkg:{'pypi' if part.kind == 'python' else 'generic'}/{quote(part.name)}@{version}"


def _contained(parts: Sequence[SoftwarePart]) -> Iterator[dict[str, str]]:
    return (_related(_IMAGE, "CONTAINS", _spdx_id(part)) for part in parts)


def _related(holder: str, how: str, other: str) -> dict[str, str]:
    return {"spdxElementId": holder, "relationshipType": how, "relatedSpdxElement": other}
