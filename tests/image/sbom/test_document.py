"""The document of an image: valid SPDX 2.3, the same bytes each time, and read back part by part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom import document, licences
from sage_edge.image.sbom.parts import SoftwarePart
from sage_edge.names import Digest

ID = Digest("sha256:" + "ab" * 32)
PARTS = (
    SoftwarePart("deb", "libstdc++6", "12.2.0-14+deb12u1", "amd64", licences.of_names(["GPL-3+", "odd"], "x")),
    SoftwarePart("deb", "libstdc++6", "12.2.0-14+deb12u1", "arm64"),
    SoftwarePart("deb", "git", "1:2.39.5~rc1", "amd64"),
    SoftwarePart("python", "typing-extensions", "4.16.0", licence=licences.of_name("PSF-2.0", "x")),
    SoftwarePart("model", "sage/seedling", "q8_0", licence=licences.of_name("MIT", "x"), digest=ID),
)
CREATED = "2026-11-30T00:00:00.123456789Z"


def text(parts: tuple[SoftwarePart, ...] = PARTS) -> str:
    """The document of these."""
    return document.text("sage/sprout:cpu", ID, CREATED, "debian", parts)


def faults(content: str, folder: Path) -> list[str]:
    """What spdx-tools finds in a document."""
    (folder / "x.spdx.json").write_text(content, "utf-8")
    return [fault.validation_message for fault in validate_full_spdx_document(parse_file(str(folder / "x.spdx.json")))]


def test_it_is_valid_and_the_same_each_time(tmp_path: Path) -> None:
    assert faults(text(), tmp_path) == []
    assert text() == text()
    assert faults(text().replace("SPDXRef-image", "SPDXRef_image"), tmp_path), "or the validator sees nothing"


def test_it_says_what_it_is_of_and_since_when() -> None:
    content = json.loads(text())
    assert content["spdxVersion"] == "SPDX-2.3"
    assert content["documentNamespace"].endswith(f"sage-sprout-cpu-{'ab' * 32}")
    assert content["creationInfo"]["created"] == "2026-11-30T00:00:00Z"
    assert {r["relatedSpdxElement"] for r in content["relationships"] if r["relationshipType"] == "CONTAINS"} == {
        package["SPDXID"] for package in content["packages"] if package["SPDXID"] != "SPDXRef-image"
    }
    purls = [p["externalRefs"][0]["referenceLocator"] for p in content["packages"][1:]]
    assert purls[0] == "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64"
    assert purls[-2:] == ["pkg:pypi/typing-extensions@4.16.0", "pkg:generic/sage/seedling@q8_0"]
    assert [info["licenseId"] for info in content["hasExtractedLicensingInfos"]] == ["LicenseRef-odd"]


def test_what_it_names_is_read_back() -> None:
    assert document.parts_of(text()) == frozenset(PARTS)
    assert document.parts_of(text(())) == frozenset()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"packages": [{}]}',
        '{"packages": 3}',
        "[" * 200_000,
        '{"packages": [{"SPDXID": "SPDXRef-npm-x", "name": "x", "versionInfo": "1"}]}',
        '{"packages": [{"SPDXID": "SPDXRef-deb-x", "name": "\\u001b[31m", "versionInfo": "1"}]}',
    ],
)
def test_what_is_no_document_of_ours_is_refused(content: str) -> None:
    with pytest.raises(SbomUnreadable) as refused:
        document.parts_of(content)
    assert refused.value.message.isprintable()


def test_an_image_that_does_not_know_when_it_was_made_is_refused() -> None:
    with pytest.raises(SbomUnreadable, match="no moment"):
        document.text("a:1", ID, "", "debian", ())
