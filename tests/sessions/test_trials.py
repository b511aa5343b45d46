"""What a session runs under in a trial: the arm that the allocation gives, and not what anybody else says."""

from __future__ import annotations

import pytest

from sage_edge.names import HostName, SessionId
from sage_edge.records.trial import Trial
from sage_edge.sessions import trials
from sage_edge.trials import TrialPapers, allocate
from tests.analysis.declared import CURRICULUM
from tests.trials import made

SPROUT = HostName("sprout")


def papers(trial: Trial, state: str | None = None, first: str = "P005") -> TrialPapers:
    looks = {trial.fingerprint(): (made.looked_at(trial, state),)} if state else {}
    digest = trial.fingerprint()
    return TrialPapers({digest: trial}, {digest: made.accepted(trial, first)}, looks)


@pytest.mark.parametrize(("session", "index"), [("P005", 0), ("P006", 1), ("P054", 49)])
def test_a_session_has_the_arm_of_its_place(session: str, index: int) -> None:
    trial = made.trial()
    place = papers(trial).place(SPROUT, SessionId(session))
    assert place is not None
    assert place[1].arm == allocate(trial.design, trial.seed)[index]
    assert place[1].trial == trial.fingerprint()


@pytest.mark.parametrize("session", ["P004", "P055", "T005", "P900"])
def test_what_is_outside_of_it_is_no_part(session: str) -> None:
    assert papers(made.trial()).place(SPROUT, SessionId(session)) is None
    assert papers(made.trial()).place(HostName("willow"), SessionId(session)) is None


@pytest.mark.parametrize(("state", "goes_on"), [(None, True), ("running", True), ("told", False), ("harm", False)])
def test_a_look_that_ended_it_ends_it(state: str | None, goes_on: bool) -> None:
    assert (papers(made.trial(), state).place(SPROUT, SessionId("P010")) is not None) == goes_on


def test_an_arm_is_given_as_it_was_settled_and_only_if_it_is_declared_here() -> None:
    named = made.design().arm("named")
    chosen = trials.given(named, CURRICULUM)
    assert chosen is not None
    assert chosen.parameters == {"exemplars": 0, "memory": False, "name": "Sage"}
    assert trials.given(named.model_copy(update={"version": 99}), CURRICULUM) is None
    assert trials.given(named.model_copy(update={"parameters": {"name": "<b>"}}), CURRICULUM) is None
