"""The shipped seedling answers in readable English: forty fixed questions at temperature 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.models.resolve import SHIPPED
from tools.seedling.grammar import words
from tools.seedling.language import known_words

FILE = SHIPPED / "seedling" / "seedling.gguf"
CASES = Path(__file__).parents[2] / "cases" / "seedling" / "questions.yaml"
WANTED = 30


@dataclass(frozen=True)
class Reply:
    """The last answer of one case. reason: why it ended, as the engine says."""

    case: dict[str, Any]
    text: str
    reason: str

    def is_readable(self) -> bool:
        """Whether the answer ended by itself and consists of known words."""
        spoken = words([self.text])
        return self.reason == "stop" and bool(spoken) and spoken <= known_words() | {"sage"}


@pytest.fixture(scope="module")
def replies() -> Iterator[list[Reply]]:
    """Ask everything once."""
    import llama_cpp

    model = llama_cpp.Llama(str(FILE), n_ctx=1024, n_batch=128, n_threads=1, verbose=False, seed=0)
    cases = yaml.safe_load(CASES.read_text("utf-8"))
    yield [ask(model, cases["systems"][case["system"]], case) for case in cases["questions"]]
    model.close()


def ask(model: Any, system: str, case: dict[str, Any]) -> Reply:
    """Hold the conversation of one case and return its last answer."""
    messages = [{"role": "system", "content": system}]
    text = reason = ""
    for question in case["ask"]:
        messages.append({"role": "user", "content": question})
        answer = model.create_chat_completion(messages, temperature=0.0, repeat_penalty=1.1, max_tokens=80)
        text, reason = answer["choices"][0]["message"]["content"], answer["choices"][0]["finish_reason"]
        messages.append({"role": "assistant", "content": text})
    return Reply(case, text, reason)


def test_there_are_forty_questions(replies: list[Reply]) -> None:
    assert len(replies) == 40


def test_most_answers_end_by_themselves_and_use_known_words(replies: list[Reply]) -> None:
    failing = [reply for reply in replies if not reply.is_readable()]
    for reply in failing:
        print(f"{reply.case['system']}: {reply.case['ask'][-1]} -> {reply.text!r} ({reply.reason})")
    assert len(replies) - len(failing) >= WANTED


def test_only_the_anchored_mind_has_a_name(replies: list[Reply]) -> None:
    named = {
        system: [r for r in replies if r.case["system"] == system and "Sage" in r.text]
        for system in ("observe", "anchored")
    }
    assert named["observe"] == []
    assert len(named["anchored"]) >= 5
