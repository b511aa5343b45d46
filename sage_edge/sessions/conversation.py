"""From a lesson and its turns to the messages that the engine sees, and to what is asked next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.engines import Message
from sage_edge.records.transcript import Ending, Lesson, Turn
from sage_edge.sampling import seed_of

ATTEMPTS = 3
"""How often a step is asked when it is interrupted or fails, before the session goes on without it."""


def next_step(lesson: Lesson, turns: Sequence[Turn]) -> tuple[int, int] | None:
    """Return (step, attempt) to ask next, or None when the lesson is over.

    An interrupted step is asked again; a failed one is not, for a failure is an outcome of its own.
    """
    if not turns:
        return 0, 1
    last = turns[-1]
    if last.outcome == "interrupted" and last.attempt < ATTEMPTS:
        return last.step, last.attempt + 1
    following = last.step + 1
    return (following, 1) if following < len(lesson.steps) else None


def messages(lesson: Lesson, turns: Sequence[Turn], step: int) -> tuple[Message, ...]:
    """Return the conversation up to and including the prompt of `step`.

    Only answers that are `ok` are part of it. Before a `fresh` step the talk goes back to the warm-up.
    """
    base = 1 if lesson.steps[0].kind == "warm-up" else 0
    since = max((i for i in range(step + 1) if lesson.steps[i].fresh), default=0)
    talk = [Message("system", lesson.system)]
    for turn in turns:
        if turn.outcome == "ok" and (turn.step < base or turn.step >= since):
            talk += [Message("user", lesson.steps[turn.step].spoken), Message("assistant", turn.reply)]
    return (*talk, Message("user", lesson.steps[step].spoken))


def turn_seed(session_seed: int, step: int, attempt: int) -> int:
    """Return the seed of one turn, which follows from `seed:step:attempt`."""
    return seed_of(f"{session_seed}:{step}:{attempt}")


def ending(lesson: Lesson, turns: Sequence[Turn]) -> Ending:
    """Return how a session ended: complete when every step has an answer, failed when none has."""
    answered = {turn.step for turn in turns if turn.outcome == "ok"}
    if len(answered) == len(lesson.steps):
        return "complete"
    return "partial" if answered else "failed"
