"""What a session runs under in a trial: the arm that the allocation gives, and not what anybody else says."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import pytest

from sage_edge.exchange.post import Post
from sage_edge.inventory.load import load
from sage_edge.names import HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.trial import Trial
from sage_edge.sessions import trials
from sage_edge.trials import TrialPapers, allocate
from tests.analysis.declared import CURRICULUM
from tests.fakes import FLEET
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


class Shelf:
    """The papers of both hosts; it notes what is read of them."""

    def __init__(self, held: dict[str, bytes]) -> None:
        self.held, self.read_paths = held, list[str]()

    def names(self, host: HostName, folder: str) -> tuple[str, ...]:
        of_host = HostName("sprout" if folder == "trial-decisions" else "thor")
        return tuple(path for path in sorted(self.held) if path.startswith(f"{folder}/") and host == of_host)

    def read(self, host: HostName, folder: str, only: Collection[str] | None = None) -> list[tuple[str, bytes]]:
        paths = [path for path in self.names(host, folder) if only is None or path in only]
        self.read_paths += paths
        return [(path, self.held[path]) for path in paths]


@pytest.mark.parametrize("state", ["running", "told"])
def test_of_many_looks_at_a_trial_a_session_reads_the_newest_alone(state: str) -> None:
    trial = made.trial()
    looks = [made.looked_at(trial, "running" if blocks < 9 else state, blocks) for blocks in range(1, 10)]
    shelf = Shelf({paper_paths.of(paper): paper.pretty() for paper in (trial, made.accepted(trial, "P005"), *looks)})
    fleet, digest = load(FLEET), trial.fingerprint()
    known = trials.papers(cast(Post, shelf), fleet)
    assert known == TrialPapers({digest: trial}, {digest: made.accepted(trial, "P005")}, {digest: (looks[-1],)})
    assert len(shelf.read_paths) == 3
    assert trials.papers(cast(Post, shelf), fleet, every_look=True).looks[digest] == tuple(looks)
    assert (known.place(SPROUT, SessionId("P010")) is None) == (state == "told")
