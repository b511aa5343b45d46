"""`invoke findings`: the study behind docs/first-findings.md, made anew or gone on with."""

from __future__ import annotations

from pathlib import Path

from invoke import Context

from sage_edge.errors import ExitCode, UsageError
from sage_edge.hints import invoke
from sage_edge.workstation.programs import ROOT, here, python, run
from sage_edge.workstation.task import task

_PLACE = ROOT / ".sage" / "findings"


@task(
    help={
        "check": "Only hold the page in docs against the numbers beside it.",
        "into": "The folder that keeps the sessions; default: .sage/findings.",
        "sessions": "Another study: so many sessions of each arm; its page goes into the folder of the sessions.",
        "models": "Another study: these models, the base first, like sage/seedling:q8_0; its page goes there, too.",
        "overlay": "Another study: how they are run, like seedling; default: cpu. Its page goes there, too.",
    },
    codes=(ExitCode.NOT_VERIFIED,),
)
def findings(
    c: Context, check: bool = False, into: str = "", sessions: str = "", models: str = "", overlay: str = ""
) -> int:
    """Conduct and measure the first study, and write docs/first-findings.md."""
    if sessions and not (sessions.isdecimal() and int(sessions)):
        raise UsageError(f"--sessions wants a whole number, not {sessions!r}", hint=invoke("findings", sessions="40"))
    place = Path(here(into)) if into else _PLACE
    own = {"--sessions": sessions, "--models": models, "--overlay": overlay}
    given = [word for option, value in own.items() if value for word in (option, value)]
    out = place / "page" if given else ROOT / "docs"
    words = ["--into", str(place), "--out", str(out), *(["--check"] if check else [])]
    return run(c, *python("tools.findings", *words, *given))[0]
