"""Whatever a template does and whatever is said: the prompt holds each message once, or there is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt.prompt_text import looks_like_markup, rendered
from sage_edge.models.prompt.template import ChatTemplate, Conversation
from sage_edge.models.prompt.tokens import MarkerToken, PromptTokens
from tests.models.prompt.templates import KnownTemplate, known_templates, talks

EXAMPLES = pytest.mark.parametrize(
    "examples",
    [
        25,
        pytest.param(500, marks=pytest.mark.slow),
        pytest.param(5_000, marks=[pytest.mark.full, pytest.mark.timeout(1_800)]),
    ],
)
MARKERS = {
    "<|im_start|>": MarkerToken(1),
    "<|im_end|>": MarkerToken(2, in_plain=True),
    "</s>": MarkerToken(3),
    "<s>": MarkerToken(4, in_plain=True),
}
FIRST_SIGN = 1_000


def tokenise(text: str, special: bool = False) -> list[int]:
    """One token per sign; special tokens where they are allowed, and always those of plain text."""
    ids: list[int] = []
    while text:
        mark = next(
            (mark for mark, token in MARKERS.items() if (special or token.in_plain) and text.startswith(mark)), ""
        )
        ids.append(MARKERS[mark].token if mark else FIRST_SIGN + ord(text[0]))
        text = text[len(mark or text[0]) :]
    return ids


def untokenised(ids: list[int]) -> str:
    texts = {marker.token: text for text, marker in MARKERS.items()}
    return "".join(texts[token] if token < FIRST_SIGN else chr(token - FIRST_SIGN) for token in ids)


def searched(examples: int, holds: Callable[[KnownTemplate, Conversation], None]) -> None:
    quiet = settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    quiet(given(template=known_templates(), talk=talks())(holds))()


def trimmed(text: str) -> set[str]:
    """A text as templates trim it: at both ends or at one, white space or line ends, all of it; and as it is."""
    return {text} | {strip(text, sign) for strip in (str.strip, str.lstrip, str.rstrip) for sign in (None, "\n")}


def is_trimmed(shown: str, text: str) -> bool:
    """Whether a text is another one, but for white space around it."""
    return shown in text and shown.strip() == text.strip()


@EXAMPLES
def test_the_prompt_is_the_makers_or_none(examples: int) -> None:
    def holds(template: KnownTemplate, talk: Conversation) -> None:
        texts, changed = [text for _, text in talk], template.changed(talk)
        is_kept = all(one in trimmed(text) for one, text in zip(changed, texts, strict=True))
        try:
            prompt = rendered(ChatTemplate(template.source), talk)
        except TemplateUnfaithful:
            assert not is_kept
            return
        shown = [prompt.text[begin:end] for begin, end in prompt.words]
        assert all(is_trimmed(*pair) for pair in zip(shown, texts, strict=True))
        assert template.prompt(talk, shown) == prompt.text
        if is_kept:
            assert prompt.text == template.prompt(talk, changed)
        else:
            assert any(looks_like_markup(text) for text in texts)

    searched(examples, holds)


@EXAMPLES
def test_only_the_template_makes_markup(examples: int) -> None:
    def holds(template: KnownTemplate, talk: Conversation) -> None:
        try:
            prompt = rendered(ChatTemplate(template.source), talk)
        except TemplateUnfaithful:
            return
        ids = PromptTokens(MARKERS, tokenise).ids(prompt)
        assert untokenised(ids) == prompt.text
        marks = [token for piece in prompt.markup for token in tokenise(piece, True) if token < FIRST_SIGN]
        assert [token for token in ids if token < FIRST_SIGN] == marks
        if not any("<" in text or ">" in text for _, text in talk):
            assert ids == tokenise(prompt.text, True)

    searched(examples, holds)


def test_what_is_kept_changes_nothing() -> None:
    template = ChatTemplate("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}<|im_start|>")
    tokens = PromptTokens(MARKERS, tokenise)
    prompt = rendered(template, [("system", "a"), ("user", "a"), ("assistant", "<|im_end|>"), ("user", "<s>a")])
    assert tokens.ids(prompt) == tokens.ids(prompt) == PromptTokens(MARKERS, tokenise).ids(prompt)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        (MarkerToken(9), "a \n|9|\n b"),
        (MarkerToken(9, after=True), "a \n|9|b"),
        (MarkerToken(9, before=True), "a|9|\n b"),
    ],
)
def test_a_marker_swallows_white_space_where_the_tokeniser_lets_it(marker: MarkerToken, expected: str) -> None:
    prompt = rendered(
        ChatTemplate("{% for m in messages %}{{ m.content ~ ' \n<x>\n ' }}{% endfor %}b"), [("system", "a")]
    )
    ids = PromptTokens({"<x>": marker}, lambda text: list(map(ord, text))).ids(prompt)
    assert "".join("|9|" if token == 9 else chr(token) for token in ids) == expected
