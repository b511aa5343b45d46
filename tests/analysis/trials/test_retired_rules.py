"""A rule that was refuted twice proposes its own trial: to that mind, once, and before anything on the agenda."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.analysis.recommend import Case, recommend
from sage_edge.analysis.study import StudyPapers, study
from sage_edge.analysis.trials import checks
from sage_edge.analysis.trials.work import TrialWork, in_place_of_rules
from sage_edge.inventory.roles import AgendaItem
from sage_edge.names import Slug
from sage_edge.trials import TrialPapers
from tests.analysis.declared import CURRICULUM, SPROUT, THOR, Remedy, Rule
from tests.analysis.test_advice_record import NOW, case, checked
from tests.trials import made

RULE = Rule(trial="its-own")
CARDS = {"its-own": made.card(name="its-own"), "a-trial": made.card()}
AGENDA = (AgendaItem(trial=Slug("a-trial"), after=1),)
MOST = 24
sessions_of = functools.lru_cache(case)


def outcome_at(gaps: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Session → verdict, from the sessions between them."""
    at, placed = 0, []
    for gap, verdict in gaps:
        at += gap
        if at < MOST:
            placed.append((at, verdict))
    return placed


VERDICTS = st.sampled_from(["confirmed", "refuted", "cannot-tell"])


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 6), VERDICTS), max_size=6).map(outcome_at), st.integers(1, MOST))
def test_whatever_came_of_it_a_rule_speaks_waits_or_leaves_it_to_its_trial(
    outcomes: list[tuple[int, str]], sessions: int
) -> None:
    known = checked(sessions_of(sessions), [known for known in outcomes if known[0] <= sessions])
    vain = [at for at, verdict in outcomes if verdict != "confirmed" and at <= sessions]
    refuted = [at for at, verdict in outcomes if verdict == "refuted" and at <= sessions]
    waits = bool(vain) and sessions < 2 * vain[-1]
    advises = recommend(THOR, known, (RULE,), CURRICULUM, NOW) is not None
    trials = [item.trial for item in in_place_of_rules(known, (RULE, RULE))]
    is_retired = len(refuted) >= 2
    assert advises == (not is_retired and not waits)
    assert trials == (["its-own"] if is_retired else [])


def refuted_twice(sessions: int) -> Case:
    return checked(sessions_of(sessions), [(2, "refuted"), (4, "refuted")])


def papers(known: Case, rule: Rule = RULE) -> StudyPapers:
    return StudyPapers(
        THOR,
        NOW,
        CURRICULUM,
        (rule,),
        {SPROUT: [paper.transcript for paper in known.examined]},
        findings=[paper.finding for paper in known.examined],
        recommendations=known.recommendations,
        checks=tuple(known.checks.values()),
        trials=TrialWork(AGENDA, CARDS, TrialPapers()),
    )


def test_the_trial_of_a_retired_rule_goes_before_the_agenda_and_is_asked_once() -> None:
    first = papers(refuted_twice(4))
    (trial,) = study(first).trials
    assert (trial.design.name, trial.to, trial.mind) == ("its-own", "sprout", "Sage")
    declined = made.accepted(trial, verdict="declined", first=None, rest_until="never")
    known = TrialPapers({trial.fingerprint(): trial}, {trial.fingerprint(): declined})
    (after,) = study(replace(first, trials=replace(first.trials, papers=known), now=NOW + timedelta(days=1))).trials
    assert after.design.name == "a-trial"


@pytest.mark.parametrize("name", [None, "its-own"])
def test_before_that_and_where_it_names_none_the_agenda_goes_on(name: str | None) -> None:
    once = checked(sessions_of(4), [(4, "refuted")])
    known = once if name else refuted_twice(4)
    (trial,) = study(papers(known, Rule(trial=name))).trials
    assert trial.design.name == "a-trial"


def test_one_that_is_no_good_is_said_and_keeps_nobody_from_its_turn() -> None:
    written = study(papers(refuted_twice(4), Rule(trial="gone")))
    assert written.problems == ("trial gone is to be proposed and is not declared",)
    assert [trial.design.name for trial in written.trials] == ["a-trial"]


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (Rule(), []),
        (Rule(trial="a-trial", recommend=Remedy(parameters={"memory": False, "exemplars": 0})), []),
        (Rule(trial="a-trial"), ["trial a-trial has no arm besides its control that is what the rule recommends"]),
        (Rule(trial="gone"), ["no trial named 'gone'; there are: a-trial, its-own"]),
    ],
)
def test_a_rules_trial_is_about_what_it_recommends(rule: Rule, wrong: list[str]) -> None:
    assert list(checks.of_rule(rule, CARDS, CURRICULUM)) == wrong
