"""Dialogues as tokens: the mask is an answer and its end, and prompts are what an engine would read."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.engines.base import Message
from sage_edge.models.prompt.prompt_text import rendered
from sage_edge.models.prompt.template import ChatTemplate
from sage_edge.models.prompt.tokens import MarkerToken, PromptTokens
from sage_edge.training.conversations import encode
from sage_edge.training.errors import UnfitConversation

START, END = 1, 2
_MARKS = {"<s>": START, "<e>": END}


class LetterWords:
    """Each letter is a token of its own; `<s>` and `<e>` are one, where they count as markup."""

    end = END

    markers: Mapping[str, MarkerToken] = {mark: MarkerToken(token) for mark, token in _MARKS.items()}
    template = ChatTemplate(
        "{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}<e>\n{% endfor %}"
        "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
    )

    def tokenise(self, text: str) -> list[int]:
        return [ord(letter) + 10 for letter in text]


class Joining(LetterWords):
    """A tokenizer whose template runs the answer's end into the next message."""

    template = ChatTemplate(LetterWords.template.source.replace("<e>", ""))


class Shouting(LetterWords):
    """A tokenizer whose template changes what was said."""

    template = ChatTemplate(LetterWords.template.source.replace("m.content", "m.content | upper"))


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
        talk = [(message.role, message.text) for message in spoken[:at]]
        prompt = PromptTokens(words.markers, words.tokenise).ids(rendered(words.template, talk))
        answer = [*words.tokenise(message.text), END]
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


def test_a_template_that_changes_what_was_said_is_refused() -> None:
    with pytest.raises(UnfitConversation, match="dialogue 1 would not be told as it is: it changes what was said"):
        encode([dialogue("Be.", "Who?", "Sage.")], Shouting(), 500)
