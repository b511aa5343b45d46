"""Licences as SPDX says them, whatever Debian, Python packages and people call them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from sage_edge.image.sbom import debian, licences, python_packages
from sage_edge.image.sbom.licences import UNKNOWN

NAMES = {
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "GPLv3+": "GPL-3.0-or-later",
    "GFDL-1.3": "GFDL-1.3-only",
    "AGPL-3.0-only": "AGPL-3.0-only",
    "Expat": "MIT",
    "BSD-3-clause": "BSD-3-Clause",
    "apache-2.0": "Apache-2.0",
    "public-domain": "LicenseRef-public-domain",
    "GPL-3+ with Bison exception": "LicenseRef-GPL-3-with-Bison-exception",
    "GPL-1+ or Artistic": "GPL-1.0-or-later OR Artistic-1.0-Perl",
    "ISC and BSD-2-clause": "ISC AND BSD-2-Clause",
    "GPL-1+ or Artistic, and Unicode": "LicenseRef-GPL-1-or-Artistic-and-Unicode",
    "Permission to use, copy, modify, and distribute": "LicenseRef-Permission-to-use-copy-modify-and-distribute",
    "": "NOASSERTION",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_licence(name: str) -> None:
    if name.startswith("Permission"):
        assert licences.of_names([name], "x") == UNKNOWN, "a text is no name"
    else:
        assert licences.of_names([name], "x").expression == NAMES[name]


def test_what_spdx_does_not_have_says_where_its_text_is() -> None:
    licence = licences.of_names(["public-domain", "Expat"], "/usr/share/doc/x/copyright")
    assert licence.expression == "LicenseRef-public-domain AND MIT"
    assert licence.texts == (("LicenseRef-public-domain", "named 'public-domain' by /usr/share/doc/x/copyright"),)


def test_several_hold_together_and_a_choice_stays_one() -> None:
    both = licences.of_names(["GPL-1+ or Artistic", "Expat"], "x")
    assert both.expression == "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT"


@given(st.lists(st.one_of(st.sampled_from(sorted(NAMES)), st.text(max_size=12)), max_size=4))
def test_whatever_is_declared_the_expression_is_one_of_spdx(names: list[str]) -> None:
    licence = licences.of_names(names, "x")
    if licence != UNKNOWN:
        canonicalize_license_expression(licence.expression)
        assert {ref for ref, _ in licence.texts} == set(_refs(licence.expression))


def _refs(expression: str) -> list[str]:
    return [word for word in expression.replace("(", " ").replace(")", " ").split() if word.startswith("LicenseRef-")]


DEP5 = """Format: https://example.test/copyright-format/1.0/
Files: *
License: GPL-2

Files: x
License: BSD-3-clause
 Redistribution and use
 License: not this
"""


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (DEP5, "BSD-3-Clause AND GPL-2.0-only"),
        (f"{DEP5}\nLicense: It is provided 'as-is'\n", "BSD-3-Clause AND GPL-2.0-only AND LicenseRef-copyright-of-git"),
        ("It is free; see /usr/share/common-licenses/GPL-2.\n", "LicenseRef-common-licenses-GPL-2"),
        ("Do what you want.", "LicenseRef-copyright-of-git"),
        ("", "NOASSERTION"),
    ],
)
def test_debians_copyright_file(text: str, expression: str) -> None:
    assert debian.declared("git", text).expression == expression


@pytest.mark.parametrize(
    ("expression", "words", "kinds", "declared"),
    [
        ("Apache-2.0 OR BSD-2-Clause", "whatever", ["MIT License"], "Apache-2.0 OR BSD-2-Clause"),
        ("", "MIT", ["BSD License"], "MIT"),
        ("", "The text of a licence\nof two lines", ["MIT License"], "MIT"),
        ("", "", ["BSD License"], "LicenseRef-BSD-License"),
        ("", "A licence of ours", [], "LicenseRef-A-licence-of-ours"),
        ("", "", [], "NOASSERTION"),
    ],
)
def test_a_python_packages_words(expression: str, words: str, kinds: list[str], declared: str) -> None:
    assert python_packages.declared(expression, words, kinds, "x").expression == declared
