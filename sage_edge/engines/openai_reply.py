"""One reply, put together from the chunks of a stream: whole characters, no more tokens than were asked for.

Its log-probability is the mean over what the server tells; vLLM tells that of the token that ended the turn, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sage_edge.engines.base import Deadline, Reply
from sage_edge.engines.chat import Prompt
from sage_edge.engines.openai_stream import OtherEnd, ServedChoice, ServedChunk, ServedUsage
from sage_edge.records import thoughts
from sage_edge.records.transcript import FinishReason

LOST = "\ufffd"
"""How a server writes bytes that belong to no character."""


@dataclass
class StreamedReply:
    """What came so far. finish: why it ended, once it did; is_whole: the server said so. tokens: as many as came.

    most: how many may come; count: says how many tokens a text has.
    """

    most: int
    count: Callable[[str], int]
    finish: FinishReason | None = None
    is_whole: bool = False
    tokens: int = 0
    usage: ServedUsage | None = None
    _answer: list[str] = field(default_factory=list)
    _thinking: list[str] = field(default_factory=list)
    _logprobs: list[float] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _first_s: float | None = None

    def take(self, chunks: Iterable[ServedChunk], deadline: Deadline) -> None:
        """Take chunks until one says why the reply ended, or it has to; `finish` is None where no more came.

        Raises OtherEnd.
        """
        for chunk in chunks:
            self._note(chunk)
            for choice in chunk.choices[:1]:  # one reply was asked for
                self._take(choice)
            self.finish = self.finish or deadline.passed()
            if self.finish is not None:
                return

    def take_usage(self, chunks: Iterable[ServedChunk]) -> None:
        """Take what a server counted, which it says after the reply has ended, if at all."""
        for chunk in chunks:
            self._note(chunk)
            if chunk.usage is not None:
                return

    def _note(self, chunk: ServedChunk) -> None:
        if chunk.error is not None:
            raise OtherEnd(str(chunk.error))
        self.usage = chunk.usage or self.usage

    def _take(self, choice: ServedChoice) -> None:
        delta, logprobs = choice.delta, choice.logprobs.content
        thinking = delta.reasoning_content or delta.reasoning
        drawn = len(logprobs) or self._drawn(delta.content + thinking)
        if self.tokens + drawn > self.most:  # the server goes on behind max_tokens
            self.finish = "length"
            return
        if drawn and self._first_s is None:
            self._first_s = time.monotonic() - self._began
        self.tokens += drawn
        self._answer.append(delta.content)
        self._thinking.append(thinking)
        self._logprobs += [entry.logprob for entry in logprobs]
        if choice.finish_reason is not None:
            self.finish, self.is_whole = _finish(choice.finish_reason), True

    def _drawn(self, text: str) -> int:
        """Return how many tokens a chunk is: one, but those of a single character may come at once."""
        return int(bool(text)) if text.isascii() else max(1, self.count(text))

    @property
    def text(self) -> str:
        """What was answered so far."""
        return "".join(self._answer)

    def reply(self, finish: FinishReason, prompt: Prompt, *, is_free: bool) -> Reply:
        """Return the reply that came. is_free: it holds to no schema, and may have thoughts beside it."""
        answer, thinking = self.text, "".join(self._thinking)
        lost = answer.count(LOST) + thinking.count(LOST)
        answer, thinking = answer.replace(LOST, ""), thinking.replace(LOST, "").strip()
        parted = thoughts.PartedReply(answer.strip(), thinking or None)
        if is_free and not thinking:
            parted = thoughts.parted(answer, prompt.closes)
        counted = self._counted()
        return Reply(
            text=parted.answer,
            finish_reason="length" if counted > self.most else finish,
            prompt_tokens=len(prompt.ids),
            reused_tokens=self.usage.prompt_tokens_details.cached_tokens if self.usage is not None else 0,
            completion_tokens=counted,
            ttft_s=self._first_s,
            duration_s=time.monotonic() - self._began,
            mean_logprob=sum(self._logprobs) / len(self._logprobs) if self._logprobs else None,
            thinking=parted.thinking,
            dropped_tokens=lost,
        )

    def _counted(self) -> int:
        """Return how many tokens were drawn: as the server says, or as many as came.

        Where it does not tell a log-probability of each, one that ended at the limit has drawn as many as it may.
        """
        if self.usage is not None:
            return max(self.usage.completion_tokens, self.tokens)
        is_at_limit = self.is_whole and self.finish == "length" and not self._logprobs
        return self.most if is_at_limit else self.tokens


def _finish(reason: str) -> FinishReason:
    if reason == "stop" or reason == "length":
        return reason  # type: ignore[return-value]
    raise OtherEnd(reason)
