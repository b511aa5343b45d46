"""Which kind of session a paper is: by id, shape, folder and name. The kinds and letters are the declared ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.inventory import load
from sage_edge.legacy import ids, tracks
from sage_edge.names import FIRST_LETTERS, Track
from sage_edge.records.legacy import Shape
from tests.inventory.machines import FLEET
from tests.legacy.papers import TEXT, TRAINING

RAISING = "sage/raising/sessions"
INSTANCE = "sage/instances/legion-tiny-chat"


@pytest.mark.parametrize(
    ("keys", "source", "shape", "expected"),
    [
        # the letter of the id, wherever it stands
        ({"session": 18}, f"{RAISING}/latent_exploration/L018_20260130-120315.json", "conversation", ("L018", "probe")),
        ({"session": "L018"}, f"{TEXT}/session_018.json", "conversation", ("L018", "probe")),
        ({"session": 18}, f"{TEXT}/L018.json", "conversation", ("L018", "probe")),
        ({}, "x/C004.json", "conversation", ("C004", "conversation")),
        ({"session": 4}, f"{TEXT}/X004_hot.json", "conversation", ("X004", "experiment")),
        ({"session": 10}, f"{TEXT}/R14B_010.json", "conversation", ("R14B_010", "experiment")),
        (
            {"session": 7, "phase": "x"},
            "sage/raising/sessions/r7b/R7B_007_x.json",
            "conversation",
            ("R7B_007", "experiment"),
        ),
        ({"session": 24}, f"{RAISING}/conversations/T024.json", "conversation", ("T024", "training")),
        # the folder
        ({"session": 18}, f"{RAISING}/latent_exploration/session_018.json", "conversation", ("L018", "probe")),
        ({"session": 18}, f"{RAISING}/conversations/session_018.json", "conversation", ("C018", "conversation")),
        ({"session": 18}, f"{RAISING}/conversations/S018.json", "conversation", ("C018", "conversation")),
        (
            {"session": 2},
            f"{RAISING}/explorations/exploration_e02_20260126.json",
            "conversation",
            ("E002", "experiment"),
        ),
        ({"session": 5}, "conversations/sessions/text/probes/5.json", "conversation", ("L005", "probe")),
        ({"session": 5}, f"{INSTANCE}/sessions/session_005.json", "conversation", ("S005", "primary")),
        ({"session": 5}, f"{INSTANCE}/conversations/session_005.json", "conversation", ("C005", "conversation")),
        ({"session": 5}, f"{INSTANCE}/training/session_005.json", "conversation", ("T005", "training")),
        ({"session": 5, "phase": "x"}, "sage/training/session_005.json", "conversation", ("S005", "primary")),
        # the word before the number
        ({"session": 46}, f"{TEXT}/autonomous_s046_20260127-030225.json", "conversation", ("C046", "conversation")),
        ({}, f"{TEXT}/autonomous_s046.json", "conversation", ("C046", "conversation")),
        ({}, f"{TEXT}/autonomous_exploration_e01_20260125.json", "conversation", ("E001", "experiment")),
        ({"session": 3}, f"{TEXT}/probe_003.json", "conversation", ("L003", "probe")),
        ({}, f"{TEXT}/latent_session_003.json", "conversation", ("L003", "probe")),
        ({}, f"{TEXT}/experiment-7.json", "conversation", ("X007", "experiment")),
        ({"session": 9}, f"{TEXT}/claude_conversation.json", "conversation", ("C009", "conversation")),
        ({}, f"{TEXT}/primary_021.json", "conversation", ("S021", "primary")),
        # the shape
        ({"session": 18}, f"{TEXT}/session_018.json", "probe-set", ("L018", "probe")),
        ({"session": 18}, f"{TEXT}/session_018.json", "exercises", ("T018", "training")),
        ({}, "bench/results.json", "test-battery", ("results", "experiment")),
        # a prefix that nobody knows is no primary session
        ({"session": 7}, f"{TEXT}/Q007.json", "conversation", ("Q007", None)),
        ({"session": "dream_7"}, f"{TEXT}/session_007.json", "conversation", ("DREAM_007", None)),
        # what is primary
        ({"session": 21}, f"{TEXT}/session_021.json", "conversation", ("S021", "primary")),
        ({"session": 21}, f"{TEXT}/session_021_autonomous.json", "conversation", ("S021", "primary")),
        ({"session": 9}, f"{TEXT}/session_009_experimental_dry_run.json", "conversation", ("S009", "primary")),
        ({"session": 21}, f"{TEXT}/session_021.json", "test-battery", ("S021", "primary")),
        ({}, f"{TRAINING}/T036_mode_negotiation_test.json", "test-battery", ("T036", "training")),
        ({"session": 3}, f"{TEXT}/session_003_e02ab1c.json", "conversation", ("S003", "primary")),
    ],
)
def test_kinds(keys: dict[str, JsonValue], source: str, shape: Shape, expected: tuple[str, Track | None]) -> None:
    named = ids.identify([keys], source, place=None, shape=shape)
    assert (named.label, named.track) == expected


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
