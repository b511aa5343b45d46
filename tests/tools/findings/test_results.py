from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sage_edge import scorers
from sage_edge.analysis.claims import declarations
from sage_edge.analysis.claims.schema import StatesClaim
from sage_edge.workstation.programs import ROOT
from tests.tools.findings.studies import ANSWERS, DESIGN, Marks, study
from tools.findings import results as module
from tools.findings.design import OUTCOMES, STATES_CLAIM, newest
from tools.findings.results import Contrast, Results, results
from tools.findings.series import series

pytestmark = pytest.mark.slow  # thousands of deals and permutations

PLAIN, TOLD, TRAINED, BOTH = (arm.name for arm in DESIGN.arms)


def claim() -> StatesClaim:
    states = declarations.load(ROOT / "fleet").claims[STATES_CLAIM]
    assert isinstance(states, StatesClaim)
    return states


def hits(*counts: int) -> list[list[float]]:
    """Return sessions with so many answers that count."""
    return [[1.0] * count + [0.0] * (ANSWERS - count) for count in counts]


def of(outcome: str, made: Results, before: str, after: str) -> Contrast:
    (contrast,) = (
        c for c in made.contrasts if (c.outcome.name, c.before.name, c.after.name) == (outcome, before, after)
    )
    return contrast


@pytest.fixture(scope="module")
def outcome() -> Results:
    draw = np.random.default_rng(5)
    marks: dict[str, Marks] = {
        PLAIN: {"naming": hits(*[0, 1] * 6), "grounding": hits(*draw.integers(0, 8, 12).tolist())},
        TOLD: {"naming": hits(*[4, 5, 5] * 4), "grounding": hits(*draw.integers(0, 8, 12).tolist())},
        TRAINED: {"naming": hits(*[4, 5] * 6)},
        BOTH: {"naming": hits(*[4, 6] * 6)},
    }
    return results(study(marks), claim())


def test_every_arm_is_compared_with_its_neighbours(outcome: Results) -> None:
    sides = {(c.before.name, c.after.name) for c in outcome.contrasts}
    assert sides == {(PLAIN, TOLD), (TRAINED, BOTH), (PLAIN, TRAINED), (TOLD, BOTH)}
    assert len(outcome.contrasts) == 4 * len(OUTCOMES)
    assert len(outcome.states) == 8


def test_what_rises_what_does_nothing_and_what_nobody_can_tell(outcome: Results) -> None:
    naming = of("naming", outcome, PLAIN, TOLD)
    assert naming.seen == "rises"
    assert naming.effect.difference.value == pytest.approx((4 + 5 + 5) / 21 - 0.5 / 7)
    assert naming.effect.difference.n == 12, "sessions, not answers"
    assert of("grounding", outcome, PLAIN, TOLD).seen == "cannot tell"
    nothing = of("invention", outcome, PLAIN, TOLD)
    assert (nothing.seen, nothing.p, nothing.smallest) == ("no effect", None, None)


def test_all_p_are_adjusted_together(outcome: Results) -> None:
    ps = [c.effect.chance.p for c in outcome.contrasts] + [s.taken.reading.p for s in outcome.states]
    assert outcome.tests == sum(p is not None for p in ps)
    naming = of("naming", outcome, PLAIN, TOLD)
    assert naming.p is not None
    assert naming.effect.chance.p is not None
    assert naming.p > naming.effect.chance.p
    assert naming.smallest is not None
    assert naming.smallest > naming.effect.deviation * 3 / math.sqrt(12), "at the level of the hardest test"


def test_a_falling_outcome_falls() -> None:
    made = results(study({PLAIN: {"naming": hits(*[6, 7] * 6)}, TOLD: {"naming": hits(*[0, 1] * 6)}}), claim())
    assert of("naming", made, PLAIN, TOLD).seen == "falls"


def test_where_blocks_and_sessions_differ_the_wider_interval_decides() -> None:
    made = results(study({PLAIN: {"naming": hits(*[3, 3, 4] * 4)}, TOLD: {"naming": hits(*[3, 4, 3] * 4)}}), claim())
    narrow = of("naming", made, PLAIN, TOLD)
    assert narrow.seen == "no effect"
    wide = replace(narrow.effect.in_blocks, low=-0.3, high=0.3)
    assert module._seen(replace(narrow.effect, in_blocks=wide), narrow.p) == "cannot tell"


def test_a_change_that_neighbours_alone_could_make_is_none(outcome: Results) -> None:
    naming = of("naming", outcome, PLAIN, TOLD)
    alike = replace(naming.effect.in_blocks, low=-0.01, high=1.0)
    assert module._seen(naming.effect, 0.05) == "rises"
    assert module._seen(naming.effect, 0.051) == "cannot tell"
    assert module._seen(replace(naming.effect, in_blocks=alike), 0.001) == "cannot tell"


def test_two_clear_states_are_seen_and_a_grid_alone_is_said_to_look_like_them() -> None:
    two = hits(*[0, 7, 7, 0, 7, 0] * 6)
    made = results(study({PLAIN: {"naming": two}}, design=replace(DESIGN, sessions=36)), claim())
    states = made.states[0]
    assert states.ruling.verdict == "supported"
    assert (states.alarms.dip or 0) > 0.5, "dealt at random, the same answers have a dip by the table, too"
    assert (states.p or 1) <= 0.05


def test_what_one_phase_asks_is_no_state() -> None:
    """Half of the sessions are asked for the name in every question, and always give it."""
    numbers = study({PLAIN: {"naming": hits(*[0] * 18, *[7] * 18)}}, design=replace(DESIGN, sessions=36))
    plain = numbers.arms[0]
    sessions = tuple(
        kept.model_copy(update={"unit": "phase asking" if kept.session.number > 18 else "phase other"})
        for kept in plain.sessions
    )
    arms = (plain.model_copy(update={"sessions": sessions}), *numbers.arms[1:])
    states = results(numbers.model_copy(update={"arms": arms}), claim()).states[0]
    assert states.taken.reading.p is not None
    assert states.taken.reading.p < 0.01, "the declared test alone sees two states"
    assert states.p == 1.0
    assert states.ruling.verdict == "cannot tell"
    assert states.asked.both == 1.0
    assert module.between_units(series(arms[0], numbers.outcomes[0])) == pytest.approx(1.0)


def test_the_newest_scorer_is_taken() -> None:
    old = scorers.EARLIER_IDENTITY
    newer = replace(old, version=old.version + 1)
    assert newest("identity", [newer, old]) is newer
    with pytest.raises(LookupError, match="no scorer telepathy"):
        newest("telepathy")
    assert all(outcome.quantity in newest(outcome.scorer).quantities for outcome in OUTCOMES)
