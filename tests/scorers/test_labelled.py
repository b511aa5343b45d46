"""What stands in the cards of scorers as evidence follows from the labelled answers, and from nothing else."""

from __future__ import annotations

import pytest

from sage_edge.analysis.report import glossary
from sage_edge.scorers import CONFABULATION, EARLIER_CONFABULATION, EARLIER_GROUNDING, GROUNDING, IDENTITY, OURS, Scorer
from sage_edge.scorers.base import AgreedShare, ReaderEvidence
from sage_edge.scorers.interval import wilson
from tests.scorers import labelled
from tests.scorers.labelled import Judged, judged, kappa, label_pairs, precision, recall

CARDS = [(scorer, evidence) for scorer in (IDENTITY, GROUNDING, CONFABULATION) for evidence in scorer.evidence]


def rounded(share: AgreedShare) -> AgreedShare:
    return AgreedShare(share.hits, share.n, round(share.low, 2), round(share.high, 2))


@pytest.mark.parametrize(("scorer", "card"), CARDS, ids=[f"{scorer.id} {card.quantity}" for scorer, card in CARDS])
def test_a_card_says_what_the_labels_say(scorer: Scorer, card: ReaderEvidence) -> None:
    unseen = [one for one in judged(scorer, card.quantity) if one.half == "test"]
    assert (card.answers, card.sessions) == (len(unseen), len({one.session for one in unseen}))
    assert card.disputed == sum(one.disputed for one in unseen)
    assert (card.precision, card.recall) == (rounded(precision(unseen)), rounded(recall(unseen)))
    assert card.sample == labelled.SAMPLE.name


@pytest.mark.slow
@pytest.mark.parametrize("scorer", [IDENTITY, GROUNDING, CONFABULATION], ids=lambda scorer: str(scorer.id))
def test_a_card_says_how_the_readers_agree(scorer: Scorer) -> None:
    label, _ = labelled.TARGETS[(str(scorer.id), "rate")]
    pairs = [pair for group in label_pairs(label).values() for pair in group]
    low, high = labelled.kappa_interval(label)
    assert scorer.evidence[0].kappa == (round(kappa(pairs), 2), round(low, 2), round(high, 2))


def test_the_sample_is_what_its_data_sheet_says() -> None:
    ids = [turn["id"] for session in labelled.sessions() for turn in session["turns"] if "id" in turn]
    assert len(ids) == len(set(ids)) == 220
    assert len(labelled.sessions()) == len({session["session"] for session in labelled.sessions()}) == 41
    assert sum(session["intervention"].endswith("/1") for session in labelled.sessions()) == 23


@pytest.mark.parametrize(
    ("newer", "older"),
    [(GROUNDING, EARLIER_GROUNDING), (CONFABULATION, EARLIER_CONFABULATION)],
    ids=["grounding", "confabulation"],
)
def test_a_new_version_finds_more_of_what_readers_see(newer: Scorer, older: Scorer) -> None:
    """On answers that its author had not seen; an older version stays computable, and stays what it was."""
    after, before = (recall([one for one in judged(scorer, "rate") if one.half == "test"]) for scorer in (newer, older))
    assert after.hits / after.n > before.hits / before.n


def test_a_scorer_is_scored() -> None:
    def answer(session: str, marked: bool, first: bool, second: bool | None = None) -> Judged:
        return Judged(session, "test", marked, first, first if second is None else second)

    told = [
        *(answer(name, True, True) for name in "abcd"),
        answer("a", True, False),
        answer("b", False, True),
        answer("c", False, True),
        answer("d", True, True, second=False),  # disputed: counts for neither
    ]
    assert precision(told)[:2] == (4, 5)
    assert recall(told)[:2] == (4, 6)
    alone = [answer(str(number), number < 6, True) for number in range(8)]  # each a session of its own
    assert recall(alone)[2:] == pytest.approx(wilson(6, 8), abs=0.03)
    copies = [answer(str(number // 4), number < 24, True) for number in range(32)]  # eight sessions of four copies
    assert recall(copies)[2:] == pytest.approx(wilson(6, 8), abs=0.03)


def test_kappa_is_cohens() -> None:
    """Two readers agree on 35 of 50, where chance alone gives 25: computed by hand."""
    pairs: list[tuple[object, object]] = [*[(1, 1)] * 20, *[(1, 0)] * 5, *[(0, 1)] * 10, *[(0, 0)] * 15]
    assert kappa(pairs) == pytest.approx((35 / 50 - 0.5) / 0.5)
    assert kappa([(1, 1)]) == 1.0


def test_evidence_is_shown_where_a_scorer_is_explained_and_is_no_part_of_its_definition() -> None:
    shown = repr(glossary.section(OURS))
    assert all(str(card) in shown.replace("\\'", "'") for _, card in CARDS)
    assert GROUNDING.definition != EARLIER_GROUNDING.definition
