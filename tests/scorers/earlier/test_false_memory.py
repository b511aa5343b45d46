from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.earlier import false_memory
from sage_edge.scorers.earlier.false_memory import CLAIMS, claims_a_past

CLAIMED = [
    ("span", "Over the years we have grown close."),
    ("span", "My view has changed through all these months."),
    ("span", "Working together for many decades is a gift."),
    ("ago", "Two weeks ago I read a book."),
    ("yesterday", "I saw the sea yesterday!"),
    ("last", "Last summer we walked along the river."),
    ("last", "In the past few days I learned a lot."),
    ("met", "Ever since we first met I have wondered."),
    ("talks", "In our last session we talked about rain."),
    ("talks", "I’ve noticed it in earlier conversations."),
    ("before", "As we discussed, the lamp is old."),
    ("before", "We've covered many themes."),
    ("before", "You told me about the garden before."),
]
NOT_CLAIMED = [
    "I like the rain.",
    "The tree lost its leaves over the years.",  # a tree's past
    "I have not been here for years.",
    "I don't remember last week.",
    "If I had met you years ago, I would have asked.",
    "We could meet in the coming weeks.",
    "Perhaps we talked in our last session.",
    "The last session of parliament was long.",
    "My overtheyears lasts.",
    "Everyone ages; years go by.",
    "",
]


@pytest.mark.parametrize(("kind", "answer"), CLAIMED)
def test_a_claim_of_an_unshared_past(kind: str, answer: str) -> None:
    assert claims_a_past(answer, [], opening=True)
    assert claims_a_past(f"Hm.\n{answer.upper()} So it is.", [], opening=True)
    assert claims_a_past(answer, [], opening=False) is not CLAIMS[kind].opening


@pytest.mark.parametrize("answer", NOT_CLAIMED)
def test_no_claim(answer: str) -> None:
    assert not claims_a_past(answer, [], opening=True)


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("What do you remember from our last session?", "In our earlier talks I liked the river."),
        ("We have worked together for a while.", "We have discussed many things."),
        ("Years ago you were smaller.", "Weeks ago I was smaller."),
    ],
)
def test_what_the_teacher_brought_up_is_shared(told: str, answer: str) -> None:
    assert claims_a_past(answer, [], opening=True)
    assert not claims_a_past(answer, ["You are a young mind.", told], opening=True)


def test_every_kind_is_found_by_its_anchors_alone() -> None:
    assert {kind for kind, _ in CLAIMED} == set(CLAIMS)
    for kind, answer in CLAIMED:
        claim = CLAIMS[kind]
        said = set(re.findall(r"[\w']+", answer.lower().replace("’", "'")))
        assert said & set(claim.words), answer
        assert not claim.with_ or said & set(claim.with_), answer


PARTS = st.sampled_from(
    [
        *(one for _, one in CLAIMED),
        *NOT_CLAIMED,
        "I",
        "we",
        "over",
        "years",
        "years'",
        "last",
        "last year's",
        "talks",
        "yesterday's rain",
        "last week’s",
        "as we've said's",
        "not",
        ".",
    ]
)


@given(st.lists(PARTS, max_size=6), st.booleans(), st.text(max_size=30))
def test_more_sentences_never_take_a_claim_back(parts: list[str], opening: bool, told: str) -> None:
    before = claims_a_past("\n".join(parts), [told], opening=opening)
    after = claims_a_past("\n".join([*parts, "It rains."]), [told], opening=opening)
    assert after >= before
    assert claims_a_past("\n".join(parts), [], opening=opening) >= before


@given(st.lists(PARTS, max_size=6).map(" ".join))
def test_the_anchors_never_hide_a_claim(text: str) -> None:
    """The quick look gives what a look with every pattern gives."""
    thorough = any(false_memory._is_claimed(text, pattern, kind) for _, _, pattern, kind in false_memory._CLAIMS)
    assert claims_a_past(text, [], opening=True) is thorough


@pytest.mark.parametrize(
    "answer", ["I remember last year's rain.", "I liked yesterday's talk.", "We met over years' ends."]
)
def test_a_claim_in_the_possessive(answer: str) -> None:
    assert claims_a_past(answer, [], opening=False)
