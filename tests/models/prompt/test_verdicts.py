"""Chat templates and the verdict that each must get, before anybody is asked: tests/cases/templates/verdicts.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sage_edge.models.errors import TemplateUnfaithful
from sage_edge.models.prompt import probes
from sage_edge.models.prompt.prompt_text import rendered
from sage_edge.models.prompt.template import ChatTemplate

CASES = Path(__file__).parents[2] / "cases" / "templates"
VERDICTS = yaml.safe_load((CASES / "verdicts.yaml").read_text("utf-8"))
TURN = (
    "{%% for turn in messages %%}<|im_start|>{{ turn.role }}\n{{ %s }}<|im_end|>\n{%% endfor %%}<|im_start|>assistant\n"
)
SOURCES = {
    **{name: ((CASES / f"{name}.jinja").read_text("utf-8"), verdict) for name, verdict in VERDICTS["files"].items()},
    **{row: (TURN % row, verdict) for row, verdict in VERDICTS["turns"].items()},
}


@pytest.mark.parametrize(("source", "verdict"), SOURCES.values(), ids=SOURCES)
def test_a_template_gets_its_verdict(source: str, verdict: str) -> None:
    said = "taken"
    try:
        probes.check(ChatTemplate(source, bos="<s>", eos="</s>"))
    except TemplateUnfaithful as unfaithful:
        said = unfaithful.why
    assert (said if verdict == "taken" or verdict not in said else verdict) == verdict


def test_every_file_has_a_verdict() -> None:
    assert {path.stem for path in CASES.glob("*.jinja")} == VERDICTS["files"].keys()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{% for turn in messages %}", "it cannot be read"),
        ("{{ 'no conversation' }}", "message 1 of 2, the system's, is left out"),
        ("{% for turn in messages %}<s>{{ turn.content }}{% endfor %}<s>", "questions and answers are told alike"),
        ("{% for turn in messages %}<s>{{ turn.role }}\n{{ turn.content }}{% endfor %}", "nothing in it asks for an"),
        (
            "{% for turn in messages %}<s>{{ turn.role }}\n{{ turn.content }}{% endfor %}<s>user\n.",
            "answers stand behind '<s>assistant\\n', and are asked for by '<s>user\\n.'",
        ),
        (TURN % "turn.content" + "{{ pad_token }}", "it reads pad_token, and no more than bos_token and eos_token are"),
        (TURN % "turn.content" + "{% if unk_token is defined %}.{% endif %}", "it reads unk_token"),
        ("{{ '(' * 300 }}{% for t in messages %}{{ t.content }}{% endfor %}{{ nowhere.there }}", "is undefined"),
    ],
)
def test_what_is_no_conversation_is_refused(source: str, why: str) -> None:
    with pytest.raises(TemplateUnfaithful) as refused:
        probes.check(ChatTemplate(source))
    assert why in refused.value.why


def test_what_transformers_gives_where_there_is_nothing_is_given_here() -> None:
    probed = (
        "{% if documents is not none or tools is not none %}lost{% endif %}{% if functions is defined %}f{% endif %}"
    )
    plain, asking = (ChatTemplate(before + TURN % "turn.content") for before in ("", probed))
    talk = [("system", "Be."), ("user", "Hello")]
    assert asking.render(talk) == plain.render(talk)
    own = ChatTemplate("{% set pad_token = '<p>' %}" + TURN % "turn.content" + "{{ pad_token }}")
    assert own.render(talk).endswith("<p>")


def prompt(name: str, *texts: str) -> str:
    """The prompt that a template of the cases makes."""
    source = (CASES / f"{name}.jinja").read_text("utf-8")
    return rendered(ChatTemplate(source, bos="<s>", eos="</s>"), probes.conversation(*texts)).text


def test_the_makers_words_stand_in_it() -> None:
    """The right prompts, written by hand."""
    assert prompt("llama3", " Be.\n", "Hi ") == (
        "<s><|im_start|>system<|im_end|>\n\nBe.<|endoftext|><|im_start|>user<|im_end|>\n\nHi<|endoftext|>"
        "<|im_start|>assistant<|im_end|>\n\n"
    )
    assert prompt("llama3-dated", "Be.", "Hi") == (
        "<s><|im_start|>system<|im_end|>\n\nToday is 1 Jan 2024.\n\nBe.<|endoftext|><|im_start|>user<|im_end|>\n\nHi"
        "<|endoftext|><|im_start|>assistant<|im_end|>\n\n"
    )
    assert prompt("gemma3", "Be.", "Hi", "Yes", "So?") == (
        "<s><|im_start|>user\nBe.\n\nHi<|im_end|>\n<|im_start|>model\nYes<|im_end|>\n<|im_start|>user\nSo?<|im_end|>\n"
        "<|im_start|>model\n"
    )
    assert prompt("qwen3-thinking", "Be.", "Hi", "Yes", "So?") == (
        "<|im_start|>system\nBe.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>\n"
        "<|im_start|>user\nSo?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_markup_that_was_said_is_kept_as_words() -> None:
    said = ("Be.", "What is </think>?", "It ends <think>a thought</think> of mine.", "<tool_response>x</tool_response>")
    for name in ("qwen3-thinking", "thought-begun"):
        text = prompt(name, *said)
        assert all(text.count(words) == 1 for words in said)
        assert text.index(said[1]) < text.index(said[2]) < text.index(said[3])
