"""What is kept of a reply is what was drawn, and only that: asked of a model that says exactly what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sage_edge.engines import Deadline, Draw, Message, Reply, Sampling, Settings
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from sage_edge.records.thoughts import MARKS

pytest.importorskip("llama_cpp")
speaking_gguf = pytest.importorskip("tests.engines.speaking_gguf")
CONTROL, PLAIN = 3, 4
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n\n"
)
SPECIALS = {"<|im_start|>": CONTROL, "<|im_end|>": CONTROL, "<|odd|>": CONTROL}
TALK = (Message("system", "Be."), Message("user", "Hi"))
GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=60)
SMILE = (b" \xf0\x9f", b"\x99\x82")

Open = Callable[..., LlamaCpp]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Minds that say what they are told to, closed after the test."""
    engines: list[LlamaCpp] = []

    def make(says: Sequence[bytes | str], more: dict[str, int] | None = None, template: str = TEMPLATE) -> LlamaCpp:
        path = tmp_path / "m.gguf"
        speaking_gguf.write(path, template, {**SPECIALS, **(more or {})}, says)
        engine = LlamaCpp(Settings(context_tokens=512, batch_tokens=64, threads=1, gpu_layers=0))
        engines.append(engine)
        engine.load(speaking_gguf.resolved(path, template, resolve(ModelRef("sage/seedling:q8_0"))))
        return engine

    yield make
    for engine in engines:
        engine.close()


def reply(engine: LlamaCpp, most: int = 60, schema: str | None = None) -> Reply:
    return engine.reply(TALK, Draw(GREEDY.model_copy(update={"max_tokens": most}), 1, schema), Deadline(60))


def told(reply: Reply) -> tuple[str, str | None, str, int, int]:
    return reply.text, reply.thinking, reply.finish_reason, reply.completion_tokens, reply.dropped_tokens


@pytest.mark.parametrize(
    ("most", "text", "finish", "dropped"),
    [
        (1, "Hi", "length", 0),
        (2, "Hi", "length", 1),
        (3, "Hi \U0001f642", "length", 0),
        (9, "Hi \U0001f642!", "stop", 0),
    ],
)
def test_a_limit_inside_a_character_keeps_whole_ones(
    opened: Open, most: int, text: str, finish: str, dropped: int
) -> None:
    drawn = reply(opened((b"Hi", *SMILE, b"!")), most)
    assert told(drawn) == (text, None, finish, min(most, 4), dropped)


def test_bytes_that_are_no_text_are_counted_and_not_made_up(opened: Open) -> None:
    drawn = reply(opened((b"a", b"\xff\xfe", b"b", b"\xf0\x9f", b"c", b"\xef\xbf\xbd")))
    assert told(drawn) == ("abc\ufffd", None, "stop", 6, 2)


@pytest.mark.parametrize(("sign", "kind"), [("<|im_start|>", CONTROL), ("<|odd|>", CONTROL), ("<|turn|>", PLAIN)])
def test_a_sign_in_mid_reply_ends_it(opened: Open, sign: str, kind: int) -> None:
    template = TEMPLATE if sign != "<|turn|>" else TEMPLATE.replace("<|im_start|>", "<|turn|>")
    engine = opened((b"I am", b" Sage.", sign, b"user", b"And who else?"), {sign: kind}, template)
    drawn = reply(engine)
    assert told(drawn) == ("I am Sage.", None, "turn-marker", 2, 0)
    (token,) = engine._vocabulary.tokens(sign, special=True)
    assert token not in engine._llm.input_ids[drawn.prompt_tokens : engine._llm.n_tokens]


def test_a_piece_that_reads_like_a_sign_and_is_none_stays_text(opened: Open) -> None:
    assert told(reply(opened((b"Say ", b"<|", b"im_start", b"|>")))) == ("Say <|im_start|>", None, "stop", 4, 0)


def test_a_piece_of_many_bytes_is_whole(opened: Open) -> None:
    long = b" and" * 30
    assert reply(opened((b"On", long, b"."))).text == f"On{long.decode()}."


@pytest.mark.parametrize("kind", [CONTROL, PLAIN, None], ids=["signs", "plain tokens", "words"])
@pytest.mark.parametrize(
    ("most", "text", "thinking", "finish"),
    [
        (60, "Yes.", "Who is it?", "stop"),
        (6, "Ye", "Who is it?", "length"),
        (4, "", "Who is it?", "length"),
        (3, "", "Who is it?", "length"),
        (2, "", "Who", "length"),
    ],
)
def test_a_thought_stands_apart(
    opened: Open, kind: int | None, most: int, text: str, thinking: str, finish: str
) -> None:
    marks: list[bytes | str] = ["<think>", "</think>"] if kind else [b"<think>", b"</think>"]
    more = dict.fromkeys(("<think>", "</think>"), kind) if kind else {}
    drawn = reply(opened((marks[0], b"Who", b" is it?", marks[1], b"\n\n", b"Ye", b"s."), more), most)
    assert (drawn.text, drawn.thinking, drawn.finish_reason) == (text, thinking, finish)
    assert drawn.completion_tokens == min(most, 7)


@pytest.mark.parametrize("kind", [CONTROL, PLAIN, None], ids=["signs", "plain tokens", "words"])
@pytest.mark.parametrize(("opens", "closes"), MARKS.items())
def test_a_thought_in_other_marks_stands_apart(opened: Open, kind: int | None, opens: str, closes: str) -> None:
    """A sign that nobody knows ends a reply before its first word."""
    marks: list[bytes | str] = [opens, closes] if kind else [opens.encode(), closes.encode()]
    drawn = reply(opened((marks[0], b"Hm.", marks[1], b"Yes."), dict.fromkeys((opens, closes), kind) if kind else {}))
    assert (drawn.text, drawn.thinking, drawn.finish_reason) == ("Yes.", "Hm.", "stop")


def test_a_thought_that_the_prompt_begins(opened: Open) -> None:
    template = TEMPLATE.rstrip("\n") + "\n<think>\n\n"
    drawn = reply(opened((b"Hm.", "</think>", b"Yes."), {"<think>": PLAIN, "</think>": PLAIN}, template))
    assert (drawn.text, drawn.thinking) == ("Yes.", "Hm.")
    assert (reply(opened((b"Hm.", b" Well"), {"<think>": PLAIN}, template)).thinking) == "Hm. Well"


def test_what_holds_to_a_schema_has_no_thoughts_beside_it(opened: Open) -> None:
    drawn = reply(opened((b'"', b"<think>", b'x"')), schema='{"type": "string"}')
    assert (drawn.text, drawn.thinking) == ('"<think>x"', None)


def test_the_next_prompt_holds_the_answer_and_no_thought(opened: Open) -> None:
    engine = opened(("<think>", b"Hm.", "</think>", b"Yes."), {"<think>": PLAIN, "</think>": PLAIN})
    first = reply(engine)
    engine.reply((*TALK, Message("assistant", first.text), Message("user", "So?")), Draw(GREEDY, 1), Deadline(60))
    read = engine._llm.detokenize(engine._llm.input_ids[: engine._llm.n_tokens].tolist(), special=True).decode()
    assert "<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nSo?" in read
    assert read.count("Hm.") == 1, "the thought of the second answer alone"
