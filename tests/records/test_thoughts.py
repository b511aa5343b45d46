"""Answer and thoughts of a reply are told apart, and nothing of either is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records import thoughts


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("Yes.", "Yes.", None),
        ("<think>Hm.</think>Yes.", "Yes.", "Hm."),
        ("\n<think>\n\n</think>\n\nYes.", "Yes.", None),
        ("<think>Hm.", "", "Hm."),
        ("<think>", "", None),
        ("Hm.</think>Yes.", "Yes.", "Hm."),
        ("<think>A</think> <think>B</think>Yes.", "Yes.", "A\n\nB"),
        ("<think>A</think>Yes\n  <think>B</think> indeed.", "Yes\n indeed.", "A\n\nB"),
        ("<think>A</think>\n<think>B", "", "A\n\nB"),
        ("<THINK>Hm.</Think>Yes.", "Yes.", "Hm."),
        ("<think>A <think>B</think>Yes.", "Yes.", "A <think>B"),
        ("<think>A</think>B</think>Yes.", "Yes.", "A\n\nB"),
        ("[THINK]Hm.[/THINK]Yes.", "Yes.", "Hm."),
        ("<thinking>Hm.</thinking>Yes.", "Yes.", "Hm."),
        ("<think>Hm.</thinking>Yes.", "", "Hm.</thinking>Yes."),
        ("I think <thin> yes.", "I think <thin> yes.", None),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>", "Yes.", "Hm."),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_TEXT|>Ye", "Ye", "Hm."),
        ("<|channel>thought\nHm.<channel|>Yes.", "Yes.", "Hm."),
        ("<|begin_of_thought|>Hm.<|end_of_thought|>\n<|begin_of_solution|>Yes.<|end_of_solution|>", "Yes.", "Hm."),
        ("<think>Hm.</think>\n<answer>\nYes.\n</answer>", "Yes.", "Hm."),
        ("<think>Hm.</think>\n<answer>Yes.</answer> No.", "<answer>Yes.</answer> No.", "Hm."),
        ("<answer>Yes.</answer>", "<answer>Yes.</answer>", None),
        ("<mm:think>Hm.</mm:think>Yes.", "Yes.", "Hm."),
        ("", "", None),
    ],
)
def test_a_reply_is_parted(text: str, answer: str, thinking: str | None) -> None:
    assert thoughts.parted(text) == (answer, thinking)


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
            "Yes.",
            "Hm.",
        ),
        ("<|start|>assistant<|channel|>final<|message|>Yes.", "Yes.", None),
        ("<|channel|>analysis<|message|>Hm.", "", "Hm."),
        ("<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>Yes.<|end|>\n", "Yes.", "Hm."),
        ('<|channel|>commentary to=functions.w <|constrain|>json<|message|>{"a": 1}<|call|>', "", '{"a": 1}'),
        (
            "It begins with <|channel|>final<|message|>, I think.",
            "It begins with <|channel|>final<|message|>, I think.",
            None,
        ),
        ("Yes.<|end|>", "Yes.<|end|>", None),
    ],
)
def test_a_reply_in_channels_is_parted(text: str, answer: str, thinking: str | None) -> None:
    assert thoughts.parted(text) == (answer, thinking)


@pytest.mark.parametrize("mark", ["<|START_THINKING|>", "<|END_THINKING|>", "<think>"])
def test_a_mark_is_known_as_the_model_spells_it(mark: str) -> None:
    assert thoughts.is_mark(mark)
    assert not thoughts.is_mark(f"{mark}x")
    assert thoughts.open_at_the_end("<|CHATBOT_TOKEN|><|START_THINKING|>\n") == "<|end_thinking|>"


@pytest.mark.parametrize(("opens", "closes"), thoughts.MARKS.items())
def test_every_kind_of_mark_opens_and_closes(opens: str, closes: str) -> None:
    assert thoughts.parted(f"{opens}\nHm.\n{closes}\nYes.") == ("Yes.", "Hm.")
    assert thoughts.parted(f"{opens}Hm.") == ("", "Hm.")
    assert thoughts.parted(f"Hm.{closes}Yes.") == ("Yes.", "Hm.")
    assert thoughts.parted(f"I write {opens} here.") == (f"I write {opens} here.", None)
    assert thoughts.open_at_the_end(f"assistant\n{opens}\n") == closes


@pytest.mark.parametrize(
    "text",
    [
        "Well, <think>Hm.</think>yes.",
        "Some models write `<think>` before they answer; I do not.",
        "`<think>` opens it, `</think>` closes it.",
        "A thought ends with `</think>`.",
        "Yes.<think>And more",
        "These are marks:\n<think>\nand nothing closes it.",
        "[Think] I look up. [think] Yes.",
        "- [THINK] is one mark, and [/THINK] another.",
    ],
)
def test_a_mark_within_an_answer_is_a_word(text: str) -> None:
    assert thoughts.parted(text) == (text, None)
    assert thoughts.parted(f"<think>Hm.</think>{text}") == (text, "Hm.")


def test_a_block_after_a_word_that_is_a_mark_is_a_block() -> None:
    assert thoughts.parted("I write <think> here.\n<think>\nHm.\n</think>\nYes.") == (
        "I write <think> here.\n\nYes.",
        "Hm.",
    )


@pytest.mark.parametrize(
    "piece",
    ["x\n<think>", "x\n<think>a</think>\n</think>", "<|channel|>a<|message|><|end|> ", "<think></think><answer>"],
)
def test_a_hostile_reply_is_parted_in_no_time(piece: str) -> None:
    text = piece * (250_000 // len(piece))
    started = time.process_time()
    thoughts.parted(text)
    assert time.process_time() - started < 2  # seconds; a tenth on a quiet machine


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("Hm.</think>Yes.", "Yes.", "Hm."),
        ("Hm.</THINK>Yes.", "Yes.", "Hm."),
        ("Hm.", "", "Hm."),
        ("</think>Yes.", "Yes.", None),
        ("", "", None),
    ],
)
def test_a_reply_inside_a_thought_is_parted(text: str, answer: str, thinking: str | None) -> None:
    assert thoughts.parted(text, "</think>") == (answer, thinking)


@pytest.mark.parametrize(
    ("markup", "closes"),
    [
        ("<|im_start|>assistant\n", None),
        ("<|im_start|>assistant\n<think>\n", "</think>"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", None),
        ("[THINK]", "[/THINK]"),
    ],
)
def test_whether_a_prompt_begins_a_thought(markup: str, closes: str | None) -> None:
    assert thoughts.open_at_the_end(markup) == closes


PIECES = st.sampled_from(["<think>", "</think>", "`", "[THINK]", "[/THINK]", "a", "b", " ", "\n"])


@given(st.lists(PIECES, max_size=9).map("".join), st.sampled_from([None, "</think>"]))
def test_no_word_is_lost_and_none_is_made_up(text: str, closes: str | None) -> None:
    answer, thinking = thoughts.parted(text, closes)
    assert sorted(sign for sign in text if sign in "ab") == sorted(s for s in answer + (thinking or "") if s in "ab")
    assert thoughts.parted(answer).answer == answer, "an answer holds no thought any more"
