"""Thinking is no answer, and neither is a failure that was stored as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.legacy.answers import Answer, judge


@pytest.mark.parametrize(
    "text",
    [
        "I am here.",
        "[smiles] I am here.",
        "(no doubt) it is so",
        " two  words\r\n",
        "你好",
        "Some write `<think>` before they answer; I am SAGE, and do not.",
        "It is so.<think>And more",
    ],
)
def test_an_answer_stays_as_it_is(text: str) -> None:
    assert judge(text) == Answer(text)


@pytest.mark.parametrize(
    "text",
    [
        "[GENERATION FAILED: out of memory]",
        "[GENERATION FAILED] and a tail that says more",
        "[Daemon unreachable at 10.0.0.1]",
        "(no response from the mind)",
        "(no response)",
        "(No response (timeout after 120 s))",
        "(no response: it was cut",
        "(empty response)",
        "  [generation failed]",
        "[Error: connection refused]",
        "[model timed out after 120 s]",
    ],
)
def test_a_stored_failure_is_no_answer(text: str) -> None:
    assert judge(text) == Answer("", "failed", text.strip(), verbatim=text)


@pytest.mark.parametrize(
    "text",
    [
        "(No response from the sky tonight.) I am SAGE, and I keep listening.",
        "(No response.) (I wait.) I am SAGE (here).",
        "(no responses today) (one)",
        "(No response came, and so I went on to tell " + "you of the lamp " * 40,
    ],
)
def test_an_answer_that_goes_on_behind_the_bracket_is_one(text: str) -> None:
    assert judge(text) == Answer(text)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("I am.<|im_end|>", "I am."),
        ("I am.</s>\n", "I am."),
        ("I am.<|eot_id|><|end_of_text|>", "I am."),
        ("I am.<|im_end|>\n<|im_start|>user\nAnd you?<|im_end|>", "I am."),
        ("I am.\n<|im_start|>user\nAnd you?", "I am."),
        ("I am.<end_of_turn>\n<start_of_turn>user\nYou?<end_of_turn>\n<start_of_turn>model\nI.", "I am."),
        ("I am.</s> [INST] And you? [/INST] I.", "I am."),
        ("<|im_start|>assistant\nI am.<|im_end|>", "I am."),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nI am.", "I am."),
    ],
)
def test_an_answer_ends_where_its_turn_does(text: str, reply: str) -> None:
    assert judge(text) == Answer(reply, verbatim=text)
    assert judge(f"<think>Hm.</think>{text}") == Answer(reply, thought="Hm.", verbatim=f"<think>Hm.</think>{text}")


@pytest.mark.parametrize(
    "text", ["The mark </s> ends a text.", "`<|im_end|>`", "I write <|user|> where you speak.", "<|im_startled|>"]
)
def test_a_mark_that_words_follow_is_a_word(text: str) -> None:
    assert judge(text) == Answer(text)


@pytest.mark.parametrize("text", ["<|im_end|>", "\n<|im_start|>user\nAnd you?"])
def test_an_answer_that_ends_at_once_is_none(text: str) -> None:
    assert judge(text) == Answer("", "failed", "nothing stands before the end of the turn", verbatim=text)


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_is_no_answer(text: str) -> None:
    assert judge(text) == Answer("", "failed", "an empty text is stored as the answer", verbatim=text)


def test_null_is_no_answer() -> None:
    assert judge(None) == Answer("", "failed", "null is stored as the answer")


def test_what_the_file_says_went_wrong() -> None:
    assert judge("half a sen", "killed") == Answer("", "failed", "killed", verbatim="half a sen")


@pytest.mark.parametrize(
    ("text", "reply", "thought"),
    [
        ("<think>Let me see.</think>\n\nIt is so.", "It is so.", "Let me see."),
        ("<think>a</think>One.\n<think>b</think> Two.", "One.\n Two.", "a\n\nb"),
        ("[THINK]Let me see.[/THINK]It is so.", "It is so.", "Let me see."),
        ("It was asked, so</think>It is so.", "It is so.", "It was asked, so"),
        ("<THINKING>hm</THINKING>Yes.", "Yes.", "hm"),
        ("<think></think>Yes.", "Yes.", ""),
    ],
)
def test_thinking_is_kept_apart(text: str, reply: str, thought: str) -> None:
    assert judge(text) == Answer(reply, thought=thought, verbatim=text)


@pytest.mark.parametrize("text", ["<think>I never came to", "<think>all</think>", "all of it</think> "])
def test_thinking_alone_is_no_answer(text: str) -> None:
    found = judge(text)
    assert (found.reply, found.outcome, found.verbatim) == ("", "failed", text)
    assert found.thought


def test_a_failure_after_thinking_is_one() -> None:
    found = judge("<think>x</think>[GENERATION FAILED: y]")
    assert (found.outcome, found.error, found.thought) == ("failed", "[GENERATION FAILED: y]", "x")


@given(st.text())
def test_the_words_of_the_file_are_never_lost(text: str) -> None:
    found = judge(text)
    assert (found.verbatim or found.reply) == text
    assert (found.outcome == "ok") == bool(found.reply)
