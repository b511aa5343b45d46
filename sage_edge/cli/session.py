"""`sage-edge session`: run, list, show, verify."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from sage_edge import locks
from sage_edge.agent import build, by_hand, post_trouble
from sage_edge.cli import imported_view, render, session_view
from sage_edge.cli.choice import unique
from sage_edge.cli.completion import offered, sessions
from sage_edge.cli.environment import (
    as_option,
    clock_at,
    committed,
    image,
    json_option,
    log,
    paths,
    release,
    stop_on_signals,
)
from sage_edge.cli.lazy_group import Listed
from sage_edge.errors import SageError, Unreachable
from sage_edge.hints import sage
from sage_edge.inventory import guard, identity
from sage_edge.records import paper_paths
from sage_edge.records.legacy import LegacyTranscript
from sage_edge.records.transcript import Transcript
from sage_edge.sessions import archive
from sage_edge.sessions.errors import SessionError
from sage_edge.sizes import counted


@click.group(cls=Listed, help="Run, list, show and verify sessions.")
def command() -> None:
    """Group of the session commands."""


@command.command()
@as_option
@click.option("--track", metavar="KIND", help="Which kind of session; without it, the first one declared.")
def run(as_host: str | None, track: str | None) -> None:
    """Go on with a session that was cut off, or else conduct the next one, and publish it."""
    here = paths()
    kinds = identity.claim(here, as_host)[0].kinds
    kind = kinds.named(track) if track else kinds.declared[0]
    me = guard.require(here, kind.ability, as_host)
    stop = stop_on_signals()
    agent = build.build(here, me, clock_at(None), stop, release(), log, session_view.OnScreen(), image(), committed())
    with locks.hold(here.locks / "agent.lock", f"the agent of {me.host.name}"):
        _try(agent.post.receive)
        conducted = by_hand.conduct(agent, kind)
        post_trouble.note_repairs(agent)
        trouble = _try(lambda: agent.post.publish(", ".join(t.session for t in conducted), stop=stop))
    for transcript in conducted:
        click.echo(here.papers / paper_paths.of(transcript))
    if all(transcript.closing.ending == "failed" for transcript in conducted):
        raise SessionError("no question got an answer", hint=sage("session show", conducted[-1].session))
    if trouble is not None and not isinstance(trouble, Unreachable):
        raise trouble


def _try(post: Callable[[], object]) -> SageError | None:
    """Do what needs the exchange; return what stood in its way, which ends no session."""
    try:
        post()
    except SageError as trouble:
        log(f"without the exchange: {trouble.message}; the session is kept here and goes out later")
        return trouble
    return None


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List this host's own sessions, oldest first."""
    here = paths()
    read = (archive.read(path) for _, path in archive.all_sessions(here.papers))
    transcripts = sorted(read, key=lambda transcript: transcript.head.started)
    if as_json:
        render.document("sage-edge/sessions/1", [_row(transcript) for transcript in transcripts])
    elif transcripts:
        render.table(("session", "started", "turns", "ending", "unit", "under"), [_cells(t) for t in transcripts])
    else:
        log(f"no sessions yet in {here.papers}")


def _row(paper: Transcript) -> dict[str, object]:
    head, closing = paper.head, paper.closing
    return {
        "session": head.session,
        "host": head.host,
        "started": head.started.isoformat(),
        "turns": closing.turns,
        "ending": closing.ending,
        "unit": head.lesson.unit,
        "intervention": head.intervention.name,
        "model": head.model.digest,
        "seal": paper.seal,
    }


def _cells(paper: Transcript) -> tuple[str, ...]:
    head, closing = paper.head, paper.closing
    return (
        head.session,
        f"{head.started:%Y-%m-%d %H:%M}",
        str(closing.turns),
        closing.ending,
        head.lesson.unit,
        head.intervention.name,
    )


@command.command()
@click.argument("session", shell_complete=offered(sessions))
@json_option
def show(session: str, as_json: bool) -> None:
    """Show one session: an id like P001 or its beginning, or a transcript's file, also of an imported session."""
    paper = archive.paper(_find(session))
    is_imported = isinstance(paper, LegacyTranscript)
    if as_json:
        schema = "sage-edge/imported-session/1" if is_imported else "sage-edge/transcript/1"
        render.document(schema, paper.model_dump(mode="json"))
    elif isinstance(paper, LegacyTranscript):
        imported_view.paper(paper)
    else:
        session_view.transcript(paper)


@command.command()
@click.argument("session", shell_complete=offered(sessions))
def verify(session: str) -> None:
    """Check every link of a session's hash chain, named as for show. Exit code 8 when one does not hold.

    Of an imported session this proves that nothing was changed since the import, not who said what before.
    """
    paper = archive.paper(_find(session))
    if isinstance(paper, LegacyTranscript):
        imported_view.proof(paper)
    else:
        click.echo(f"{paper.session} is whole: {counted(paper.closing.turns, 'turn')}, seal {paper.seal}")


def _find(session: str) -> Path:
    """Return the file of a session: by its id, by an id's beginning that only one has, or as a path."""
    if os.sep in session or Path(session).suffix == ".json":
        return Path(session)
    filed = dict(archive.all_sessions(paths().papers))
    return filed[unique("session", session, filed, hint=sage("session list"))]
