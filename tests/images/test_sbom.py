"""The documents of our real images: valid SPDX, equal to what dpkg-query and pip inspect say inside, the same twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from sage_edge.image.errors import SbomDiffers
from sage_edge.image.sbom import bill, document
from tests.images.building import ROOT, built, run

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("name", ["sprout", "thor"])
def test_an_images_document_is_what_the_image_says(name: str, tmp_path: Path) -> None:
    image = built(name)
    written = bill.make(tmp_path, ROOT / "fleet", tmp_path / "scratch", image, unasked=False)
    assert validate_full_spdx_document(parse_file(str(written.path))) == []
    text = written.path.read_text("utf-8")
    parts = {(part.kind, part.name) for part in document.parts_of(text)}
    # asked by other words than those of the comparison
    debs = run(image, "-W", "-f", "${Package} ", entry="dpkg-query").stdout.split()
    pips = run(image, "list", "--format=json", "--local", entry="/opt/sage/bin/pip").stdout
    assert {name for kind, name in parts if kind == "deb"} == set(debs)
    assert sum(kind == "python" for kind, _ in parts) == len(json.loads(pips))
    assert ("model", "sage/seedling") in parts
    assert {("python", "sage-edge"), ("python", "llama-cpp-python"), ("deb", "git")} <= parts
    unsaid = [p["name"] for p in json.loads(text)["packages"] if p["licenseDeclared"] == "NOASSERTION"]
    assert unsaid == [], "every package says its licence"


def test_a_package_too_many_and_one_too_few_are_named(tmp_path: Path) -> None:
    image = built("sprout")
    path = bill.make(tmp_path, ROOT / "fleet", tmp_path / "scratch", image, unasked=True).path
    before = path.read_bytes()
    assert bill.make(tmp_path, ROOT / "fleet", tmp_path / "scratch", image, unasked=True).path.read_bytes() == before
    content = json.loads(before)
    (git,) = (
        package
        for package in content["packages"]
        if package["SPDXID"].startswith("SPDXRef-deb-") and package["name"] == "git"
    )
    git["name"] = "hg"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(SbomDiffers) as refused:
        bill.check(path, image)
    assert [name.split()[0] for name in (*refused.value.excess, *refused.value.lack)] == ["hg", "git"]
