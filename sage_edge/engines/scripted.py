"""The scripted engine: answers from a given list, for tests and for trying a fleet out without a model."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from sage_edge.declared import Declared
from sage_edge.engines.base import Deadline, Draw, EngineKind, Message, Reply, Settings
from sage_edge.engines.errors import EngineError
from sage_edge.models.resolve import ResolvedModel


class Scripted:
    """Gives its replies in order. An error in the queue is raised; a question too many and an unused reply fail.

    `schemas` notes what each reply was asked to hold to; the replies are given as they were written.
    """

    name = "scripted"
    version = "1"

    def __init__(self, *replies: str | Reply | EngineError) -> None:
        self._left = deque(replies)
        self.asked: list[tuple[Message, ...]] = []
        self.schemas: list[str | None] = []

    def load(self, model: ResolvedModel) -> None:
        model.check()

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        self.asked.append(tuple(messages))
        self.schemas.append(draw.schema)
        if not self._left:
            raise AssertionError(f"asked once too often: {messages[-1].text!r}")
        if (passed := deadline.passed()) is not None:
            return Reply("", passed, 0, 0, 0, None, 0.0, None)
        answer = self._left.popleft()
        if isinstance(answer, EngineError):
            raise answer
        if isinstance(answer, Reply):
            return answer
        words = len(answer.split())
        prompt = sum(len(message.text.split()) for message in messages)
        return Reply(answer, "stop", prompt, 0, words, 0.0, 0.0, None)

    def close(self) -> None:
        if self._left:
            raise AssertionError(f"never asked for: {list(self._left)}")


class ScriptedOptions(Declared):
    """What a host declares for it: the replies, in order."""

    replies: tuple[str, ...] = ()


def _open(settings: Settings) -> Scripted:
    return Scripted(*ScriptedOptions.model_validate(settings.options).replies)


KIND = EngineKind(Scripted.name, _open, ScriptedOptions)
