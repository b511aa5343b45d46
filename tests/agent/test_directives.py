"""What becomes of a directive: one reply each, whoever wrote it, in whatever order, and none of its words obeyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import curriculum, files
from sage_edge.agent.decisions import DecisionGround
from sage_edge.agent.directives import DirectedPapers, settle
from sage_edge.clock_trust import ClockTrust
from sage_edge.inventory import load
from sage_edge.inventory.host_entry import Policy
from sage_edge.names import Digest, Slug
from sage_edge.records.directive import Directive, DirectiveAnswer
from sage_edge.records.study import Decision
from tests.agent.directed_papers import SPROUT, THOR, on, until, withdrawal
from tests.agent.test_decisions import recommendation
from tests.fakes import FLEET, MORNING

HOUSE = load.load(FLEET)
LESSONS = curriculum.load(FLEET)
OFFER = recommendation()
FOREIGN = recommendation(to=THOR)
OFFERS = {paper.fingerprint(): paper for paper in (OFFER, FOREIGN)}
ABOUT = OFFER.fingerprint()


def ground(
    mode: Literal["auto", "manual", "never"] = "manual",
    hours: float = 1,
    held: int = 4,
    allowed: str = "identity-anchored",
    doubt: str | None = None,
) -> DecisionGround:
    policy = Policy(recommendations=mode, allowed=(Slug(allowed),))
    return DecisionGround(
        SPROUT, policy, LESSONS, {"primary": held}, ClockTrust(MORNING + timedelta(hours=hours), doubt)
    )


def papers(
    *given: Directive, answers: Sequence[DirectiveAnswer] = (), decided: Sequence[Decision] = ()
) -> DirectedPapers:
    return DirectedPapers(
        {directive.fingerprint(): directive for directive in given},
        {answer.directive: answer for answer in answers},
        OFFERS,
        {decision.recommendation: decision for decision in decided},
    )


def by_policy() -> Decision:
    return Decision(
        author=SPROUT, recommendation=ABOUT, verdict="declined", reason="no", decided_by="policy", created=MORNING
    )


@dataclass(frozen=True)
class Refused:
    """A directive, alone, that ends in an answer with these words."""

    name: str
    directive: Directive
    words: str
    ground: DecisionGround = field(default_factory=ground)
    decided: tuple[Decision, ...] = ()


LATE = MORNING + timedelta(minutes=30)
REFUSED = [
    Refused("unknown id", on(files.digest(b"nothing")), "not known here"),
    Refused("already decided", on(ABOUT), "was declined by policy before", decided=(by_policy(),)),
    Refused("declined after a decision", on(ABOUT, "decline"), "by policy before", decided=(by_policy(),)),
    Refused("deadline over", until(on(ABOUT), LATE), "its deadline is over"),
    Refused("the recommendation expired", on(ABOUT), "its validity is over", ground(hours=24 * 8)),
    Refused("its sessions are over", on(ABOUT), "session P008 is over", ground(held=8)),
    Refused("for another host", on(FOREIGN.fingerprint()), "is for thor"),
    Refused("by a board that may direct", on(ABOUT, by=THOR), "no person's workstation"),
    Refused("by a role that may not direct", on(ABOUT, by=SPROUT), "may not direct"),
    Refused("a policy of never", on(ABOUT), "to take no recommendations", ground("never")),
    Refused("an intervention that is not allowed", on(ABOUT), "does not allow identity", ground(allowed="observe")),
    Refused("a withdrawal of nothing", withdrawal(on(ABOUT)), "no directive of its author"),
    Refused("a withdrawal by a board", withdrawal(on(ABOUT), by=THOR), "no person's workstation"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_is_refused(case: Refused) -> None:
    replies = settle(case.ground, HOUSE, papers(case.directive, decided=case.decided))
    (answer,) = replies.values()
    assert isinstance(answer, DirectiveAnswer)
    assert (answer.verdict, answer.directive) == ("declined", case.directive.fingerprint())
    assert case.words in answer.reason


@pytest.mark.parametrize(("kind", "verdict"), [("accept", "accepted"), ("decline", "declined")])
@pytest.mark.parametrize("mode", ["auto", "manual"])
def test_a_person_decides_from_afar(kind: str, verdict: str, mode: Literal["auto", "manual"]) -> None:
    directive = on(ABOUT, kind, because="a look \x1b[31m says so")
    (decision,) = settle(ground(mode), HOUSE, papers(directive)).values()
    assert isinstance(decision, Decision)
    assert (decision.verdict, decision.decided_by) == (verdict, "person")
    assert (decision.recommendation, decision.directive) == (ABOUT, directive.fingerprint())
    assert decision.reason == "a look \\x1b[31m says so"


def test_declining_needs_nothing_that_accepting_needs() -> None:
    (decision,) = settle(ground("never", held=8), HOUSE, papers(on(ABOUT, "decline"))).values()
    assert isinstance(decision, Decision)
    assert decision.verdict == "declined"


def test_of_two_the_one_that_was_committed_first_counts() -> None:
    first, second = on(ABOUT, "decline"), on(ABOUT)
    decision, answer = settle(ground(), HOUSE, papers(first, second)).values()
    assert isinstance(decision, Decision)
    assert (decision.verdict, decision.directive) == ("declined", first.fingerprint())
    assert isinstance(answer, DirectiveAnswer)
    assert "was declined by person before" in answer.reason


def test_a_withdrawn_one_is_not_carried_out_and_the_next_one_is() -> None:
    first, second = on(ABOUT, "decline"), on(ABOUT)
    replies = settle(ground(), HOUSE, papers(first, withdrawal(first), second))
    assert {digest: _told(reply) for digest, reply in replies.items()} == {
        withdrawal(first).fingerprint(): "done",
        first.fingerprint(): "declined",
        second.fingerprint(): "accepted",
    }


def test_a_withdrawal_after_the_answer_comes_too_late() -> None:
    first = on(ABOUT)
    (decision,) = settle(ground(), HOUSE, papers(first)).values()
    assert isinstance(decision, Decision)
    (answer,) = settle(ground(), HOUSE, papers(first, withdrawal(first), decided=(decision,))).values()
    assert (answer.verdict, "answered before" in answer.reason) == ("declined", True)


def test_while_the_clock_is_in_doubt_only_what_has_a_deadline_waits() -> None:
    doubtful, late = ground(hours=24 * 4000, doubt="it says so"), until(on(ABOUT), LATE)
    assert settle(doubtful, HOUSE, papers(late)) == {}
    (decision,) = settle(doubtful, HOUSE, papers(on(ABOUT))).values()
    assert (decision.verdict, isinstance(decision, Decision)) == ("accepted", True)


def _told(reply: Decision | DirectiveAnswer) -> str:
    return reply.verdict


ACTS: Mapping[str, Callable[[], Directive]] = {
    "accept": lambda: on(ABOUT),
    "decline": lambda: on(ABOUT, "decline"),
    "again": lambda: on(ABOUT, because="again"),
    "unknown": lambda: on(files.digest(b"nothing")),
    "by thor": lambda: on(ABOUT, by=THOR),
    "late": lambda: until(on(ABOUT, because="late"), LATE),
    "withdraw accept": lambda: withdrawal(on(ABOUT)),
    "withdraw decline": lambda: withdrawal(on(ABOUT, "decline")),
    "withdraw a withdrawal": lambda: withdrawal(withdrawal(on(ABOUT))),
}


@given(st.lists(st.sampled_from(sorted(ACTS)), unique=True), st.data())
def test_a_host_that_is_killed_after_any_reply_comes_to_the_same_end(names: list[str], data: st.DataObject) -> None:
    directives = [ACTS[name]() for name in names]
    whole = settle(ground(), HOUSE, papers(*directives))
    assert set(whole) == {directive.fingerprint() for directive in directives}
    kept: dict[Digest, Decision | DirectiveAnswer] = {}
    while missing := settle(ground(), HOUSE, _with(directives, kept)):
        many = data.draw(st.integers(1, len(missing)))
        kept.update(list(missing.items())[:many])
    assert kept == whole
    assert sum(isinstance(reply, Decision) for reply in kept.values()) <= 1


def _with(directives: Sequence[Directive], kept: Mapping[Digest, Decision | DirectiveAnswer]) -> DirectedPapers:
    answers = [reply for reply in kept.values() if isinstance(reply, DirectiveAnswer)]
    decided = [reply for reply in kept.values() if isinstance(reply, Decision)]
    return replace(papers(*directives, answers=answers, decided=decided))
