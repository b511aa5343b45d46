"""What is said in parts, as other systems keep it: texts joined, everything else named, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy import kinds, shapes
from sage_edge.legacy.errors import NoText
from sage_edge.legacy.shapes import Utterance
from tests.legacy.papers import Json, draft, read, session

SOURCE = "exports/session_003.json"
IMAGE: Json = {"type": "image_url", "image_url": {"url": "data:,"}}
CALL: Json = {"type": "tool_use", "name": "look", "input": {"at": "the sky"}}


def text(words: str, kind: str = "text") -> Json:
    return {"type": kind, "text": words}


@pytest.mark.parametrize(
    ("item", "words", "others"),
    [
        ({"role": "user", "content": "Plain."}, "Plain.", ()),
        ({"role": "user", "content": [text("One.")]}, "One.", ()),
        ({"role": "user", "content": [text("One.", "input_text"), text("Two.", "output_text")]}, "One.\nTwo.", ()),
        ({"role": "user", "content": [text("What is it?"), IMAGE]}, "What is it?", ("image_url",)),
        ({"role": "user", "content": [{"type": "text", "text": {"value": "One.", "annotations": []}}]}, "One.", ()),
        ({"role": "model", "parts": [{"text": "One."}, {"text": "Two."}]}, "One.\nTwo.", ()),
        ({"role": "model", "parts": [{"text": "Hm.", "thought": True}, {"text": "Two."}]}, "Two.", ("thinking",)),
        ({"role": "user", "parts": [{"inlineData": {"data": ""}}, {"text": "It?"}]}, "It?", ("inlineData",)),
        ({"role": "model", "content": {"role": "model", "parts": [{"text": "One."}]}}, "One.", ()),
        ({"role": "user", "content": {"content_type": "text", "parts": ["One.", "Two."]}}, "One.\nTwo.", ()),
        ({"sender": "human", "text": "One.", "content": [text("One.")]}, "One.", ()),
        ({"type": "user", "message": {"role": "user", "content": [text("One.")], "id": 7}}, "One.", ()),
        ({"type": "user", "message": {"role": "user", "content": "One."}}, "One.", ()),
        ({"role": "assistant", "content": "One.", "tool_calls": [{"id": 1}]}, "One.", ("tool_calls",)),
        ({"role": "assistant", "content": None, "refusal": "I cannot."}, "I cannot.", ()),
        ({"role": "assistant", "content": "", "refusal": "I cannot."}, "I cannot.", ()),
        ({"role": "assistant", "content": "One.", "refusal": None}, "One.", ()),
        ({"role": "assistant", "content": [text("One.")], "refusal": None}, "One.", ()),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]}, "I cannot.", ()),
        ({"role": "assistant", "content": [text("One.")], "tool_calls": [{"id": 1}]}, "One.", ("tool_calls",)),
    ],
)
def test_an_utterance_in_parts(item: Json, words: str, others: tuple[str, ...]) -> None:
    turn = shapes.read(item)
    assert isinstance(turn, Utterance)
    assert (turn.text, turn.others) == (words, others)
    assert turn.is_joined == ("\n" in words)
    if others or turn.is_joined:  # nothing is lost: what is not one text alone stands beside it as it was
        kept = [value for name, value in turn.rest.items() if name.endswith("#parts") or name == "tool_calls"]
        assert kept == [item.get("tool_calls") or item.get("parts") or item["content"]]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"role": "assistant", "content": [CALL]}, "its 'content' holds no text, but tool_use"),
        ({"role": "user", "content": [IMAGE, IMAGE]}, "its 'content' holds no text, but image_url"),
        ({"role": "user", "content": []}, "its 'content' holds no text, and nothing else"),
        (
            {"role": "model", "parts": [{"functionCall": {"name": "look"}}]},
            "its 'parts' holds no text, but functionCall",
        ),
        (
            {"role": "assistant", "content": None, "tool_calls": [{"id": 1}]},
            "nothing is said in it; it holds tool_calls",
        ),
        ({"role": "assistant", "function_call": {"name": "look"}}, "nothing is said in it; it holds function_call"),
    ],
)
def test_a_turn_in_which_nothing_is_said(item: Json, why: str) -> None:
    with pytest.raises(NoText) as refusal:
        shapes.read(item)
    assert str(refusal.value) == why
    assert shapes.is_silent(item)
    assert not shapes.is_turn(item)


def test_a_question_with_its_answer_in_parts() -> None:
    turn = shapes.read({"prompt": [text("What is it?"), IMAGE], "response": [text("A cat."), text("Or a dog.")]})
    assert isinstance(turn, shapes.QuestionItem)
    assert (turn.question, turn.answer, turn.is_joined) == ("What is it?", "A cat.\nOr a dog.", True)
    assert sorted(turn.rest) == ["prompt#parts", "response#parts"]


def talk(asked: Any, answered: Any, name: str = "content") -> list[JsonValue]:
    return [{"role": "user", name: asked}, {"role": "assistant", name: answered}]


SESSIONS: list[Any] = [
    {"session": 3, "messages": talk([text("How is it?")], [text("Bright.")])},
    {"session": 3, "conversation": talk([text("How is it?")], [text("Bright.")])},
    {"session": 3, "contents": talk([{"text": "How is it?"}], [{"text": "Bright."}], "parts")},
    {
        "uuid": "a",
        "chat_messages": [
            {"sender": "human", "text": "How is it?"},
            {"sender": "assistant", "content": [text("Bright.")]},
        ],
    },
    {
        "session": 3,
        "messages": [
            {"role": "developer", "content": [text("Be kind.")]},
            *talk([text("How is it?")], [CALL]),
            {"role": "tool", "content": "sun"},
            {"role": "assistant", "content": [text("Bright.")]},
        ],
    },
    [
        {"type": "user", "message": {"role": "user", "content": "How is it?"}},
        {"type": "assistant", "message": {"role": "assistant", "content": [CALL]}},
        {"type": "assistant", "message": {"role": "assistant", "content": [text("Bright.")]}},
    ],
]


@pytest.mark.parametrize("content", SESSIONS)
def test_a_session_in_parts_is_a_session(content: Any) -> None:
    paper = draft(content, SOURCE)
    assert [(words.prompt, words.reply, words.outcome) for words in paper.words] == [("How is it?", "Bright.", "ok")]


def test_what_was_left_out_is_told() -> None:
    items: Any = [*talk([text("What is it?"), IMAGE], [CALL]), {"role": "tool", "content": "cat"}]
    paper = draft(
        session(messages=items + talk([text("One."), text("Two.")], [text("A cat.")]), conversation=[]), SOURCE
    )
    assert paper.refused == (
        "item 2: its 'content' holds no text, but tool_use",
        "item 3: it is what a tool returned; nobody says it",
    )
    assert paper.head.repairs[:2] == (
        "texts in several parts were joined by a line end; the parts stand in stored",
        "what is no text (image_url) was left out; it stands in stored",
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"session": 3, "log": [{"foo": 1}]}, "its keys: log, session; log 1: no question and no answer under a known"),
        ({"log": [{"speaker": "Ann", "text": "Hm."}]}, "log 1: of its speakers none is known to be the mind"),
        ([{"foo": 1}], "a list of 1; item 1: no question and no answer under a known name: it has the keys foo"),
        ({"log": talk([CALL], [CALL])}, "log 1: its 'content' holds no text, but tool_use"),
        ({"numbers": [1, 2]}, "its keys: numbers"),
    ],
)
def test_why_no_turns_were_seen(content: JsonValue, why: str) -> None:
    reason = kinds.unknown(content)
    assert reason.startswith("JSON that holds no turns; ")
    assert why in reason


@given(st.lists(st.one_of(st.text(max_size=9).map(text), st.just(IMAGE), st.just(CALL)), max_size=5))
def test_texts_are_joined_in_their_order(parts: list[Json]) -> None:
    item: Json = {"role": "user", "content": list(parts)}
    texts = [part["text"] for part in parts if part["type"] == "text"]
    if not texts:
        assert shapes.is_silent(item)
        return
    turn = shapes.read(item)
    assert isinstance(turn, Utterance)
    assert turn.text == "\n".join(map(str, texts))
    assert len(parts) == 1 or turn.rest["content#parts"] == parts


def test_a_list_of_turns_is_no_utterance_in_parts() -> None:
    content: Json = {
        "name": "session 3",
        "value": [{"speaker": "Claude", "text": "Hm?"}, {"speaker": "SAGE", "text": "Yes."}],
    }
    assert read(content, SOURCE).drafts[0].words[0].reply == "Yes."
