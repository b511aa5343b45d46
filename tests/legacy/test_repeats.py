"""What a file says twice is measured once; what only looks so stays, and every item is accounted for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.legacy.papers import draft

USER, MIND = "user", "assistant"


def line(who: str, text: str, **more: Any) -> Any:
    return {"role": who, "content": text, **more}


def part(who: str, text: str, own: str, message: str) -> Any:
    return {"type": who, "uuid": own, "message": {"role": who, "content": text, "id": message}}


def seen(items: list[Any], key: str = "messages") -> list[tuple[str, str]]:
    paper = draft({key: items}, "chat.json")
    assert paper.kept + paper.doubled + len(paper.refused) == len(items)
    return [(words.prompt, words.reply) for words in paper.words]


@pytest.mark.parametrize(
    "items",
    [
        [line(USER, "A?", id="1"), line(MIND, "B", id="2"), line(MIND, "B. C.", id="2")],
        [line(USER, "A?", uuid="1"), line(MIND, "Draft.", uuid="2"), line(MIND, "B. C.", uuid="2")],
        [line(USER, "A?", id=1), line(USER, "A?", id=1), line(MIND, "B. C.", id=2), line(MIND, "B. C.", id=2)],
        [part(USER, "A?", "1", "m"), part(MIND, "B.", "2", "n"), part(MIND, "B. C.", "3", "n")],
        [line(USER, "A?", uuid="1"), line(MIND, "B. C.", uuid="2")] * 2,
    ],
)
def test_a_message_that_stands_twice_is_said_once(items: list[Any]) -> None:
    assert seen(items) == [("A?", "B. C.")]


def test_what_is_taken_out_is_told() -> None:
    items = [line(USER, "A?", id="1"), line(MIND, "D", id="2"), line(MIND, "B.", id="2"), line(USER, "E?", id="3")]
    paper = draft({"messages": items}, "chat.json")
    assert paper.refused == ("item 2: item 3 says it anew, under the same id",)
    assert "1 of 4 items is another one once more" in paper.head.repairs


@pytest.mark.parametrize(
    "items",
    [
        [line(USER, "A?", id="mara"), line(MIND, "B.", id="fern"), line(MIND, "C.", id="fern")],
        [line(USER, "A?", id="7"), line(MIND, "B.", id="7"), line(MIND, "C.", id="7")],
        [part(USER, "A?", "1", "m"), part(MIND, "B.", "2", "n"), part(MIND, "C.", "3", "n")],
        [line(USER, "A?"), line(MIND, "B."), line(MIND, "C.")],
    ],
)
def test_what_is_no_repetition_stays(items: list[Any]) -> None:
    assert seen(items) == [("A?", "B."), ("", "C.")]


def test_a_mind_that_says_the_same_again_has_said_it_twice() -> None:
    items = [line(who, text, id=who) for _ in range(2) for who, text in ((USER, "A?"), (MIND, "B."))]
    assert seen(items) == [("A?", "B."), ("A?", "B.")]


def test_of_several_drafts_of_a_reply_one_counts() -> None:
    choices = [{"index": at, "message": line(MIND, text), "finish_reason": "stop"} for at, text in enumerate("BC")]
    assert seen(choices, "choices") == [("", "B")]
