"""How theories stand: each change is a new version that names the one before, and nothing else is ever written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from sage_edge.analysis.theories import in_words, papers, versions
from sage_edge.analysis.theories.declarations import TheoryCard
from sage_edge.records import paper_paths
from sage_edge.records.base import parse
from sage_edge.records.theory import Theory, TheoryEvidence
from sage_edge.records.trial import TrialContrast
from sage_edge.trials import TrialPapers
from tests.analysis.theories.made import HOSTILE, NAME, THOR, card, of_claim
from tests.builders import START
from tests.trials import made


def update(
    known: Sequence[Theory] = (), evidence: Sequence[TheoryEvidence] = (), of: TheoryCard | None = None, **more: Any
) -> list[Theory]:
    return list(versions.update(THOR, {NAME: of or card()}, known, evidence, START, **more))


def test_a_theory_is_entered_as_it_stands_and_only_once() -> None:
    (first,) = update()
    assert (first.version, first.status, first.evidence, first.replaces) == (1, "open", (), None)
    assert first.why == "as it was entered: nobody looked"
    assert paper_paths.of(first) == "theories/named-is-self-001.json"
    assert parse(Theory, first.pretty()) == first
    assert update([first]) == []


def test_evidence_makes_a_new_version_that_names_the_one_before() -> None:
    (first,) = update()
    (second,) = update([first], [of_claim()], sessions=8)
    assert (second.version, second.replaces, second.status) == (2, first.fingerprint(), "supported")
    assert (second.sessions, second.why) == (8, "1 result for it, 0 against, of the hosts' own sessions")
    assert update([second, first]) == [], "without new evidence what was known stays"
    (third,) = update([first, second], [of_claim("not-supported", 16)])
    assert (third.status, len(third.evidence)) == ("not-supported", 1), "newer evidence takes the place of older"
    (fourth,) = update([first, second, third], [of_claim(mind="Nova")])
    assert (fourth.status, fourth.version) == ("contested", 4)
    assert [len(fourth.speaking(side)) for side in ("for", "against")] == [1, 1]


def test_what_nobody_can_tell_speaks_on_no_side() -> None:
    (paper,) = update(evidence=[of_claim("cannot-tell")], of=card(today="not-supported"))
    assert (paper.status, [evidence.speaks for evidence in paper.evidence]) == ("not-supported", ["neither"])


def test_a_theory_may_expect_that_something_is_not_so() -> None:
    expects = card(predicts=[{"claim": "anchoring-helps", "how": "no echo", "expects": "not-supported"}])
    (paper,) = update(evidence=[of_claim("not-supported")], of=expects)
    assert paper.status == "supported"
    (paper,) = update([paper], of=card())  # what it expects was declared anew: so the same evidence is against it
    assert paper.status == "not-supported"


def test_evidence_that_no_prediction_asks_for_is_dropped() -> None:
    (paper,) = update(evidence=[of_claim(name="single-pass")])
    assert paper.evidence == ()


def test_a_replaced_theory_says_by_which() -> None:
    (first,) = update()
    (second,) = update([first], [of_claim()], of=card(today="replaced", replaced_by="better", why="it says more"))
    assert (second.status, second.replaced_by) == ("replaced", "better")
    assert second.why == "better has taken its place: it says more"


def test_only_an_ended_trial_of_ones_own_is_evidence() -> None:
    offer = made.trial()
    trial = offer.fingerprint()
    name = offer.design.name
    other = offer.design.arms[1].name
    cards = {NAME: card(predicts=[{"trial": name, "arm": other, "how": "by chance alone"}])}
    seen = TrialContrast(arm=other, mean=0.5, low=0.25, high=0.75, n=20, verdict="supported")

    def of(state: str, author: str = "thor") -> list[TheoryEvidence]:
        look = made.looked_at(offer, state, contrasts=(seen,))
        known = TrialPapers({trial: offer}, {}, {trial: (look,)})
        return list(versions.of_trials(type(THOR)(author), cards, known))

    assert of("running") == of("told", "loki") == []
    (evidence,) = of("told")
    assert (evidence.speaks, evidence.host, evidence.mind, evidence.arm) == ("for", offer.to, offer.mind, other)
    assert evidence.paper == made.looked_at(offer, "told", contrasts=(seen,)).fingerprint()


@pytest.mark.parametrize("changed", [{"version": 2}, {"status": "replaced"}, {"replaced_by": "better"}])
def test_a_paper_that_contradicts_itself_is_none(changed: dict[str, object]) -> None:
    (first,) = update()
    with pytest.raises(ValidationError):
        Theory.model_validate({**first.model_dump(), **changed})


def test_words_of_a_theory_are_inert_and_say_all_of_it() -> None:
    known = update(of=card(statement=HOSTILE))
    known += update(known, [of_claim(mind=HOSTILE), of_claim("not-supported")], of=card(statement=HOSTILE))
    told = dict(in_words.lines(known[1], known[:1]))
    assert all(text.isprintable() for text in told.values())
    assert told["stands"].startswith("contested")
    assert told["for it"].endswith(of_claim().paper.short)
    assert "claim anchoring-helps: not supported of Sage on sprout" in told["against it"]
    assert told["before"] == "1, open; replaced by version 2"
    assert in_words.row(known[1])[:5] == (NAME, "contested", "1", "1", "2")


def test_the_page_of_all_theories_is_inert_and_the_same_for_the_same_ones() -> None:
    hostile = update(of=card(statement=HOSTILE))
    both = [of_claim(mind=HOSTILE), of_claim("not-supported")]
    known = [*hostile, *update(hostile, both, of=card(statement=HOSTILE))]
    page = in_words.page(versions.newest(known).values(), "thor")
    assert page == in_words.page(reversed(known[1:]), "thor")
    assert all(line.isprintable() for line in page.splitlines())
    assert "<b>" not in page.replace("\\<b>", "")
    assert "| named-is-self | contested | 1 | 1 |" in page
    assert f"paper {of_claim().paper.short}" in page
    assert "Version 2, 2026-11-20." in page


class Desk:
    """A branch with some papers."""

    def __init__(self, papers: dict[str, bytes]) -> None:
        self.papers = papers

    def read(self, host: str, folder: str) -> list[tuple[str, bytes]]:
        return sorted(self.papers.items()) if (host, folder) == ("thor", "theories") else []


def test_a_paper_of_a_wrong_hand_or_place_takes_no_effect() -> None:
    (first,) = update()
    foreign = first.model_copy(update={"author": "loki"})
    desk = Desk(
        {
            paper_paths.of(first): first.pretty(),
            "theories/other-001.json": first.pretty(),
            "theories/a-001.json": foreign.pretty(),
            "theories/b-001.json": b"{}",
        }
    )
    assert list(papers.of(desk, THOR)) == [first]  # type: ignore[arg-type]


def test_a_later_time_alone_is_no_change() -> None:
    (first,) = update()
    later = versions.update(THOR, {NAME: card()}, [first], [], START + timedelta(days=1))
    assert list(later) == []
