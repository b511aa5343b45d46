"""How the real model is spoken to: its own template, its stop token, and a context that is never cut in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jinja2
import jinja2.sandbox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.engines import Deadline, Draw, Message, Sampling, Settings
from sage_edge.engines.errors import ContextOverflow, ModelUnusable
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.models.resolve import ResolvedModel
from tests import known_prompts

pytestmark = pytest.mark.real

OWN_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
SYSTEM, HELLO = Message("system", "Your name is Sage."), Message("user", "Hello. Who is speaking?")
TALKS = {
    "no system": (HELLO,),
    "a system": (SYSTEM, HELLO),
    "several turns": (SYSTEM, HELLO, Message("assistant", "I am Sage."), Message("user", "And today?")),
    "several turns, no system": (HELLO, Message("assistant", "A voice."), Message("user", "Whose?")),
}
MARKUP = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
SAMPLING = Sampling(temperature=0.2, top_p=0.9, top_k=40, min_p=0.0, repeat_penalty=1.1, max_tokens=96)
PATIENCE_S = 300.0

Render = Callable[[Sequence[Message]], str]


def jinja(engine: LlamaCpp) -> Render:
    """The template of the file, rendered by jinja2 as transformers sets it up; nothing of our rendering is in it."""
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(engine._llm.everything["tokenizer.chat_template"])

    def render(talk: Sequence[Message]) -> str:
        messages = [{"role": message.role, "content": message.text} for message in talk]
        return template.render(messages=messages, add_generation_prompt=True)

    return render


def prompt(engine: LlamaCpp, talk: Sequence[Message]) -> list[int]:
    """The token ids that our engine makes of a conversation."""
    return engine._chat.prompt(talk).ids


def text_of(engine: LlamaCpp, ids: list[int]) -> str:
    return str(engine._llm.detokenize(ids, special=True).decode("utf-8"))


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS)
def test_a_conversation_becomes_what_the_template_of_the_file_says(talk: tuple[Message, ...], engine: LlamaCpp) -> None:
    rendered = jinja(engine)(talk)
    ids = prompt(engine, talk)
    assert text_of(engine, ids) == rendered
    assert ids == engine._llm.tokenize(rendered.encode(), add_bos=False, special=True)
    assert (OWN_SYSTEM in rendered) == (talk[0].role != "system")


def test_what_was_published_was_said_to_these_prompts(engine: LlamaCpp) -> None:
    assert known_prompts.digest(engine) == (known_prompts.PROMPTS, known_prompts.SMOLLM2)


@pytest.fixture(scope="module")
def tokenizer(model: ResolvedModel) -> Any:
    """What transformers makes of the file's tokenizer."""
    transformers = pytest.importorskip("transformers")
    return transformers.AutoTokenizer.from_pretrained(str(model.path.parent), gguf_file=model.path.name)


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS)
def test_transformers_reads_the_same(talk: tuple[Message, ...], engine: LlamaCpp, tokenizer: Any) -> None:
    messages = [{"role": message.role, "content": message.text} for message in talk]
    theirs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    assert prompt(engine, talk) == list(theirs)


@given(text=st.lists(st.sampled_from((*MARKUP, "Hello", "assistant", "\n", " ")), max_size=8).map("".join))
def test_markup_inside_a_message_stays_text(engine: LlamaCpp, text: str) -> None:
    plain = prompt(engine, (SYSTEM, Message("user", "")))
    ids = prompt(engine, (SYSTEM, Message("user", text)))
    special = {id for mark in MARKUP for id in engine._llm.tokenize(mark.encode(), add_bos=False, special=True)}
    assert len(special) == len(MARKUP)
    assert [id for id in ids if id in special] == [id for id in plain if id in special]
    assert text_of(engine, ids) == jinja(engine)((SYSTEM, Message("user", text)))


def test_the_stop_token_ends_an_answer_and_is_no_part_of_it(engine: LlamaCpp) -> None:
    ask = (Message("system", "Answer in one word."), Message("user", "What colour is grass?"))
    reply = engine.reply(ask, Draw(SAMPLING, seed=1), Deadline(PATIENCE_S))
    assert reply.finish_reason == "stop"
    assert 0 < reply.completion_tokens < SAMPLING.max_tokens
    assert reply.text
    assert not any(mark in reply.text for mark in MARKUP)
    assert engine._llm.detokenize([engine._llm.token_eos()], special=True) == b"<|im_end|>"
    assert (
        engine._llm.input_ids[reply.prompt_tokens : engine._llm.n_tokens].tolist().count(engine._llm.token_eos()) == 0
    )
    shorter = SAMPLING.model_copy(update={"max_tokens": reply.completion_tokens})
    cut = engine.reply(ask, Draw(shorter, seed=1), Deadline(PATIENCE_S))
    assert (cut.text, cut.finish_reason) == (reply.text, "length"), "the stop token itself had no room"


def test_a_conversation_that_grows_too_long_is_refused_and_never_cut(engine: LlamaCpp) -> None:
    """What does not fit whole into 512 tokens, with room for the answer, is an error that gives both counts."""
    room = Draw(SAMPLING.model_copy(update={"max_tokens": 48}), seed=3)
    talk: tuple[Message, ...] = (SYSTEM, Message("user", "Tell me in detail about the sea and the wind."))
    while (needs := len(prompt(engine, talk)) + 48) <= 512:
        reply = engine.reply(talk, room, Deadline(PATIENCE_S))
        assert reply.prompt_tokens == needs - 48, "the whole conversation is read"
        assert reply.finish_reason == ("length" if reply.completion_tokens == 48 else "stop")
        talk = (*talk, Message("assistant", reply.text), Message("user", "Please go on: what else is there?"))
    assert len(talk) > 6
    with pytest.raises(ContextOverflow) as refused:
        engine.reply(talk, room, Deadline(PATIENCE_S))
    assert (refused.value.needs_tokens, refused.value.has_tokens) == (needs, 512)


def test_the_last_answer_that_fits_is_given_whole(engine: LlamaCpp) -> None:
    talk = (SYSTEM, Message("user", "Write a long story about a river. " * 20))
    room = 512 - len(prompt(engine, talk))
    full = Draw(SAMPLING.model_copy(update={"max_tokens": room}), seed=3)
    reply = engine.reply(talk, full, Deadline(PATIENCE_S))
    assert reply.finish_reason in ("stop", "length")
    assert reply.prompt_tokens + room == 512
    over = Draw(SAMPLING.model_copy(update={"max_tokens": room + 1}), seed=3)
    with pytest.raises(ContextOverflow):
        engine.reply(talk, over, Deadline(PATIENCE_S))


def test_a_context_that_the_model_does_not_have_is_refused(model: ResolvedModel) -> None:
    with pytest.raises(ModelUnusable, match="8192"):
        LlamaCpp(Settings(context_tokens=8193, batch_tokens=128, threads=1, gpu_layers=0)).load(model)
