"""Why a replay may differ: what was otherwise when the session was conducted, the likeliest reason first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sage_edge.records.transcript import EngineId, Transcript
from sage_edge.sessions.replay import ReplayedTurn
from sage_edge.sizes import counted


@dataclass(frozen=True)
class ReplayPlace:
    """Where a session is asked again: engine, kind of board, and what of us runs."""

    engine: EngineId
    board: str
    release: str


def likely(paper: Transcript, differing: Sequence[ReplayedTurn], here: ReplayPlace) -> tuple[str, ...]:
    """Return what may explain that turns differ, in plain words; nothing where all that is kept is as it was."""
    return tuple(_causes(paper, differing, here))


def _causes(paper: Transcript, differing: Sequence[ReplayedTurn], here: ReplayPlace) -> Iterator[str]:
    head = paper.head
    if other := _other_prompt(differing):
        yield f"{other}: the chat template is rendered otherwise (release {head.release} there, {here.release} here)"
    if (there := head.engine).version != here.engine.version:
        yield f"the engine is {there.name} {there.version} there, {here.engine.version} here"
    if head.board != here.board:
        yield f"the board is {head.board} there, {here.board} here: another device sums in another order"
    if head.engine.settings.get("threads") is None:
        yield "threads: as many as the machine has, and nobody wrote down how many that were"
    if paper.closing.resumed:
        times = counted(paper.closing.resumed, "time")
        yield f"it was picked up again {times}: its prompts were then read in other pieces"
    elif other := _other_pieces(differing):
        yield other


def _other_prompt(differing: Sequence[ReplayedTurn]) -> str:
    for turn in differing:
        if turn.reply is not None and turn.reply.prompt_tokens != turn.kept.prompt_tokens:
            there, here = turn.kept.prompt_tokens, turn.reply.prompt_tokens
            return f"the prompt of turn {turn.number} has {there} tokens there, {here} here"
    return ""


def _other_pieces(differing: Sequence[ReplayedTurn]) -> str:
    for turn in differing:
        if turn.reply is not None and turn.reply.reused_tokens != turn.kept.reused_tokens:
            return (
                f"turn {turn.number} went on from {turn.kept.reused_tokens} tokens that were read before there, "
                f"{turn.reply.reused_tokens} here: the prompt was read in other pieces"
            )
    return ""
