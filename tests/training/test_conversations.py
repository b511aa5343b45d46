"""Dialogues as tokens: the mask is an answer and its end, and prompts are what an engine would read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.engines import chat
from sage_edge.engines.base import Message
from sage_edge.training.conversations import encode
from sage_edge.training.errors import UnfitConversation

START, END = 1, 2
_MARKS = {"<s>": START, "<e>": END}


class LetterWords:
    """Each letter is a token of its own; `<s>` and `<e>` are one, where they count as markup."""

    end = END

    def render(self, messages: list[dict[str, str]], *, for_answer: bool) -> str:
        text = "".join(f"<s>{message['role']}\n{message['content']}<e>\n" for message in messages)
        return f"{text}<s>assistant\n" if for_answer else text

    def tokenise(self, text: str, special: bool) -> list[int]:
        tokens: list[int] = []
        while text:
            mark = text[:3] if special and text[:3] in _MARKS else text[0]
            tokens.append(_MARKS.get(mark, ord(mark[0]) + 10))
            text = text[len(mark) :]
        return tokens


class Joining(LetterWords):
    """A tokenizer whose template runs the answer's end into the next message."""

    def render(self, messages: list[dict[str, str]], *, for_answer: bool) -> str:
        return super().render(messages, for_answer=for_answer).replace("<e>", "")


def text_of(tokens: list[int]) -> str:
    marks = {token: mark for mark, token in _MARKS.items()}
    return "".join(marks.get(token) or chr(token - 10) for token in tokens)


def dialogue(*texts: str) -> tuple[Message, ...]:
    """A system message, then questions and answers in turn."""
    system, *spoken = texts
    pairs = [Message("user" if at % 2 == 0 else "assistant", text) for at, text in enumerate(spoken)]
    return (Message("system", system), *pairs)


def test_answers_and_their_ends_are_learnt_and_nothing_else() -> None:
    (known,) = encode([dialogue("Be.", "Who?", "Sage.", "Sure?", "No.")], LetterWords(), 500)
    learnt = [token for token, is_own in zip(known.tokens, known.own, strict=True) if is_own]
    assert text_of(learnt) == "Sage.<e>No.<e>"
    assert text_of(list(known.tokens)) == (
        "<s>system\nBe.<e>\n<s>user\nWho?<e>\n<s>assistant\nSage.<e>\n<s>user\nSure?<e>\n<s>assistant\nNo.<e>\n"
    )
    assert known.learnt == 10


texts = st.text(st.sampled_from("ab<es> >\n"), min_size=1, max_size=8)
answers = texts.map(str.strip).filter(bool)


@given(texts, st.lists(st.tuples(texts, answers), min_size=1, max_size=4))
def test_each_answer_follows_the_prompt_that_an_engine_reads(system: str, pairs: list[tuple[str, str]]) -> None:
    words = LetterWords()
    spoken = dialogue(system, *(text for pair in pairs for text in pair))
    (known,) = encode([spoken], words, 10_000)
    for at, message in enumerate(spoken):
        if message.role != "assistant":
            continue
        prompt = chat.tokens(spoken[:at], lambda said: words.render(said, for_answer=True), words.tokenise, {})
        answer = [*words.tokenise(message.text, False), END]
        assert list(known.tokens[: len(prompt) + len(answer)]) == prompt + answer
        assert known.own[len(prompt) : len(prompt) + len(answer)] == (True,) * len(answer)
        assert not known.own[len(prompt) - 1]
        assert not known.own[len(prompt) + len(answer)]
    assert known.learnt == sum(len(answer) + 1 for _, answer in pairs)


@pytest.mark.parametrize(
    ("spoken", "longest", "says"),
    [
        (dialogue("Be.", "Who?"), 500, "dialogue 2 holds no answer"),
        (dialogue("Be.", "Who?", " Sage."), 500, "dialogue 2 has an answer that is empty, or begins or ends with"),
        (dialogue("Be.", "Who?", ""), 500, "dialogue 2 has an answer that is empty"),
        (dialogue("Be.", "Who?", "S" * 60), 90, "dialogue 2 has 98 tokens, 90 are taken at once"),
    ],
)
def test_what_cannot_be_learnt_is_refused_by_its_number(spoken: tuple[Message, ...], longest: int, says: str) -> None:
    with pytest.raises(UnfitConversation, match=says) as refused:
        encode([dialogue("Be.", "Who?", "I."), spoken], LetterWords(), longest)
    assert (refused.value.number, refused.value.code) == (2, 1)


def test_a_template_that_ends_no_turn_is_refused() -> None:
    with pytest.raises(UnfitConversation, match="does not end its message 3 with the token that ends a turn"):
        encode([dialogue("Be.", "Who?", "Sage.")], Joining(), 500)
