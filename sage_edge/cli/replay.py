"""`sage-edge replay`: a session asked again, with the model, settings and seeds that its transcript names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sage_edge import sanitize
from sage_edge.cli import render
from sage_edge.cli.choice import unique
from sage_edge.cli.completion import hosts, offered, sessions
from sage_edge.cli.environment import json_option, log, paths, release, stop_on_signals
from sage_edge.errors import ExitCode, UsageError
from sage_edge.hints import sage
from sage_edge.names import SessionId
from sage_edge.sizes import counted

if TYPE_CHECKING:
    from sage_edge.paths import Paths
    from sage_edge.records.transcript import Transcript
    from sage_edge.sessions.replay import ReplayedTurn

_AROUND = 30
"""Characters shown of each side from the first difference on."""


@click.command("replay")
@click.argument("session", shell_complete=offered(sessions))
@click.option("--host", metavar="HOST", shell_complete=offered(hosts), help="Whose session, where several have it.")
@json_option
def command(session: str, host: str | None, as_json: bool) -> int:
    """Ask a session's questions again, and compare each reply with the kept one.

    SESSION is an id like P021, of this host or of one whose papers it has heard, or a transcript's file. Weights,
    settings, template and seeds are those that the transcript names, and each question follows the talk as it was
    kept. Nothing is written. Exit code 8 where a turn differs: the likely reasons stand below it.
    """
    from sage_edge.cli.model_list import library
    from sage_edge.inventory.board_facts import measure
    from sage_edge.sessions import replay

    here, stop = paths(), stop_on_signals()
    paper = _paper(here, session, host)
    model = replay.model_of(paper.head, library(), memory_bytes=measure(here.facts_root).memory_bytes)
    engine = replay.opened(paper.head, model)
    asked: list[ReplayedTurn] = []
    try:
        for turn in replay.turns(paper, engine, stop):
            asked.append(turn)
            log(f"turn {turn.number} of {len(paper.turns)}: {_short(turn)}")
    finally:
        engine.close()
    differing = [turn for turn in asked if turn.sameness == "differs"]
    causes = _causes(here, paper, differing, engine.version)
    if as_json:
        render.document("sage-edge/replay/1", _document(paper, asked, causes))
    else:
        _show(paper, asked, differing, causes)
    return ExitCode.NOT_VERIFIED if differing else ExitCode.OK


def _paper(here: Paths, session: str, host: str | None) -> Transcript:
    from sage_edge.sessions import archive, peer_sessions

    if os.sep in session or Path(session).suffix == ".json":
        return archive.read(Path(session))
    filed = dict(archive.all_sessions(here.papers)) if host is None else {}
    if own := [name for name in filed if name.startswith(session)]:
        return archive.read(filed[unique("session", session, own, hint=sage("session list"))])
    try:
        name = SessionId(session)
    except ValueError:
        raise UsageError(f"there is no session {session!r:.80}", hint=sage("session list")) from None
    return peer_sessions.read(here, name, host)


def _causes(here: Paths, paper: Transcript, differing: Sequence[ReplayedTurn], version: str) -> tuple[str, ...]:
    from sage_edge.inventory import host_card, identity
    from sage_edge.records.transcript import EngineId
    from sage_edge.sessions import replay_causes

    if not differing:
        return ()
    is_host = host_card.read(here.card) is not None
    board = str(identity.claim(here)[1].board) if is_host else "none that is declared"  # under the card's overlay
    engine = EngineId(name=paper.head.engine.name, version=version, settings=paper.head.engine.settings)
    return replay_causes.likely(paper, differing, replay_causes.ReplayPlace(engine, board, release()))


def _short(turn: ReplayedTurn) -> str:
    if turn.sameness == "not-asked":
        return f"not asked, {turn.why}"
    if turn.sameness == "same":
        return f"the same {counted(turn.kept.completion_tokens, 'token')}"
    at = turn.first_difference
    return f"differs {f'from character {at + 1} on' if at is not None else 'in what was counted, not in its words'}"


def _show(
    paper: Transcript, asked: Sequence[ReplayedTurn], differing: Sequence[ReplayedTurn], causes: Sequence[str]
) -> None:
    compared = [turn for turn in asked if turn.sameness != "not-asked"]
    whose = f"{paper.session} of {paper.head.host}"
    if not compared:
        click.echo(f"{whose}: no turn has an answer that could be asked for again")
        return
    if not differing:
        click.echo(f"{whose}: the same in each of {counted(len(compared), 'turn')}{_spread(compared)}")
        return
    click.echo(f"{whose}: {len(differing)} of {counted(len(compared), 'turn')} differ{_spread(compared)}")
    first = differing[0]
    click.echo(f"  turn {first.number} {_short(first)}")
    if (at := first.first_difference) is not None:
        click.echo(f"    there: {_excerpt(first.kept_words, at)}")
        click.echo(f"    here:  {_excerpt(first.drawn_words, at)}")
    click.echo("  likely, first things first:" if causes else "  nothing that is kept explains it: sage-edge doctor")
    for cause in causes:
        click.echo(f"    {sanitize.terminal(cause)}")


def _excerpt(text: str, at: int) -> str:
    return sanitize.terminal(repr(text[max(0, at - _AROUND) : at + _AROUND]))


def _spread(compared: Sequence[ReplayedTurn]) -> str:
    apart = [turn.logprob_difference for turn in compared if turn.logprob_difference is not None]
    return f"; mean log-probabilities differ by {max(apart):.2g} at most" if apart else ""


def _document(paper: Transcript, asked: Sequence[ReplayedTurn], causes: Sequence[str]) -> dict[str, object]:
    return {
        "session": paper.session,
        "host": paper.head.host,
        "seal": paper.seal,
        "turns": [
            {
                "turn": turn.number,
                "sameness": turn.sameness,
                "why": turn.why or None,
                "kept": turn.kept.reply,
                "reply": turn.reply.text if turn.reply else None,
                "first_difference": turn.first_difference,
                "logprob_difference": turn.logprob_difference,
            }
            for turn in asked
        ],
        "likely": list(causes),
    }
