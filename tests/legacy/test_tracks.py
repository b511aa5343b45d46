"""Which kind of session a paper is: by id, shape, folder and name. The kinds and letters are the declared ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.inventory import load
from sage_edge.legacy import ids, tracks
from sage_edge.names import FIRST_LETTERS
from tests.inventory.machines import FLEET
from tests.legacy.papers import TEXT

RAISING = "sage/raising/sessions"
CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "legacy" / "kinds.yaml").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['source']} {case['keys']}")
def test_kinds(case: dict[str, Any]) -> None:
    named = ids.identify([case["keys"]], case["source"], place=None, shape=case["shape"])
    assert (named.label, named.track) == (case["label"], case["kind"])


def test_the_kinds_and_their_letters_are_declared() -> None:
    kinds = load.load(FLEET).kinds
    declared = {**kinds.letters, **{kind.name: kind.letter for kind in kinds.reserved}}
    assert {kind: letter for letter, kind in tracks.LETTERS.items()}.items() <= declared.items()
    assert {*tracks.WORDS.values(), "primary"} == declared.keys()
    assert declared["primary"] == FIRST_LETTERS["primary"]


PREFIXES = st.sampled_from(("L", "C", "X", "R14B_", "autonomous_s", "probe_", "conversation_", "exploration_e"))
FOLDERS = st.sampled_from(("latent_exploration", "conversations", "explorations", "experiments-phase1", "probes"))


@given(prefix=PREFIXES, number=st.integers(1, 899), deeper=st.booleans())
def test_no_other_kind_is_primary_by_its_name(prefix: str, number: int, deeper: bool) -> None:
    folder = f"{TEXT}/more" if deeper else TEXT
    named = ids.identify([{"session": number, "phase": "x"}], f"{folder}/{prefix}{number:03d}.json", place=None)
    assert named.track not in (None, "primary", "training")
    assert named.number == number


@given(folder=FOLDERS, number=st.integers(1, 899), name=st.sampled_from(("session_{0:03d}", "S{0:03d}", "{0}")))
def test_no_other_kind_is_primary_by_its_folder(folder: str, number: int, name: str) -> None:
    source = f"{RAISING}/{folder}/{name.format(number)}.json"
    assert ids.identify([{"session": number, "phase": "x"}], source, place=None).track not in (None, "primary")
