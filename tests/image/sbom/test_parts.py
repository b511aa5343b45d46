"""What lists of packages say: dpkg's status and answer, METADATA, pip's answer, manifests and cards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom import baked, debian, python_packages
from sage_edge.image.sbom.parts import SoftwarePart
from sage_edge.models import cards
from sage_edge.models.resolve import SHIPPED
from tests.models import shelving
from tests.models.shelving import REF

STATUS = """Package: git
Status: install ok installed
Architecture: amd64
Version: 1:2.39.5-0+deb12u2
Description: fast
 Version: 9
 .
 Package: not-this

Package: perl
Status: deinstall ok config-files
Architecture: amd64
Version: 5.36
"""
GIT = SoftwarePart("deb", "git", "1:2.39.5-0+deb12u2", "amd64")


def test_what_is_installed_and_nothing_else() -> None:
    assert list(debian.parts(STATUS, lambda name: None)) == [GIT]
    assert debian.asked("installed\tgit\t1:2.39.5-0+deb12u2\tamd64\nconfig-files\tperl\t5.36\tamd64\n") == {GIT}


def test_a_python_package_has_the_name_that_the_index_compares() -> None:
    metadata = (
        "Metadata-Version: 2.4\nName: Typing_Extensions\nVersion: 4.16.0\nLicense-Expression: PSF-2.0\n\nName: no\n"
    )
    part = python_packages.part(metadata)
    assert (part.name, part.version, part.licence.expression) == ("typing-extensions", "4.16.0", "PSF-2.0")
    answer = json.dumps({"installed": [{"metadata": {"name": "typing.extensions", "version": "4.16.0"}}]})
    assert python_packages.asked(answer) == {part}


def test_a_stored_model_has_its_cards_licence_and_its_manifests_digest() -> None:
    listing = shelving.manifest()
    part = baked.stored(listing.pretty().decode(), {})
    assert (str(part), part.digest, part.licence.expression) == ("tiny/mind q8_0", listing.digest(), "NOASSERTION")


def test_a_card_of_the_fleet_says_the_licence(tmp_path: Path) -> None:
    shelving.declare(tmp_path, licence="Apache-2.0")
    card = cards.read_card(tmp_path, REF)
    assert card is not None
    part = baked.stored(shelving.manifest().pretty().decode(), {REF: card})
    assert part.licence.expression == "Apache-2.0"


def test_the_seedling_is_a_part() -> None:
    (card,) = SHIPPED.glob("*/card.yaml")
    part = baked.shipped(card.read_text("utf-8"))
    assert str(part) == "sage/seedling q8_0"
    assert part.digest.startswith("sha256:")


@pytest.mark.parametrize(
    "read",
    [
        lambda: list(debian.parts(STATUS.replace("git", "g\x1b[31mit"), lambda name: None)),
        lambda: list(debian.parts(STATUS.replace("1:2.39.5", "../x"), lambda name: None)),
        lambda: debian.asked("installed\tgit"),
        lambda: debian.asked("installed\tgit\t1\tamd64; rm"),
        lambda: python_packages.part("Name: \nVersion: 1"),
        lambda: python_packages.part("no headers at all"),
        lambda: python_packages.asked("[]"),
        lambda: python_packages.asked("{"),
        lambda: python_packages.asked('{"installed": [{"metadata": {"name": "a b", "version": "1"}}]}'),
        lambda: baked.stored("{}", {}),
        lambda: baked.shipped("a: [\n"),
    ],
)
def test_what_is_no_list_of_packages_is_refused_inertly(read: object) -> None:
    with pytest.raises(SbomUnreadable) as refused:
        read()  # type: ignore[operator]
    assert refused.value.message.isprintable()


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    status = f"Package: {text}\nStatus: install ok installed\nVersion: 1\n"
    readers: list[tuple[Callable[[str], object], str]] = [
        (debian.asked, text),
        (python_packages.asked, text),
        (python_packages.part, text),
        (baked.shipped, text),
        (lambda paragraph: list(debian.parts(paragraph, lambda name: text)), status),
    ]
    for read, content in readers:
        with contextlib.suppress(SbomUnreadable):
            read(content)
