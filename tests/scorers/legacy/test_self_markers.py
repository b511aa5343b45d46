from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.legacy import self_markers
from sage_edge.scorers.legacy.self_markers import PATTERNS
from tests.scorers.utterances import texts


@pytest.mark.parametrize(
    ("answer", "markers"),
    [
        ("As Sage it rains.", {"As Sage"}),
        ("AS SAGE, as sage", {"AS SAGE", "as sage"}),
        ("It has Sage in it.", {"as Sage"}),
        ("I'm Sage.", {"I'm Sage"}),
        ("Im Sage.", {"Im Sage"}),
        ("I’m Sage.", set()),
        ("My role as Sage.", {"role", "as Sage"}),
        ("my IDENTITY as Sage", {"IDENTITY", "as Sage"}),
        ("My task as Sage.", {"as Sage"}),
        ("Sage, I wait.", {"Sage, I"}),
        ("Sage,I wait.", set()),
        ("Speaking as Sage.", {"Speaking as Sage", "as Sage"}),
        ("In my capacity as Sage.", {"In my capacity as Sage", "as Sage"}),
        ("I am sage.", {"I am Sage"}),
        ("Sage waits.", set()),
        ("A message.", set()),
        ("İİİ I'm Sage.", {"I'm Sage"}),
        ("ı'm Sage’", {"ı'm Sage"}),
        ("As ſage.", {"As ſage"}),
        ("", set()),
    ],
)
def test_markers(answer: str, markers: set[str]) -> None:
    assert self_markers.markers(answer, "Sage") == markers


def test_any_name_is_taken_as_it_is() -> None:
    assert self_markers.markers("I'm A.I (x)!", "A.I (x)") == {"I'm A.I (x)"}
    assert self_markers.markers("I'm AXI", "A.I") == frozenset()
    assert self_markers.markers("I'm ", "") == frozenset()


@given(answer=texts(), name=st.sampled_from(("Sage", "SAGE", "İda", "ſam", "Sisi", "x")))
def test_markers_are_those_of_the_patterns_without_regard_to_letter_case(answer: str, name: str) -> None:
    naive = {
        one
        for pattern in PATTERNS
        for one in re.findall(pattern.replace("{n}", re.escape(name)), answer, re.IGNORECASE)
    }
    naive |= {f"I am {name}"} if f"i am {name.lower()}" in answer.lower() else set()
    assert self_markers.markers(answer, name) == naive
