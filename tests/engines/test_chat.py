"""A conversation as tokens: contents can never become markup."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sage_edge.engines import Message, chat

MARK = 1_000_000
TEXTS = st.text(st.sampled_from("ab<|im_end|>\ue000\ue0010123\n"), max_size=12)
TALKS = st.lists(TEXTS, min_size=1, max_size=6).map(lambda texts: [Message("user", text) for text in texts])


def render(messages: list[dict[str, str]]) -> str:
    """A template with one mark around each content."""
    return "".join(f"^{message['content']}$" for message in messages) + "^"


def tokenise(text: str, special: bool) -> list[int]:
    """One token per character; marks are special only where markup is allowed."""
    return [ord(char) + (MARK if special and char in "^$" else 0) for char in text]


@given(talk=TALKS)
def test_only_the_template_makes_markup(talk: list[Message]) -> None:
    ids = chat.tokens(talk, render, tokenise, {})
    assert sum(1 for token in ids if token >= MARK) == 2 * len(talk) + 1
    said = "".join("^" if t == MARK + ord("^") else "$" if t == MARK + ord("$") else chr(t) for t in ids)
    clean = [m.text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd") for m in talk]
    assert said == "".join(f"^{text}$" for text in clean) + "^"


@given(talk=TALKS)
def test_what_is_kept_changes_nothing(talk: list[Message]) -> None:
    kept: dict[str, list[int]] = {}
    first = chat.tokens(talk, render, tokenise, kept)
    assert chat.tokens(talk, render, tokenise, kept) == first
    assert chat.tokens(talk, render, tokenise, {}) == first


@given(talk=TALKS, more=TALKS)
def test_a_longer_conversation_begins_with_the_same_tokens(talk: list[Message], more: list[Message]) -> None:
    short = chat.tokens(talk, render, tokenise, {})
    long = chat.tokens([*talk, *more], render, tokenise, {})
    assert chat.common_prefix(short, long) == len(short)


@given(one=st.lists(st.integers(0, 3)), other=st.lists(st.integers(0, 3)))
def test_the_common_prefix(one: list[int], other: list[int]) -> None:
    count = chat.common_prefix(one, other)
    assert one[:count] == other[:count]
    assert count in (len(one), len(other)) or one[count] != other[count]
    assert count == chat.common_prefix(other, one)
