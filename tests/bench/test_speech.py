"""An engine of known delays, heard by a clock that only it moves: what is measured is what it took."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from sage_edge.bench.errors import Unextrapolated
from sage_edge.bench.speech import Heard, Speaker, SpeakingPlan, lengths
from sage_edge.bench.token_clock import TokenClock
from sage_edge.engines import Deadline, Draw, Message, Reply
from sage_edge.engines.errors import ContextOverflow
from sage_edge.records.transcript import FinishReason


class Delayed:
    """Takes `fixed_s`, then `prompt_s` for each token of a prompt that is new to it, and `token_s` for each it draws.

    A word has two tokens, a prompt five more. ends: after so many tokens, however many may come.
    """

    name, version = "delayed", "1"

    def __init__(
        self, fixed_s: float, prompt_s: float, token_s: float, context: int = 8192, ends: int = 1 << 30
    ) -> None:
        self.fixed_s, self.prompt_s, self.token_s, self.context, self.ends = fixed_s, prompt_s, token_s, context, ends
        self.now, self._before = 0.0, list[str]()

    def load(self, model: object) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to free."""

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        words = messages[0].text.split()
        prompt = 2 * len(words) + 5
        if prompt + draw.sampling.max_tokens > self.context:
            raise ContextOverflow(prompt + draw.sampling.max_tokens, self.context)
        shared = next((n for n, (a, b) in enumerate(zip(words, self._before, strict=False)) if a != b), len(words))
        reused = 2 * min(shared, len(self._before)) if self._before else 0
        self._before = words
        began = self.now
        self.now += self.fixed_s + (prompt - reused) * self.prompt_s
        deadline.passed()
        first: float | None = None
        for number in range(1, 1 << 20):
            self.now += self.token_s
            first = first or self.now - began
            if number == min(draw.sampling.max_tokens, self.ends):
                break
            if (reason := deadline.passed()) is not None:
                return self._reply(reason, prompt, reused, number, first, began)
        ending: FinishReason = "length" if number == draw.sampling.max_tokens else "stop"
        if ending == "stop":
            deadline.passed()
        return self._reply(ending, prompt, reused, number, first, began)

    def _reply(
        self, ending: FinishReason, prompt: int, reused: int, count: int, first: float | None, began: float
    ) -> Reply:
        return Reply("x" * count, ending, prompt, reused, count, first, self.now - began, None)


def heard_of(engine: Delayed, plan: SpeakingPlan) -> Heard:
    return Speaker(engine, threading.Event(), lambda: engine.now).hear(plan)


@pytest.mark.parametrize(("fixed", "prompt", "token"), [(0.01, 0.002, 0.05), (0.0, 0.0005, 0.4), (2.0, 0.03, 0.001)])
def test_known_delays_are_recovered_within_two_percent(fixed: float, prompt: float, token: float) -> None:
    heard = heard_of(Delayed(fixed, prompt, token), SpeakingPlan((16, 256, 1024), 3, 20))
    assert [times.rate for times in heard.rounds] == pytest.approx([1 / token] * 18, rel=0.02)
    for kind, wanted, asked in lengths(heard.firsts):
        for one in asked:
            unread = one.tokens - one.reused
            assert one.seconds == pytest.approx(fixed + unread * prompt + token, rel=0.02)
            assert abs(one.tokens - wanted) <= 2
            assert one.reused == (0 if kind == "cold" else one.tokens - 5)
    assert heard.endings == {"length": 18}


def test_prompts_for_which_there_is_no_room_are_left_out() -> None:
    heard = heard_of(Delayed(0.1, 0.001, 0.01, context=512), SpeakingPlan((16, 256, 1024), 2, 20))
    assert {one.wanted for one in heard.firsts} == {16, 256}


def test_an_answer_that_ends_by_itself_is_measured_as_far_as_it_goes() -> None:
    heard = heard_of(Delayed(0.1, 0.001, 0.25, ends=5), SpeakingPlan((64,), 1, 20))
    assert [len(times.gaps_s) for times in heard.rounds] == [4, 4]
    assert heard.endings == {"stop": 2}
    assert heard_of(Delayed(0.1, 0.001, 0.25, ends=1), SpeakingPlan((64,), 1, 20)).rounds == []


def test_a_stop_ends_it_between_tokens() -> None:
    engine, stop = Delayed(0.1, 0.001, 0.25), threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        Speaker(engine, stop, lambda: engine.now).hear(SpeakingPlan((64,), 1, 20))


def test_a_clock_that_heard_too_little_says_nothing() -> None:
    clock = TokenClock(60)
    clock.passed()
    assert clock.times(Reply("ab", "stop", 3, 0, 2, 0.1, 0.2, None)) is None


def test_layers_that_cost_nothing_are_told() -> None:
    error = Unextrapolated("7B", [0.3, 0.2, 0.1])
    assert "0.300, 0.200, 0.100 s" in str(error)
