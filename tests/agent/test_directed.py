"""Directives on their road: from the desk's branch over the hub to a decision on the board's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.agent import by_hand, wake
from sage_edge.agent.errors import DecisionRefused
from sage_edge.exchange import papers as kept_papers
from sage_edge.names import Digest
from sage_edge.records.base import Record, parse
from sage_edge.records.directive import DirectiveAnswer
from sage_edge.records.study import Decision
from tests.agent.directed_papers import SPROUT, on, withdrawal
from tests.agent.test_decisions import recommendation
from tests.agent.test_wake import status, worklog
from tests.fakes import MORNING, Home

Make = Callable[..., Home]


@pytest.fixture
def offer(home: Make) -> Digest:
    """A recommendation of thor's, on the hub."""
    paper = recommendation(valid_until=MORNING + timedelta(days=7))
    thor = home("thor")
    thor.post.put(paper)
    thor.post.publish("recommendation")
    return paper.fingerprint()


def replies(sprout: Home) -> dict[str, Decision | DirectiveAnswer]:
    return {
        path: parse(DirectiveAnswer, content) if "directive-" in path else parse(Decision, content)
        for path, content in sprout.post.read(SPROUT, "decisions")
    }


@pytest.mark.slow
def test_what_the_desk_directs_is_decided_at_the_next_look_and_once(home: Make, offer: Digest) -> None:
    desk, directive = home("desk"), on(offer, "decline", because="not before the holidays")
    desk.post.put(directive)
    desk.post.publish("directive")
    assert wake.once(home().agent).failure is None
    (decision,) = replies(home()).values()
    assert isinstance(decision, Decision)
    assert (decision.verdict, decision.decided_by, decision.directive) == (
        "declined",
        "person",
        directive.fingerprint(),
    )
    assert decision.reason == "not before the holidays"
    wake.once(home().agent)
    assert [event for event in worklog(home()) if event.startswith(("rec", "dir"))] == ["recommendation-declined"]
    assert len(replies(home())) == 1


@pytest.mark.slow
def test_the_order_is_that_of_the_commits_not_of_names_or_dates(home: Make, offer: Digest) -> None:
    desk = home("desk")
    acts = [on(offer, "decline", because=f"reason {n}") for n in range(4)]
    for act in acts:
        desk.post.put(act)
        desk.post.publish("directive")
    sprout = home()
    sprout.post.receive()
    read = [content for _, content in sprout.post.read_in_order(desk.me.host.name, "directives")]
    assert read == [act.pretty() for act in acts]
    assert [content for _, content in desk.post.read_in_order(desk.me.host.name, "directives")] == read


@pytest.mark.slow
def test_what_cannot_be_read_is_told_and_changes_nothing(home: Make, offer: Digest) -> None:
    desk = home("desk")
    desk.post.open()
    folder = desk.paths.papers / "directives"
    folder.mkdir(parents=True)
    (folder / "000000000000.json").write_bytes(on(offer).pretty())
    (folder / "000000000001.json").write_text('{"format": 2, "act": {"kind": "\\u001b[31mformat c:"}}\n')
    (folder / "000000000002.json").write_bytes(b"\xff\xfe" * 30)
    desk.post.publish("odd ones")
    sprout = home()
    assert wake.once(sprout.agent).failure is None
    assert len([problem for problem in status(sprout).problems if problem.startswith("desk directives/0")]) == 3
    assert not any("\x1b" in problem for problem in status(sprout).problems)
    assert all(isinstance(reply, Decision) and reply.decided_by == "policy" for reply in replies(sprout).values())


@pytest.mark.slow
def test_a_host_killed_between_two_replies_finishes_them(
    home: Make, offer: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, first = home("desk"), on(offer)
    for act in (first, withdrawal(first)):
        desk.post.put(act)
        desk.post.publish("directive")
    create, left = kept_papers.create, [True]

    def killed(path: Path, paper: Record) -> None:
        if isinstance(paper, DirectiveAnswer) and not left:
            raise KeyboardInterrupt
        left.clear()
        create(path, paper)

    with monkeypatch.context() as patch:
        patch.setattr(kept_papers, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            wake.once(home().agent)
    assert len(replies(home())) == 1
    wake.once(home().agent)
    verdicts = sorted(reply.verdict for path, reply in replies(home()).items() if "directive-" in path)
    assert verdicts == ["declined", "done"]
    thor = home("thor")
    assert wake.once(thor.agent).failure is None
    assert status(thor).problems == ()


def test_a_person_at_the_board_cannot_accept_what_could_not_take_effect(home: Make, offer: Digest) -> None:
    sprout = home()
    sprout.post.receive()
    paper = recommendation(intervention_version=9)
    with pytest.raises(DecisionRefused) as refused:
        by_hand.decide(sprout.agent, paper.fingerprint(), paper, "I want it", accepted=True)
    assert "not declared here" in refused.value.why
    assert replies(sprout) == {}
    by_hand.decide(sprout.agent, paper.fingerprint(), paper, "I do not", accepted=False)
    (decision,) = replies(sprout).values()
    assert (decision.verdict, worklog(sprout)) == ("declined", ["recommendation-declined"])
