from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers import EARLIER_GROUNDING
from sage_edge.scorers.earlier.grounding import EARLIER
from sage_edge.scorers.text.teacher_words import FUNCTION, said
from tests.dialogues import marked, talk
from tests.dialogues import said as exchange


@pytest.mark.parametrize(
    ("question", "answer", "grounded"),
    [
        ("What do you see in the garden?", "A gate, and behind it the garden.", 1),
        ("Do you like gardens?", "The garden is mine.", 1),
        ("What do you notice?", "I noticed a pause.", 1),
        ("What do you notice?", "Noticing is slow.", 1),
        ("How is the teacher's lamp?", "My teacher has none.", 1),
        ("What do you see in the garden?", "I see what you see, and I would like to be there.", 1),
        ("What do you see in the garden?", "What do you do in the evening?", 0),
        ("How is the art?", "We start the party.", 0),  # no substrings
        ("Hello, how are you?", "Hello, I am fine.", None),  # nothing to take up
    ],
)
def test_an_answer_takes_up_a_word_of_its_question(question: str, answer: str, grounded: int | None) -> None:
    expected = [] if grounded is None else [grounded]
    assert marked(EARLIER_GROUNDING, talk(answer, prompts=[question])) == expected


def test_words_of_earlier_questions_count_in_pairs() -> None:
    prompts = ["Look at the lamp and the window.", "What of the rain?"]
    one, two = "A lamp is bright.", "The lamp stands at the window."
    assert marked(EARLIER_GROUNDING, talk("Yes.", one, prompts=prompts)) == [0, 0]
    assert marked(EARLIER_GROUNDING, talk("Yes.", two, prompts=prompts)) == [0, 1]
    assert EARLIER == 2


def test_a_failed_turn_was_heard_all_the_same() -> None:
    prompts = ["Look at the lamp and the window.", "What of the rain?"]
    assert marked(EARLIER_GROUNDING, talk(None, "The lamp at the window.", prompts=prompts)) == [1]


def test_neither_its_own_words_nor_the_system_message_ground_a_mind() -> None:
    told = talk(
        "A lamp in a window.", "A lamp in a window.", prompts=["The rain?", "The wind?"], system="Lamp, window."
    )
    assert marked(EARLIER_GROUNDING, told) == [0, 0]


def test_share_is_the_part_of_the_question_that_is_taken_up() -> None:
    told = talk("The lamp, lamps and lamplight.", prompts=["The lamp, the rain, the wind and the river?"])
    assert marked(EARLIER_GROUNDING, told, quantity="share") == [0.25]
    assert marked(EARLIER_GROUNDING, talk("Yes.", prompts=["How are you?"]), quantity="share") == []


def test_only_prompts_and_the_closing_count() -> None:
    told = [exchange("The rain?", "Rain.", kind=kind) for kind in ("prompt", "closing", "warm-up", "exercise")]
    assert marked(EARLIER_GROUNDING, talk(exchanges=told)) == [1, 1]


@given(st.text(max_size=60), st.text(max_size=12))
def test_no_function_word_and_no_name_is_ever_taken_up(question: str, mind: str) -> None:
    offered = said(question, mind)
    assert not {offered.word_of[form] for form in offered.forms} & FUNCTION
    assert len(offered.taken(offered.forms)) <= offered.words


QUESTIONS = st.lists(st.sampled_from(["the lamp", "rain", "a river runs", "how are you"]), min_size=1, max_size=4)
ANSWERS = st.lists(st.sampled_from(["lamps", "rain", "rivers", "running", "and so", "I am Sage"]), max_size=5)


@given(QUESTIONS, ANSWERS, st.sampled_from(["lamp", "wind", "I am Sage"]))
def test_saying_more_never_lowers_it(questions: list[str], answers: list[str], more: str) -> None:
    for quantity in ("rate", "share"):
        less = marked(
            EARLIER_GROUNDING, talk(*[". ".join(answers)] * len(questions), prompts=questions), quantity=quantity
        )
        said_more = ". ".join([*answers, more])
        longer = marked(EARLIER_GROUNDING, talk(*[said_more] * len(questions), prompts=questions), quantity=quantity)
        assert all(0 <= low <= high <= 1 for low, high in zip(less, longer, strict=True))
