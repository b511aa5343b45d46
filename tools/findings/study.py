"""The whole study: every arm in a process of its own, two at a time, then numbers and page.

INTO/ARM/…                    the arms' worlds (world.py)
OUT/first-findings.json       the numbers (data.py)
OUT/first-findings.md         the page (page.py), which follows from the numbers
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sage_edge import files
from sage_edge.analysis.claims import declarations
from sage_edge.analysis.claims.schema import StatesClaim
from sage_edge.cli.environment import release
from sage_edge.errors import CommandFailed, ExitCode, SageError
from sage_edge.hints import invoke
from sage_edge.workstation.programs import ROOT, python
from tools.findings import conduct as conducting
from tools.findings import data, page, series, world
from tools.findings.data import StudyData
from tools.findings.design import STATES_CLAIM, Arm, Design
from tools.findings.results import results
from tools.findings.world import World

NUMBERS, PAGE = "first-findings.json", "first-findings.md"
AT_ONCE = 2
"""Arms that are conducted at the same time, one thread each."""
_LOOK_S = 0.2

Log = Callable[[str], None]


class PageStale(SageError):
    """The page does not say what the kept numbers say."""

    code = ExitCode.NOT_VERIFIED


def conduct(design: Design, into: Path, log: Log) -> None:
    """Conduct what the arms lack, the first ones first. Raises CommandFailed when an arm fails; the others go on."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.INTERRUPTED))
    waiting, running = list(design.arms), dict[Arm, subprocess.Popen[bytes]]()
    failed: list[CommandFailed] = []
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                arm = waiting.pop(0)
                running[arm] = subprocess.Popen(_words(design, arm, into), cwd=ROOT)
            time.sleep(_LOOK_S)
            for arm in [arm for arm, process in running.items() if process.poll() is not None]:
                code = running.pop(arm).returncode
                log(f"{arm.name}: {'done' if code == 0 else f'ended with {code}; its own words stand above'}")
                failed += [CommandFailed(("conduct", arm.name), code, "see above")] if code else []
    finally:
        for process in running.values():
            process.terminate()
            process.wait()
    if failed:
        raise failed[0]


def _words(design: Design, arm: Arm, into: Path) -> tuple[str, ...]:
    chosen = ("--sessions", str(design.sessions), "--models", ",".join(design.models), "--overlay", design.overlay)
    return python("tools.findings", "--into", str(into), "--out", str(into), *chosen, "--arm", arm.name)


def conduct_arm(design: Design, arm: Arm, into: Path, stop: threading.Event, log: Log) -> None:
    """Conduct what one arm lacks. Raises SessionInterrupted, every ModelError and EngineError there is."""
    conducting.conduct(_world(design, arm, into), design.sessions, stop, release(), log)


def _world(design: Design, arm: Arm, into: Path) -> World:
    models = Path(os.environ.get("SAGE_MODELS") or ROOT / ".sage" / "models").absolute()
    return world.make(arm, into, ROOT / "fleet", models, design.overlay)


def publish(design: Design, into: Path, out: Path) -> StudyData:
    """Measure the sessions, and write numbers and page. Raises SageError where an arm lacks sessions."""
    numbers = series.gather(design, [World(arm, into / arm.name, into) for arm in design.arms])
    files.make_folder(out)
    data.write(numbers, out / NUMBERS)
    files.write_atomic(out / PAGE, page_of(numbers).encode())
    return numbers


def page_of(numbers: StudyData) -> str:
    """Return the page that the numbers make."""
    claim = declarations.load(ROOT / "fleet").claims[STATES_CLAIM]
    if not isinstance(claim, StatesClaim):
        raise TypeError(f"{STATES_CLAIM} is no claim of states")
    return page.render(numbers, results(numbers, claim), claim)


def check(out: Path) -> None:
    """Return if the page says what the kept numbers say. Raises PageStale, and UsageError where there are none."""
    wanted = page_of(data.read(out / NUMBERS))
    path = out / PAGE
    if not path.is_file() or path.read_text("utf-8") != wanted:
        raise PageStale(f"{path.name} does not say what {NUMBERS} says", hint=invoke("findings"))
