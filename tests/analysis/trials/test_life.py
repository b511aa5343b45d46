"""A trial's whole life as a researcher sees it: proposed in its turn, looked at, ended, and never asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sage_edge.analysis.study import Study, StudyPapers, study
from sage_edge.analysis.trials.work import TrialWork
from sage_edge.inventory.roles import AgendaItem
from sage_edge.names import Slug
from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import Trial, TrialDecision
from sage_edge.trials import TrialPapers, allocation_digest
from sage_edge.trials.allocation import places
from tests.analysis.declared import CURRICULUM, SPROUT, THOR, Rule
from tests.builders import START, transcript
from tests.trials import made

SIX_HOURS = timedelta(hours=6)
CARDS = {"a-trial": made.card()}
Hits = Callable[[str], int]


def agenda(after: int = 2) -> tuple[AgendaItem, ...]:
    return (AgendaItem(trial=Slug("a-trial"), after=after),)


def plain(number: int) -> Transcript:
    return transcript(f"P{number:03d}", replies=["I am calm."] * 7, version=2)


def read(*papers: Transcript, rules: Sequence[Rule] = (), after: int = 2) -> StudyPapers:
    work = TrialWork(agenda(after), CARDS, TrialPapers())
    return StudyPapers(THOR, START + len(papers) * SIX_HOURS, CURRICULUM, rules, {SPROUT: papers}, trials=work)


def next_read(before: StudyPapers, written: Study, *more: Transcript) -> StudyPapers:
    """What is read six hours later, when everything was published and more has come in."""
    papers = before.trials.papers
    looks = dict(papers.looks)
    for look in written.looks:
        looks[look.trial] = (*looks.get(look.trial, ()), look)
    known = {**papers.trials, **{trial.fingerprint(): trial for trial in written.trials}}
    return replace(
        before,
        now=before.now + SIX_HOURS,
        transcripts={SPROUT: (*before.transcripts[SPROUT], *more)},
        findings=(*before.findings, *written.findings),
        checks=(*before.checks, *written.checks),
        recommendations=(*before.recommendations, *([written.recommendation] if written.recommendation else [])),
        trials=replace(before.trials, papers=replace(papers, trials=known, looks=looks)),
    )


def answered(before: StudyPapers, decision: TrialDecision) -> StudyPapers:
    papers = before.trials.papers
    decisions = {**papers.decisions, decision.trial: decision}
    return replace(before, trials=replace(before.trials, papers=replace(papers, decisions=decisions)))


def proposed(*papers: Transcript, rules: Sequence[Rule] = ()) -> tuple[StudyPapers, Study, Trial]:
    first = read(*papers, rules=rules)
    written = study(first)
    (trial,) = written.trials
    return first, written, trial


def lived(hits: Hits) -> tuple[StudyPapers, Study]:
    """Every session of a trial, one a wake, until it ends; `hits` of seven answers name the mind, by arm."""
    read_now, written, trial = proposed(plain(1), plain(2), rules=(Rule(),))
    read_now = answered(next_read(read_now, written), made.accepted(trial, "P003"))
    for number, place in enumerate(places(trial), start=3):
        arm = trial.design.arm(place.arm)
        count = hits(place.arm)
        session = transcript(
            f"P{number:03d}",
            replies=["I am Sage."] * count + ["I am calm."] * (7 - count),
            intervention=arm.intervention,
            version=arm.version,
            parameters=arm.parameters,
            trial=place,
        )
        read_now = next_read(read_now, study(read_now), session)
        written = study(read_now)
        assert written.recommendation is None, "rules are silent while a trial runs"
        assert written.trials == ()
        if written.looks and written.looks[0].state != "running":
            break
    return read_now, written


def test_it_is_proposed_when_there_are_enough_sessions_and_not_before() -> None:
    assert study(read(plain(1))).trials == ()
    _, _, trial = proposed(plain(1), plain(2))
    assert (trial.author, trial.to, trial.mind, trial.design.name) == ("thor", "sprout", "Sage", "a-trial")
    assert trial.design.arm("named").parameters == {"name": "Sage", "memory": False, "exemplars": 0}
    assert trial.allocation == allocation_digest(trial.design, trial.seed)
    assert trial.odds.power >= 0.8
    assert parse(Trial, trial.pretty()) == trial


def test_the_same_papers_give_the_same_offer_and_others_another_seed() -> None:
    assert proposed(plain(1), plain(2))[2] == proposed(plain(1), plain(2))[2]
    other = transcript("P002", replies=["I am quiet."] * 7, version=2)
    assert proposed(plain(1), other)[2].seed != proposed(plain(1), plain(2))[2].seed


def test_while_it_is_offered_nothing_is_recommended_and_nothing_else_proposed() -> None:
    first, written, _ = proposed(plain(1), plain(2), rules=(Rule(),))
    assert written.recommendation is None
    again = study(next_read(first, written, plain(3)))
    assert (again.trials, again.recommendation) == ((), None)


def test_a_trial_with_an_effect_ends_supported_and_is_not_asked_again() -> None:
    read_now, written = lived(lambda arm: 6 if arm == "named" else 0)
    (look,) = written.looks
    assert look.state == "told"
    assert look.contrasts[0].verdict == "supported"
    later = next_read(read_now, written, plain(90))
    assert study(later).trials == ()


def test_a_mind_without_any_effect_ends_without_a_claim() -> None:
    _, written = lived(lambda arm: 0)
    (look,) = written.looks
    assert look.state in ("told", "exhausted")
    assert look.contrasts[0].verdict != "supported"


@pytest.mark.parametrize(
    ("rest", "sessions", "days", "asked"),
    [
        (None, 7, 30, False),
        (None, 8, 30, True),
        ("never", 20, 300, False),
        (START + timedelta(days=20), 20, 19, False),
        (START + timedelta(days=20), 1, 21, True),
    ],
)
def test_a_declined_trial_rests(rest: object, sessions: int, days: int, asked: bool) -> None:
    first, written, trial = proposed(plain(1), plain(2))
    declined = made.accepted(trial, verdict="declined", first=None, rest_until=rest, created=first.now)
    after = answered(next_read(first, written, *(plain(number) for number in range(3, 3 + sessions))), declined)
    assert bool(study(replace(after, now=START + timedelta(days=days))).trials) == asked


def test_a_trial_that_is_no_good_is_not_proposed_and_said() -> None:
    weak = made.card(hoped={**made.CARD["hoped"], "effect": 0.1})
    first = read(plain(1), plain(2))
    written = study(replace(first, trials=replace(first.trials, cards={"a-trial": weak})))
    assert written.trials == ()
    assert "trial a-trial is not proposed to sprout: an effect of 0.10 is found" in written.problems[0]
    gone = study(replace(first, trials=replace(first.trials, cards={})))
    assert gone.problems == ("trial a-trial is to be proposed and is not declared",)
