"""A trial between two hosts over a real hub: offered, accepted, given, looked at. Only engine and clock are doubles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from sage_edge.agent import advice_view, by_hand, wake
from sage_edge.names import SessionId
from sage_edge.records.base import parse
from sage_edge.records.outlook import Outlook
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import Trial, TrialDecision
from sage_edge.sessions import trials
from sage_edge.trials import TrialPapers, place_of
from tests.agent.test_advice_view import recommendation
from tests.fakes import HandClock, Home, World

pytestmark = pytest.mark.slow  # nine wakes of two hosts, each with a hub

Make = Callable[..., Home]


def live(home: Make, watch: HandClock, sessions: int) -> None:
    """Let the practitioner wake at so many slots of primary sessions, the researcher after each."""
    for _ in range(sessions):
        for host in ("sprout", "thor"):
            woken = wake.once(home(host).agent)
            assert (woken.failure, woken.problems) == (None, []), host
        watch.wait(timedelta(hours=6).total_seconds(), home().stop)


def known(home: Home) -> TrialPapers:
    return trials.papers(home.post, home.me.fleet)


def primaries(home: Home) -> list[Transcript]:
    return [parse(Transcript, content) for _, content in home.post.read(home.me.host.name, "sessions/primary")]


def manual(world: World) -> None:
    """Let a person decide on trials at sprout."""
    path = world.fleet / "hosts" / "sprout.yaml"
    path.write_text(path.read_text().replace("trials: auto", "trials: manual"))


def accepts_advice_that_rests(home: Make, watch: HandClock) -> None:
    """While the trial runs the practitioner accepts what it is advised, and says that it has no effect for now."""
    thor = home("thor")
    advice = recommendation(
        first=SessionId("P010"),
        last=SessionId("P012"),
        parameters={"name": "Sage", "memory": True, "exemplars": 2},
        created=watch.now(),
        valid_until=watch.now() + timedelta(days=7),
    )
    thor.post.put(advice)
    thor.post.publish("advice")
    woken = wake.once(home().agent)
    assert (woken.failure, woken.problems) == (None, [])
    worklog = b"".join(content for _, content in home().post.read(advice.to, "worklog")).decode()
    (line,) = (
        line for line in worklog.splitlines() if "recommendation-accepted" in line and advice.fingerprint() in line
    )
    assert "it rests while trial name-anchoring runs" in line
    shown = advice_view.of(home().agent)
    assert shown.decision(advice.fingerprint()) == "accepted by policy, rests"
    assert primaries(home())[-1].head.trial is not None


def test_a_trial_is_offered_accepted_given_and_looked_at(world: World, home: Make, watch: HandClock) -> None:
    live(home, watch, 9)
    sprout, papers = home(), known(home("thor"))
    ((digest, trial),) = papers.trials.items()
    decision = papers.decisions[digest]
    assert (trial.design.name, decision.verdict, decision.decided_by) == ("name-anchoring", "accepted", "policy")
    assert decision.first is not None
    within = [paper for paper in primaries(sprout) if paper.session.number >= decision.first.number]
    assert len(within) >= 2
    for index, paper in enumerate(within):
        place = place_of(trial, index)
        assert place is not None
        arm = trial.design.arm(place.arm)
        assert paper.head.trial == place
        assert (paper.head.intervention.name, paper.head.intervention.parameters) == (arm.intervention, arm.parameters)
        assert ("Your name is Sage" in paper.head.lesson.system) == (arm.name == "named")
    assert all(paper.head.trial is None for paper in primaries(sprout) if paper.session.number < decision.first.number)
    look = papers.last_look(digest)
    assert look is not None
    assert (look.blocks, look.state, look.left_out, look.deviations) == (len(within) // 2, "running", (), ())
    named = [paper for paper in within if paper.head.intervention.name != "observe"]
    assert named
    assert all(paper.head.lesson.system.count("\n") == 0 for paper in named), "the name alone, no memory, no exemplar"
    (outlook,) = (
        parse(Outlook, content) for _, content in home("thor").post.read(home("thor").me.host.name, "outlooks")
    )
    assert (outlook.name, outlook.first, outlook.last) == ("identity/2 rate", "P005", "P024")
    accepts_advice_that_rests(home, watch)


def test_a_manual_policy_waits_for_a_person_and_a_decline_is_kept(world: World, home: Make, watch: HandClock) -> None:
    manual(world)
    live(home, watch, 6)
    sprout = home()
    ((digest, trial),) = known(sprout).trials.items()
    assert known(sprout).decisions == {}
    assert ("leave trial name-anchoring open", "the policy is manual: a person decides") in [
        (action.what, action.why) for action in wake.plan(sprout.agent)
    ]
    by_hand.decide_trial(sprout.agent, digest, "not now", accepted=False, rest_until="never")
    live(home, watch, 2)
    papers = known(home("thor"))
    assert papers.decisions[digest].rest_until == "never"
    assert list(papers.trials) == [digest]
    assert all(paper.head.trial is None for paper in primaries(home()))
    for kind, paper in ((Trial, trial), (TrialDecision, papers.decisions[digest])):
        assert parse(kind, paper.pretty()) == paper
    assert papers.looks == {}
