"""The door on a device and on a workstation: parses, calls one function, prints.

Each group lives in a module of its own and is imported when it is asked for, so `--help` answers at once.
"""

from __future__ import annotations

import gc
import os
from typing import Any

import click

from sage_edge import __version__, output, shell
from sage_edge.cli.lazy_group import CommandPlace, Lazy
from sage_edge.errors import ExitCode, SageError, explained

_GROUPS = {
    "agent": "Wake, conduct, study, publish: once, for ever, or only as a plan.",
    "analyse": "Measure every session of a corpus, and test the claims again.",
    "clock": "What a person says of this machine's clock.",
    "corpus": "The sessions as tables, for other programs.",
    "doctor": "Measure what this machine can do, check by check.",
    "exchange": "The hub where the hosts' branches meet.",
    "fleet": "Check and show the declarations below fleet/.",
    "import-legacy": "Read the transcripts of an older system into papers.",
    "model": "The models on this machine.",
    "replay": "Ask a session again, and compare every reply.",
    "report": "What the transcripts say, as one page and as Markdown.",
    "recommendation": "What researchers recommend to this host, and its answers.",
    "serve": "This host's model, answered for others.",
    "session": "Run, list, show and verify sessions.",
    "theory": "What researchers hold to be so, and what speaks for and against it.",
    "trial": "Randomised trials: what is offered, what runs, what they showed.",
}


_TAB = "_SAGE_EDGE_COMPLETE"
"""Set by a shell that asks what to offer."""
COLLECT_AFTER = (50_000, 20, 20)
"""Little that we make points at itself; with Python's own pace a tenth of a report, or of a deploy, is
spent on looking for it."""
_OF_HOSTS = {ExitCode.ROLLED_BACK, ExitCode.ROLLBACK_FAILED, ExitCode.PENDING}
"""How only tasks of the workstation end."""


class _Root(Lazy):
    """Finds each group in `sage_edge.cli.<name>` and renders every SageError as two lines."""

    def __call__(self, *words: Any, **how: Any) -> Any:
        """Be the program: what it prints never stops it, nothing ends in a traceback; return the exit code."""
        from sage_edge.cli import mishap

        gc.set_threshold(*COLLECT_AFTER)
        shell.own_children()
        output.keep()
        if _TAB in os.environ:
            from sage_edge.cli import shell_words

            shell_words.install()
        return mishap.ended(self._code(*words, **{**how, "standalone_mode": False}))

    def _code(self, *words: Any, **how: Any) -> int:
        from sage_edge.cli import mishap

        try:
            result = self.main(*words, **how)
        except click.ClickException as wrong:
            wrong.show()
            return wrong.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted", err=True)
            return ExitCode.INTERRUPTED
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else ExitCode.FAILED if end.code else ExitCode.OK
        except Exception as unforeseen:  # whatever it is, a person gets a message
            if mishap.wanted():
                raise
            from sage_edge.cli import render

            render.complain(mishap.described(unforeseen))
            return ExitCode.FAILED
        return result if isinstance(result, int) else ExitCode.OK

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SageError as refusal:
            if ctx.params.get("verbose"):
                raise
            from sage_edge.cli import render  # what helps with --help is light

            render.complain(refusal)
            ctx.exit(refusal.code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(ExitCode.INTERRUPTED)


@click.group(
    cls=_Root,
    places={name: CommandPlace(name.replace("-", "_"), about) for name, about in _GROUPS.items()},
    help=f"Raise and study a small language model on two edge boards.\n\n{explained(set(ExitCode) - _OF_HOSTS)}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="sage-edge")
@click.option("--verbose", is_flag=True, envvar="SAGE_VERBOSE", help="Show where an error comes from.")
def main(verbose: bool) -> None:
    """Raise and study a small language model on two edge boards."""
