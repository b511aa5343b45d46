"""`sage-edge serve`: the declared model, answered for others; `sage-edge serve token`: what opens that door."""

from __future__ import annotations

import click

from sage_edge.cli.environment import as_option, log, paths, stop_on_signals
from sage_edge.cli.lazy_group import Listed
from sage_edge.errors import LibraryMissing, UsageError
from sage_edge.hints import sage
from sage_edge.inventory import guard
from sage_edge.paths import shown

EXTRA = "serve"


@click.group(cls=Listed, invoke_without_command=True)
@as_option
@click.option(
    "--listen", metavar="IP", help="Listen there instead; in a container, whose port is published where declared."
)
@click.pass_context
def command(ctx: click.Context, as_host: str | None, listen: str | None) -> None:
    """Serve this host's declared model until stopped.

    Starts the model's server, and before it a gateway with OpenAI's API: one request at a time, a bounded queue, a
    token, TLS beyond loopback. Each request is one line of JSON on stdout, without its words.
    """
    if ctx.invoked_subcommand is None:
        _serve(as_host, listen)


def _serve(as_host: str | None, listen: str | None) -> None:
    from sage_edge.cli.model_list import library
    from sage_edge.serve.errors import NothingServed

    here, stop = paths(), stop_on_signals()
    me = guard.require(here, "answer", as_host)
    settings = me.host.serve
    if settings is None:
        raise NothingServed(me.host.name)
    if listen is not None:
        try:
            settings = settings.at(listen)
        except ValueError as wrong:
            raise UsageError(f"--listen: {wrong}", hint=sage("serve", help=True)) from None
    model = library().resolve(settings.model, memory_bytes=me.facts.memory_bytes)
    try:
        from sage_edge.serve import run
    except ModuleNotFoundError as missing:
        raise LibraryMissing(missing.name or EXTRA, EXTRA) from None
    run.serve(settings, model, here.serving, stop, run.ServeVoices(log, click.echo))


@command.command()
def token() -> None:
    """Make the token that opens the gateway, and say where it lies; one that is there stays."""
    from sage_edge.serve import tokens

    path = paths().serving / "token"
    is_new = tokens.make(path)
    tokens.read(path)
    click.echo(f"{'made' if is_new else 'there is one already'}: {shown(path)}")
