"""Permuted blocks: the same everywhere and for ever, each arm once a block, and known before the first session."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.names import Digest
from sage_edge.records.trial import Trial, TrialDesign
from sage_edge.trials import allocate, allocation_digest, place_of
from sage_edge.trials.allocation import places
from tests.trials import made


def of(arms: int, wash_out: int, sessions: int) -> TrialDesign:
    named = [{"name": f"arm-{number}", "intervention": "observe", "version": 2} for number in range(arms)]
    return made.design(arms=named, wash_out=wash_out, sessions=sessions, decoupled=None)


designs = st.builds(of, st.integers(2, 8), st.integers(0, 4), st.integers(40, 400))
seeds = st.integers(0, 2**32 - 1)


def test_the_allocation_of_a_seed_is_fixed_for_ever() -> None:
    """Another order would give running trials other arms: these words were computed once, by hand from SHA-256."""
    design = of(2, 0, 40)
    assert "".join(arm[-1] for arm in allocate(design, 7)) == "0110011010010101010101011001010110010101"
    assert allocation_digest(design, 7).short == "ecc883b9e6c1"


@given(designs, seeds)
def test_each_block_gives_each_arm_once_behind_its_wash_out(design: TrialDesign, seed: int) -> None:
    arms = allocate(design, seed)
    assert len(arms) == design.blocks * design.block_sessions <= design.sessions
    for block in range(design.blocks):
        own = arms[block * design.block_sessions : (block + 1) * design.block_sessions]
        assert Counter(own) == {arm.name: design.wash_out + 1 for arm in design.arms}
        changes = sum(own[at] != own[at - 1] for at in range(1, len(own)))
        assert changes == len(design.arms) - 1


@given(designs, seeds)
def test_a_place_says_what_the_allocation_says(design: TrialDesign, seed: int) -> None:
    trial = made.trial(seed, design)
    held = list(places(trial))
    assert tuple(place.arm for place in held) == allocate(design, seed)
    for block in range(design.blocks):
        counted = [place.arm for place in held if place.block == block and place.counted]
        assert sorted(counted) == sorted(arm.name for arm in design.arms)
    assert place_of(trial, len(held)) is None
    assert place_of(trial, -1) is None


@given(designs, seeds, seeds)
def test_the_digest_tells_allocations_apart(design: TrialDesign, seed: int, other: int) -> None:
    same = allocate(design, seed) == allocate(design, other)
    assert (allocation_digest(design, seed) == allocation_digest(design, other)) == same


def test_over_many_seeds_no_arm_is_preferred() -> None:
    """Each of three arms comes first in a third of the blocks: 3,000 draws, within five standard deviations."""
    design = of(3, 0, 90)
    firsts = Counter(allocate(design, seed)[3 * block] for seed in range(100) for block in range(30))
    assert all(abs(count - 1000) < 5 * 26 for count in firsts.values())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sessions": 3, "wash_out": 1}, "one block takes 4 sessions, the trial has 3"),
        ({"arms": [{"name": "same", "intervention": "observe", "version": 2}] * 2}, "two arms have one name"),
    ],
)
def test_a_design_that_is_none_is_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        made.card(**changed).design()


def test_the_places_of_a_trial_take_its_digest_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest is taken over the whole paper; a study walks over every place of every trial."""
    trial, taken, fingerprint = made.trial(), [0], Trial.fingerprint

    def counted(self: Trial) -> Digest:
        taken[0] += 1
        return fingerprint(self)

    monkeypatch.setattr(Trial, "fingerprint", counted)
    walked = list(places(trial))
    assert taken == [1]
    assert walked == [place_of(trial, index) for index in range(len(walked))]
    assert len(walked) == trial.design.blocks * trial.design.block_sessions
