"""Utterances → questions with answers: nothing is lost, nobody's words become the mind's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy.turn_pairs import NO_ANSWER, THINKING, THOUGHTS, Talk, pair
from tests.legacy.papers import utterances

NAMES = st.sampled_from(["Claude", "SAGE", "sage-sprout", "Teacher", "system", "Observer", "assistant"])


def seen(talk: Talk) -> list[tuple[str, str, str]]:
    return [(words.prompt, words.reply, words.outcome) for words in talk.words]


def test_questions_and_answers_in_turns() -> None:
    talk = pair(utterances("A?", "B.", "C?", "D."))
    assert seen(talk) == [("A?", "B.", "ok"), ("C?", "D.", "ok")]
    assert (talk.kept, talk.utterances, talk.answers, talk.minds[0]) == (4, 4, 2, "SAGE")
    assert talk.words[0].asker == "Claude"


def test_a_question_that_no_answer_follows() -> None:
    talk = pair(utterances("A?", "B.", "C?"))
    assert seen(talk)[1] == ("C?", "", "interrupted")
    assert talk.words[1].error == NO_ANSWER
    assert talk.kept == 3


def test_two_questions_and_two_answers_in_a_row() -> None:
    lines = [("Claude", "A?"), ("Claude", "B?"), ("SAGE", "C."), ("SAGE", "D.")]
    talk = pair([{"speaker": who, "text": text} for who, text in lines])
    assert seen(talk) == [("A?", "", "interrupted"), ("B?", "C.", "ok"), ("", "D.", "ok")]


def test_an_open_question_comes_before_a_pair() -> None:
    talk = pair([{"speaker": "Claude", "text": "A?"}, {"claude": "B?", "sage": "C."}])
    assert seen(talk) == [("A?", "", "interrupted"), ("B?", "C.", "ok")]


def test_the_teachers_lines_are_never_the_minds() -> None:
    """The older system fed the lines of speakers that it did not know back as the mind's own (legacy §3.3)."""
    talk = pair([*utterances("A?", "B.", asker="Teacher"), {"speaker": "Observer", "text": "It hums."}])
    assert [words.reply for words in talk.words] == ["B.", ""]
    assert talk.words[1].asker == "Observer"


def test_the_system_speaks_for_itself() -> None:
    talk = pair([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "A?"}])
    assert (talk.system, seen(talk), talk.kept) == (["Be kind."], [("A?", "", "interrupted")], 2)


def test_a_mind_that_nobody_knows_is_not_guessed() -> None:
    talk = pair([{"speaker": "Ada", "text": "A?"}, {"speaker": "Bob", "text": "B."}])
    assert talk.words == []
    assert talk.refused[1] == "item 2: of its speakers 'Ada', 'Bob' none is known to be the mind"


def test_a_mind_that_the_file_names() -> None:
    talk = pair(utterances("A?", "B.", asker="Ada", mind="Ant"), selves=["Ant"])
    assert (seen(talk), talk.minds) == ([("A?", "B.", "ok")], ["Ant"])
    assert pair(utterances("A?", "B.", asker="Ada"), selves=["Ada"]).minds == ["SAGE"]


def test_an_utterance_that_is_null_or_went_wrong() -> None:
    lines: list[JsonValue] = [
        {"speaker": "Claude", "text": "A?"},
        {"speaker": "SAGE", "text": None},
        {"speaker": "Claude", "text": "B?"},
        {"speaker": "SAGE", "text": "half", "error": "killed"},
        {"speaker": "Claude", "text": None},
    ]
    talk = pair(lines)
    assert seen(talk) == [("A?", "", "failed"), ("B?", "", "failed"), ("", "", "interrupted")]
    assert [words.error for words in talk.words][:2] == ["null is stored as the answer", "killed"]


def test_a_teacher_who_got_no_answer_at_all() -> None:
    assert seen(pair(utterances("A?"))) == [("A?", "", "interrupted")]


def test_what_stands_beside_is_kept() -> None:
    items: list[JsonValue] = [
        {"speaker": "Claude", "text": "A?", "turn": 1},
        {"speaker": "SAGE", "text": "B.", "salience": 0.75, "stored": True},
    ]
    assert pair(items).words[0].stored == {"salience": 0.75, "stored": True, "(question)": {"turn": 1}}


def test_thinking_that_was_taken_out_is_told() -> None:
    assert pair(utterances("A?", "[THINK]Hm.[/THINK]B.")).repairs == [THINKING]
    assert pair([{"prompt": "A?", "response": "<think>Hm."}]).repairs == [THINKING]
    assert pair(utterances("A?", "Some write `<think>` first.")).repairs == []


@pytest.mark.parametrize(
    "mark",
    [{"isThought": True}, {"thought": True}, {"is-thinking": True}, {"type": "thinking"}, {"channel": "analysis"}],
)
def test_an_item_marked_as_thought_is_no_answer(mark: dict[str, JsonValue]) -> None:
    thought: JsonValue = {"role": "model", "text": "Who am I?", "tokens": 3, **mark}
    talk = pair([*utterances("Who?"), thought, {"role": "model", "text": "I am Sage."}])
    assert seen(talk) == [("Who?", "I am Sage.", "ok")]
    assert (talk.words[0].thought, talk.words[0].verbatim) == ("Who am I?", None)
    assert talk.words[0].stored == {"(thought)": [{"tokens": 3, **mark}]}
    assert (talk.kept, talk.sizes, talk.answers, talk.repairs) == (3, [3], 1, [THOUGHTS])


def test_a_thought_within_an_item_and_beside_a_block() -> None:
    thought: JsonValue = {"message": {"role": "assistant", "content": "One.", "isThought": True}}
    talk = pair([*utterances("Who?"), thought, {"role": "assistant", "content": "<think>Two.</think>Sage."}])
    assert (seen(talk), talk.words[0].thought) == ([("Who?", "Sage.", "ok")], "One.\n\nTwo.")
    assert talk.repairs == [THINKING, THOUGHTS]


def test_a_thought_that_no_answer_follows_is_kept() -> None:
    thought: JsonValue = {"role": "model", "text": "Hm.", "isThought": True}
    talk = pair([*utterances("A?"), thought, *utterances("B?", "C."), thought])
    assert seen(talk) == [("A?", "", "interrupted"), ("B?", "C.", "ok"), ("", "", "interrupted")]
    assert [words.thought for words in talk.words] == ["Hm.", None, "Hm."]
    assert (talk.kept, talk.sizes) == (5, [2, 2, 1])


@pytest.mark.parametrize("mark", [{"isThought": False}, {"thought": "Hm."}, {"type": "message"}])
def test_an_answer_with_a_thought_beside_it_is_one(mark: dict[str, JsonValue]) -> None:
    assert seen(pair([*utterances("A?"), {"role": "model", "text": "B.", **mark}])) == [("A?", "B.", "ok")]


def test_failures_and_errors() -> None:
    items: list[JsonValue] = [
        {"claude": "A?", "sage": "[Daemon unreachable]"},
        {"claude": "B?", "sage": "half", "error": "killed"},
        {"claude": "C?", "sage": None},
        {"claude": "D?", "error": "never asked"},
    ]
    talk = pair(items)
    assert [words.outcome for words in talk.words] == ["failed", "failed", "failed", "interrupted"]
    assert [words.error for words in talk.words][1:] == ["killed", "null is stored as the answer", "never asked"]
    assert {words.reply for words in talk.words} == {""}


def test_items_that_are_no_turns_are_refused_by_number() -> None:
    talk = pair([*utterances("A?", "B."), 7, {"score": 1}], "exercise")
    assert (len(talk.words), talk.kept) == (1, 2)
    assert talk.refused[0] == "exercise 3: expected an object, got a number"
    assert talk.refused[1].startswith("exercise 4: no question and no answer")


IMAGE: JsonValue = [{"type": "image_url", "image_url": {"url": "data:,"}}]
RETURNED: JsonValue = [{"type": "tool_result", "content": "sun"}]


@pytest.mark.parametrize(
    "between",
    [
        {"role": "user", "content": IMAGE},
        {"role": "user", "content": None, "tool_calls": 1},
        {"type": "user", "message": {"role": "user", "content": IMAGE}},
        {"speaker": "Teacher"},
        {"prompt": IMAGE, "response": "A cat."},
        {"claude": "A?", "sage": 7},
    ],
)
def test_a_refused_turn_of_the_asker_ends_the_question(between: JsonValue) -> None:
    """The answer is to the picture, and the question before it got none."""
    asked, answered = utterances("Who are you?", "That is a cat.")
    for items in ([asked, between, answered], [asked, {"role": "assistant", "content": IMAGE}, between, answered]):
        talk = pair(items)
        assert seen(talk) == [("Who are you?", "", "interrupted"), ("", "That is a cat.", "ok")]
        assert (talk.words[0].error, talk.kept + len(talk.refused)) == (NO_ANSWER, len(items))


@pytest.mark.parametrize(
    "between",
    [
        7,
        {"score": 1},
        {"role": "assistant", "content": None, "tool_calls": [{"id": 1}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "look", "input": {}}]},
        {"role": "tool", "content": "sun"},
        {"role": "tool", "content": IMAGE},
        {"role": "system", "content": IMAGE},
        {"role": "user", "content": RETURNED},
        {"type": "user", "message": {"role": "user", "content": RETURNED}},
        {"role": "user", "parts": [{"functionResponse": {"name": "look"}}]},
        {"type": "function_call", "name": "look", "arguments": "{}"},
        {"role": "Ant", "content": IMAGE},
    ],
)
def test_what_the_mind_does_before_it_answers_leaves_the_question_open(between: JsonValue) -> None:
    asked, answered = utterances("Who are you?", "I am SAGE.")
    talk = pair([asked, between, answered], selves=["Ant"])
    assert (seen(talk), len(talk.refused)) == ([("Who are you?", "I am SAGE.", "ok")], 1)


@given(st.lists(st.tuples(NAMES, st.text(max_size=5)), max_size=8))
def test_every_item_is_accounted_for(lines: list[tuple[str, str]]) -> None:
    talk = pair([{"speaker": who, "text": text} for who, text in lines])
    assert talk.kept + len(talk.refused) == len(lines)
    assert sum(talk.sizes) + len(talk.system) == talk.kept


@pytest.mark.parametrize("mind", ["SAGE", "sage", "SAGE-cbp", "Sage (0.5B)", "assistant"])
def test_every_spelling_of_the_mind(mind: str) -> None:
    talk = pair(utterances("A?", "B.", mind=mind))
    assert seen(talk) == [("A?", "B.", "ok")]
    assert talk.minds == [mind]
