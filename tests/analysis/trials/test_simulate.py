"""What a design would do: fooled in 5 % of trials at most under every null, or refused; and what it finds."""

from __future__ import annotations

import numpy as np
import pytest

from sage_edge import curriculum
from sage_edge.analysis.statistics import effect_verdict, sequence
from sage_edge.analysis.statistics.estimate import LEVEL
from sage_edge.analysis.trials import simulate
from sage_edge.analysis.trials.made_sessions import NULLS
from sage_edge.trials import load
from tests.analysis.declared import CURRICULUM
from tests.fakes import FLEET
from tests.trials import made

SHIPPED = load(FLEET)
LONG = {"sessions": 600, "outcome": {**made.CARD["outcome"], "smallest": 0.05}}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_trial_is_fooled_in_a_twentieth_at_most_and_finds_what_it_states(name: str) -> None:
    done = simulate.simulate(SHIPPED[name], 1_000)
    assert {played.name for played in done.nulls} == set(NULLS)
    assert done.worst.supported <= done.tolerated
    assert simulate.faults(done, SHIPPED[name].hoped) == []


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_ten_thousand_of_each_shipped_trial(name: str) -> None:
    done = simulate.simulate(SHIPPED[name], 10_000)
    assert done.worst.supported <= LEVEL
    assert simulate.faults(done, SHIPPED[name].hoped) == []


@pytest.mark.slow
def test_what_one_session_leaves_to_the_next_fools_a_long_trial_without_a_wash_out() -> None:
    without = simulate.simulate(made.card(**LONG), 500)
    assert without.worst.name == "after-control"
    assert "it is fooled in" in simulate.faults(without, made.card(**LONG).hoped)[0]
    washed = made.card(**{**LONG, "sessions": 1000, "wash_out": 1})
    assert simulate.simulate(washed, 500).worst.supported <= LEVEL


def test_an_effect_that_cannot_be_found_is_refused_with_the_figure() -> None:
    weak = made.card(hoped={**made.CARD["hoped"], "effect": 0.1})
    (wrong,) = simulate.faults(simulate.simulate(weak, 200), weak.hoped)
    assert wrong == "an effect of 0.10 is found in 0.0% of trials, it states 80%"


def test_the_same_design_has_the_same_figures() -> None:
    assert simulate.simulate(made.card(), 100) == simulate.simulate(made.card(), 100)


def test_a_trial_of_lower_rates_is_its_mirror() -> None:
    """A fall from 0.95 is found as often as a rise from 0.05."""
    hoped = {**made.CARD["hoped"], "rate": 0.95}
    lower = made.card(outcome={**made.CARD["outcome"], "direction": "lower"}, hoped=hoped)
    fallen, risen = simulate.simulate(lower, 1000).hoped, simulate.simulate(made.card(), 1000).hoped
    assert fallen.supported == pytest.approx(risen.supported, abs=0.03)
    assert fallen.supported > 0.9


@pytest.mark.parametrize("seed", range(20))
def test_a_made_trial_ends_as_a_real_one_does(seed: int) -> None:
    """The shortcut, two bets against one value, gives the verdict of the intervals after each block."""
    chance = np.random.default_rng(seed)
    differences = np.clip(chance.normal(0.05 * (seed % 14), 0.3, (1, 40, 2)), -1, 1)
    up, down, blocks = simulate._ended(differences, 0.1)
    ends = []
    for arm in range(2):
        seen = sequence.looks(differences[0, :, arm].tolist(), LEVEL / 2)
        verdicts = [effect_verdict.rule(look.low, look.high, 0.1) for look in seen]
        at = next((number for number, verdict in enumerate(verdicts) if verdict != "cannot tell"), None)
        ends.append(len(seen) if at is None else at + 1)
        last = "cannot tell" if at is None else verdicts[at]
        assert (bool(up[0, arm]), bool(down[0, arm])) == (last == "supported", last == "not supported")
    assert blocks[0] == max(ends)


def test_all_shipped_trials_hold_together() -> None:
    from sage_edge.analysis.trials import checks
    from sage_edge.inventory.load import load as load_fleet

    kinds = load_fleet(FLEET).kinds.letters
    assert SHIPPED
    assert curriculum.load(FLEET).digest == CURRICULUM.digest
    assert [list(checks.faults(card, CURRICULUM, kinds)) for card in SHIPPED.values()] == [[]] * len(SHIPPED)
