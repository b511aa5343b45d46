"""Every shape of a turn, under the names of the older system and under others."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from sage_edge.legacy.errors import NoTurn
from sage_edge.legacy.shapes import JOINED_INPUT, QuestionItem, Utterance, is_whole, read


@pytest.mark.parametrize(
    ("item", "who", "rest"),
    [
        ({"speaker": "Claude", "text": "Hi."}, "Claude", {}),
        ({"speaker": "SAGE", "text": "", "salience": 0.5, "stored": True}, "SAGE", {"salience": 0.5, "stored": True}),
        ({"role": "user", "content": "Hi."}, "user", {}),
        ({"from": "human", "value": "Hi.", "id": 1}, "human", {"id": 1}),
    ],
)
def test_an_utterance(item: JsonValue, who: str, rest: JsonValue) -> None:
    found = read(item)
    assert isinstance(found, Utterance)
    assert (found.who, found.rest) == (who, rest)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"claude": "A?", "sage": "B."}, QuestionItem("A?", "B.", True, "claude", "SAGE")),
        ({"thor": "A?", "sage": "B.", "turn": 2}, QuestionItem("A?", "B.", True, "thor", "SAGE", rest={"turn": 2})),
        ({"probe": "A?", "response": "B."}, QuestionItem("A?", "B.", True)),
        ({"prompt": "A?", "response": None}, QuestionItem("A?", None, True)),
        ({"prompt": "A?", "response": "B.", "error": "late"}, QuestionItem("A?", "B.", True, error="late")),
        ({"prompt": "A?", "response": "B.", "error": None}, QuestionItem("A?", "B.", True, rest={"error": None})),
        ({"question": "A?", "answer": "B."}, QuestionItem("A?", "B.", True)),
        ({"input": "A?", "output": {"text": "B.", "n": 3}}, QuestionItem("A?", "B.", True, rest={"output": {"n": 3}})),
        ({"name": "first", "message": "A?", "reply": "B."}, QuestionItem("A?", "B.", True, rest={"name": "first"})),
        ({"exercise": 1, "prompt": "A?", "response": "B."}, QuestionItem("A?", "B.", True, rest={"exercise": 1})),
        (
            {"probe": {"id": 4, "question": "A?"}, "response": "B."},
            QuestionItem("A?", "B.", True, rest={"probe": {"id": 4}}),
        ),
        ({"Claude": "A?", "SAGE": "B."}, QuestionItem("A?", "B.", True, "claude", "SAGE")),
        ({"claude_message": "A?", "sage-response": "B."}, QuestionItem("A?", "B.", True, "claude", "SAGE")),
        ({"user input": "A?", "model_output": "B."}, QuestionItem("A?", "B.", True, "user")),
        (
            {"prompt_id": "p1", "question": "A?", "response": "B."},
            QuestionItem("A?", "B.", True, rest={"prompt_id": "p1"}),
        ),
        ({"prompt": "A?"}, QuestionItem("A?", None, False)),
        ({"sage": "B."}, QuestionItem(None, "B.", True, None, "SAGE")),
    ],
)
def test_a_question_with_its_answer(item: JsonValue, expected: QuestionItem) -> None:
    assert read(item) == expected


@pytest.mark.parametrize(
    ("expected", "phrases", "rest"),
    [("two", ("two",), {}), (["two", "2"], ("two", "2"), {}), (2, (), {"exercise": {"expected": 2}})],
)
def test_an_exercise(expected: JsonValue, phrases: tuple[str, ...], rest: dict[str, JsonValue]) -> None:
    inner: dict[str, JsonValue] = {"type": "math", "prompt": "A?", "expected": expected}
    noted: dict[str, JsonValue] = {"success": True, "match": "exact"}
    found = read({"exercise": inner, "response": "B.", "evaluation": noted})
    wanted = QuestionItem("A?", "B.", True, exercise="math", expected=phrases, rest={"evaluation": noted, **rest})
    assert found == wanted


def test_a_flat_exercise() -> None:
    found = read({"type": "math", "prompt": "A?", "expected": "2", "response": "B."})
    assert found == QuestionItem("A?", "B.", True, exercise="math", expected=("2",))


def test_an_error_without_words_is_one_and_stays() -> None:
    found = read({"prompt": "A?", "response": "B.", "error": {"code": 7}})
    assert isinstance(found, QuestionItem)
    assert (found.error, found.rest) == ("the file marks it as an error", {"error": {"code": 7}})


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (3, "expected an object, got a number"),
        (True, "expected an object, got true or false"),
        (None, "expected an object, got null"),
        (["Claude", "Hi."], "expected an object, got a list"),
        ({}, "it is empty"),
        ({"score": 1}, "no question and no answer under a known name: it has the keys score"),
        ({"speaker": "SAGE", "text": 7}, "no question and no answer"),
        ({"prompt": "A?", "response": 7}, "its answer 'response' is no text but a number"),
        ({"prompt": "A?", "response": ["B."]}, "its answer 'response' is no text but a list"),
    ],
)
def test_what_is_no_turn(item: JsonValue, why: str) -> None:
    with pytest.raises(NoTurn, match=why):
        read(item)
    assert not is_whole(item)


def test_an_item_is_not_changed_by_reading() -> None:
    item: dict[str, JsonValue] = {
        "exercise": {"type": "a", "prompt": "A?", "expected": "b"},
        "response": {"text": "B."},
    }
    before = repr(item)
    read(item)
    assert repr(item) == before


@pytest.mark.parametrize("error", ["none", " None", "No error", {"code": 0}, {"code": 0, "message": ""}, [], 0, False])
def test_an_error_that_says_there_was_none_is_none(error: JsonValue) -> None:
    turn = read({"claude": "A?", "sage": "B.", "error": error})
    assert (turn.error, turn.rest) == (None, {"error": error})


@pytest.mark.parametrize(
    ("error", "says"),
    [("killed", "killed"), ({"code": 7}, "the file marks it as an error"), (1, "the file marks it as an error")],
)
def test_any_other_error_is_one(error: JsonValue, says: str) -> None:
    assert read({"claude": "A?", "sage": "B.", "error": error}).error == says


B_IN_PARTS: JsonValue = [{"type": "text", "text": "B."}]


@pytest.mark.parametrize(
    ("item", "who", "text", "passed"),
    [
        ({"role": "user", "text": "", "content": "B."}, "user", "B.", "text beside content"),
        (
            {"role": "user", "text": " ", "content": B_IN_PARTS},
            "user",
            "B.",
            "text beside content",
        ),
        ({"role": "model", "content": "", "parts": [{"text": "B."}]}, "model", "B.", "content beside parts"),
        ({"role": "model", "content": [], "parts": [{"text": "B."}]}, "model", "B.", None),
        ({"message": {"role": "user", "text": "", "content": "B."}}, "user", "B.", "text beside content"),
        ({"role": "user", "text": None, "content": "B."}, "user", "B.", "text beside content"),
        ({"role": "assistant", "content": "B.", "reply": ""}, "assistant", "B.", "reply beside content"),
        ({"role": "user", "content": "B.", "message": "", "input": "", "query": "C"}, "user", "B.", None),
        ({"role": "user", "text": "", "content": ""}, "user", "", None),
        ({"role": "user", "text": "", "content": []}, "user", "", None),
    ],
)
def test_an_empty_text_hides_no_utterance(item: JsonValue, who: str, text: str, passed: str | None) -> None:
    turn = read(item)
    assert isinstance(turn, Utterance)
    assert (turn.who, turn.text, list(turn.repairs)) == (who, text, over(passed))


@pytest.mark.parametrize(
    ("item", "question", "answer", "passed"),
    [
        ({"prompt": "", "question": "A?", "response": "B."}, "A?", "B.", "prompt beside question"),
        ({"prompt": "A?", "response": "", "answer": "B."}, "A?", "B.", "response beside answer"),
        ({"prompt": "A?", "response": None, "answer": "B."}, "A?", "B.", "response beside answer"),
        ({"prompt": "A?", "response": "", "output": {"text": "B."}}, "A?", "B.", "response beside output"),
        ({"prompt": "A?", "response": "", "output": {"n": 3}}, "A?", "", None),
        ({"prompt": "A?", "response": "", "output": 7}, "A?", "", None),
        ({"prompt": "A?", "response": "", "answer": B_IN_PARTS}, "A?", "B.", "response beside answer"),
        ({"probe": "", "prompt": {"question": "A?"}, "response": "B."}, "A?", "B.", "probe beside prompt"),
        ({"exercise": {"prompt": "A?"}, "prompt": "", "response": "B."}, "A?", "B.", None),
        ({"name": "Ann", "message": "A?", "reply": ""}, "A?", "", None),
        ({"prompt": "", "response": ""}, "", "", None),
    ],
)
def test_an_empty_text_hides_no_question_and_no_answer(
    item: JsonValue, question: str, answer: str, passed: str | None
) -> None:
    turn = read(item)
    assert isinstance(turn, QuestionItem)
    assert (turn.question, turn.answer, list(turn.repairs)) == (question, answer, over(passed))


def over(names: str | None) -> list[str]:
    """What is told of an empty text: `text beside content`."""
    blank, _, chosen = (names or "").partition(" beside ")
    return [f"an empty `{blank}` beside `{chosen}` was passed over"] if names else []


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"role": "assistant", "content": "", "tool_calls": [{"id": 1}]}, "nothing is said in it; it holds tool_calls"),
        (
            {"role": "assistant", "text": "", "content": [{"type": "tool_use"}]},
            "its 'content' holds no text, but tool_use",
        ),
    ],
)
def test_an_empty_text_beside_a_call_is_no_answer(item: JsonValue, why: str) -> None:
    with pytest.raises(NoTurn, match=why):
        read(item)


@pytest.mark.parametrize(
    ("item", "question", "repairs", "rest"),
    [
        ({"instruction": "Name it.", "input": ""}, "Name it.", (), {"input": ""}),
        ({"instruction": "Name it.", "input": "B"}, "Name it.\n\nB", (JOINED_INPUT,), {"input": "B"}),
        ({"instruction": "", "input": "B"}, "B", (), {"instruction": ""}),
        ({"Instruction": "Name it.", "Input": "B"}, "Name it.\n\nB", (JOINED_INPUT,), {"Input": "B"}),
        (
            {"prompt": "A?", "instruction": "Name it.", "input": "B"},
            "A?",
            (),
            {"instruction": "Name it.", "input": "B"},
        ),
    ],
)
def test_an_instruction_and_its_input_make_one_question(
    item: dict[str, JsonValue], question: str, repairs: tuple[str, ...], rest: dict[str, JsonValue]
) -> None:
    turn = read({**item, "output": "C."})
    assert turn == QuestionItem(question, "C.", True, rest=rest, repairs=repairs)
