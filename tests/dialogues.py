"""Dialogues for tests of scorers and statistics: sessions as questions and answers, without paper and chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sage_edge import files
from sage_edge.names import Track
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.records.transcript import StepKind
from sage_edge.scorers import Scorer


def said(prompt: str, reply: str | None, turn: int = 1, kind: StepKind = "prompt") -> Exchange:
    """Return one exchange; a reply of None is a failed turn."""
    return Exchange(turn=turn, kind=kind, prompt=prompt, reply=reply or "", outcome="failed" if reply is None else "ok")


def talk(
    *replies: str | None,
    prompts: Sequence[str] = (),
    mind: str = "Sage",
    system: str = "",
    track: Track = "primary",
    number: int = 1,
    exchanges: Sequence[Exchange] | None = None,
) -> Dialogue:
    """Return a session in which these replies were given, each to its prompt, or to none that says anything."""
    asked = [*prompts, *["And then?"] * (len(replies) - len(prompts))]
    given = exchanges or [said(prompt, reply) for prompt, reply in zip(asked, replies, strict=True)]
    numbered = tuple(replace(one, turn=turn) for turn, one in enumerate(given, start=1))
    return Dialogue(
        seal=files.digest(repr((numbered, number, track)).encode("utf-8", "surrogatepass")),
        provenance="recorded",
        track=track,
        number=number,
        label=f"{track} {number}",
        host="sprout",
        mind=mind,
        system=system,
        unit="phase grounding",
        intervention="observe/1",
        exchanges=numbered,
    )


def marked(scorer: Scorer, dialogue: Dialogue, *earlier: Dialogue, quantity: str = "rate") -> list[float]:
    """Return the values that a scorer gives, in order of the turns."""
    return [mark.value for mark in scorer.score(dialogue, earlier)[quantity]]
