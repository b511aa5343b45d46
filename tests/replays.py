"""Ask what a transcript records again, from the record alone.

A session is asked in its order, with the recorded replies: an engine keeps what it computed while it wrote a reply,
and goes on from there. Whoever lets it read that reply anew rounds otherwise, and may draw other words: so memory is
dropped where, and only where, the record says that nothing was reused.
"""

from __future__ import annotations

from collections.abc import Iterator

from sage_edge.engines import Deadline, Draw, Engine, Reply, Settings, open_engine
from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.transcript import Transcript, Turn
from sage_edge.sessions import conversation

PATIENCE_S = 300.0


def engine(transcript: Transcript) -> Engine:
    """Return the engine that a transcript names, set up as it says; not loaded yet."""
    recorded = transcript.head.engine
    return open_engine(recorded.name, Settings(**recorded.settings))  # type: ignore[arg-type]


def replay(transcript: Transcript, model: ResolvedModel, engine: Engine) -> Iterator[tuple[Turn, Reply]]:
    """Yield each turn that got a reply with what the engine says to the same question now."""
    head = transcript.head
    assert model.digest == head.model.digest
    for number, turn in enumerate(transcript.turns):
        if turn.outcome != "ok":
            continue
        if turn.reused_tokens == 0:
            engine.load(model)
        talk = conversation.messages(head.lesson, transcript.turns[:number], turn.step)
        yield turn, engine.reply(talk, Draw(head.sampling, turn.seed), Deadline(PATIENCE_S))


def differences(turn: Turn, again: Reply) -> tuple[str, ...]:
    """Return in what a reply differs from the recorded one: words, length, ending, costs, or its probability.

    The mean log-probability is over every token drawn: where it is equal to the last bit, the tokens are.
    """
    keys = ("finish_reason", "prompt_tokens", "reused_tokens", "completion_tokens", "mean_logprob")
    pairs = {
        "reply": (turn.reply, again.text),
        "thinking": (turn.thinking, again.thinking),
        "dropped_tokens": (turn.dropped_tokens or 0, again.dropped_tokens),
        **{key: (getattr(turn, key), getattr(again, key)) for key in keys},
    }
    return tuple(f"{key}: {recorded!r}, now {said!r}" for key, (recorded, said) in pairs.items() if recorded != said)
