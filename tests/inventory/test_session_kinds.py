"""Kinds of sessions are declared in one file, and `fleet check` names every fault there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sage_edge.curriculum import catalogue
from sage_edge.errors import UsageError
from sage_edge.inventory import load, session_kinds
from sage_edge.names import SessionId
from tests import fault_lines

from .conftest import Edit, Faults
from .machines import FLEET

DREAM = "kinds:\n  - {name: dream, letter: D, ability: conduct, has_cadence: false, draws: phases}"


def test_the_first_two_are_what_was_published() -> None:
    kinds = load.load(FLEET).kinds
    assert kinds.letters == {"primary": "P", "training": "T"}
    assert kinds.of(SessionId("T001")) == kinds.named("training")
    assert [kind.draws for kind in kinds] == ["phases", "tracks"]


@pytest.mark.parametrize("ask", ["named", "of"])
def test_an_undeclared_kind_is_refused_with_the_known_ones(ask: str) -> None:
    with pytest.raises(UsageError, match="primary"):
        getattr(load.load(FLEET).kinds, ask)(SessionId("Z001"))


def test_three_kinds_are_kept_that_nobody_conducts(fleet: Path) -> None:
    """Papers of an older system have their names; no number of theirs is one of a conducted session."""
    loaded = load.load(fleet)
    reserved = {kind.name: kind.letter for kind in loaded.kinds.reserved}
    assert reserved == {"probe": "L", "conversation": "C", "experiment": "X"}
    assert not reserved.keys() & {*loaded.kinds.names, *(kind.name for kind in loaded.scheduled("sprout"))}
    for name, letter in reserved.items():
        with pytest.raises(
            UsageError, match=f"nobody conducts {name} sessions; kinds that are conducted: primary, training"
        ):
            loaded.kinds.named(name)
        with pytest.raises(UsageError, match=f"{letter}001 is a session of kind {name}, which nobody conducts"):
            loaded.kinds.of(SessionId(f"{letter}001"))


def test_no_seed_depends_on_the_kinds(fleet: Path, edit: Edit) -> None:
    """A seed follows from the curriculum's digest, which is over what is asked, not over who may ask it."""
    for name in ("phases", "tracks", "interventions"):
        shutil.copytree(FLEET / "curriculum" / name, fleet / "curriculum" / name)
    before = catalogue.load(fleet).digest
    edit("curriculum/kinds.yaml", "kinds:", DREAM)
    assert catalogue.load(fleet).digest == before


def test_a_third_kind_is_one_entry(edit: Edit, fleet: Path) -> None:
    edit("curriculum/kinds.yaml", "kinds:", DREAM)
    loaded = load.load(fleet)
    assert set(loaded.kinds.names) == {"dream", "primary", "training"}
    assert [kind.name for kind in loaded.scheduled("sprout")] == ["primary", "training"]
    assert loaded.conductors() == ("sprout",)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("letter: T", "letter: P", "kinds[1].letter: P is given twice"),
        ("letter: T", "letter: TT", "kinds[1].letter: "),
        ("letter: T", "letter: t", "kinds[1].letter: "),
        ("letter: T", "letter: X", "kinds[1].letter: expected T, as in every published training transcript"),
        ("name: training", "name: primary", "kinds[1].name: primary is given twice"),
        ("name: training", "name: Night School", "kinds[1].name: "),
        ("name: training", "name: night", "kinds[1].letter: T is training's in every published transcript"),
        ("letter: T\n    ability: conduct", "letter: T\n    ability: sing", "kinds[1].ability: expected 'conduct', "),
        ("draws: tracks", "draws: lots", "kinds[1].draws: expected 'phases' or 'tracks', got lots"),
        ("draws: tracks\n    remembers: primary", "draws: tracks\n    remembers: me", "kinds[1].remembers: no kind"),
        ("draws: tracks", "draws: tracks\n    colour: red", "kinds[1].colour: unknown key"),
        ("draws: tracks", "", "kinds[1].draws: is missing"),
        ("letter: C", "letter: L", "kinds[3].letter: L is given twice"),
        ("letter: C", "letter: T", "kinds[3].letter: T is training's in every published transcript"),
        ("name: conversation ", "name: training ", "kinds[3].name: training is given twice"),
        ("letter: C\n    conducted_by: nobody", "letter: C", "kinds[3].ability: is missing"),
        (
            "letter: C\n    conducted_by: nobody",
            "letter: C\n    conducted_by: thor",
            "kinds[3].conducted_by: ",
        ),
        ("letter: C", "letter: C\n    ability: conduct", "kinds[3].ability: unknown key"),
        ("draws: tracks\n    remembers: primary", "draws: tracks\n    remembers: probe", "kinds[1].remembers: no kind"),
    ],
)
def test_a_fault_names_its_key(edit: Edit, faults: Faults, old: str, new: str, expected: str) -> None:
    edit("curriculum/kinds.yaml", old, new)
    assert any(fault.startswith(f"fleet/curriculum/kinds.yaml: {expected}") for fault in faults())


def test_somebody_conducts_something(fleet: Path, faults: Faults) -> None:
    only = "format: 1\nkinds:\n  - {name: probe, letter: L, conducted_by: nobody}\n"
    (fleet / "curriculum" / "kinds.yaml").write_text(only, encoding="utf-8")
    assert "fleet/curriculum/kinds.yaml: kinds: none of them is conducted by anybody (line 2)" in faults()


def test_a_cadence_is_for_kinds_that_have_one(edit: Edit, faults: Faults) -> None:
    edit("curriculum/kinds.yaml", "kinds:", DREAM)
    edit("fleet.yaml", "  jitter: 5m", "  dream: {every: 6h, offset: 1h}\n  jitter: 5m")
    (only,) = faults()
    assert only.startswith("fleet/fleet.yaml: cadence.dream: no kind of session with a cadence is named 'dream'; ")
    assert fault_lines.without(only).endswith("there are: primary, training")


def test_a_kind_with_a_cadence_needs_one(edit: Edit, faults: Faults) -> None:
    edit("curriculum/kinds.yaml", "kinds:", DREAM.replace("has_cadence: false", "has_cadence: true"))
    assert list(map(fault_lines.without, faults())) == ["fleet/fleet.yaml: cadence.dream: is missing"]


def test_a_host_may_not_invent_a_cadence(edit: Edit, faults: Faults) -> None:
    edit("hosts/sprout.yaml", "turn_deadline: 2m", "turn_deadline: 2m\nschedule: {dream: {every: 6h, offset: 1h}}")
    (only,) = faults()
    assert only.startswith("fleet/hosts/sprout.yaml: schedule.dream: no kind of session with a cadence is named")


def test_an_older_release_has_the_kinds_of_its_time() -> None:
    assert load.load(FLEET).kinds.declared == session_kinds.FIRST
