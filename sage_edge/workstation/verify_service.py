"""Hosts held against what must be true of them: by testinfra, question by question, or from one probe."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge import hints
from sage_edge.errors import ExitCode, UsageError
from sage_edge.workstation.errors import NotDeclared, NotExamined, NotReached, NotTrusted

if TYPE_CHECKING:
    from sage_edge.deploy.fleet_runner import HostResult
    from sage_edge.names import HostName
    from sage_edge.workstation.context import FleetContext
    from sage_edge.workstation.report import Report

MODULES = Path("tests/fleet")
FULL_S = 600.0
VIA = ("ssh://", "docker://", "local://")


@dataclass(frozen=True)
class VerifyAsked:
    """What a person typed. via: testinfra's address of the host; empty: over ssh."""

    quick: bool = False
    via: str = ""
    as_json: bool = False
    junit: Path | None = None


_KEPT = {kind.code: kind for kind in (NotDeclared, NotTrusted, NotReached)}


def verified(here: FleetContext, hosts: Sequence[HostName], asked: VerifyAsked) -> int:
    """Verify hosts, print what came of it, and return the worst exit code. Raises the error of a host that is alone."""
    from sage_edge.cli import render
    from sage_edge.cli.environment import log
    from sage_edge.deploy import fleet_runner
    from sage_edge.workstation import report

    if asked.via and (asked.quick or len(hosts) > 1 or not asked.via.startswith(VIA)):
        hint = hints.invoke("verify", host="sprout", via="docker://sage@CONTAINER")
        raise UsageError(f"--via wants one host, no --quick, and one of {', '.join(VIA)}", hint=hint)
    if not asked.quick:
        log(f"asking {', '.join(hosts)}; --quick takes a second")
    results = fleet_runner.over(hosts, lambda name: quick(here, name) if asked.quick else full(here, name, asked.via))
    if asked.junit is not None:
        report.write_junit(asked.junit, results, here.surroundings)
    if asked.as_json:
        render.document("sage-edge/verify/1", report.document(results, here.surroundings))
    else:
        report.show(results, here.surroundings)
    return fleet_runner.worst([_code(result) for result in results])


def _code(result: HostResult[Report]) -> int:
    return ExitCode.NOT_VERIFIED if result.value and result.value.failed else result.code


def quick(here: FleetContext, name: HostName) -> Report:
    """Judge a host by one probe over one connection."""
    from sage_edge.deploy import checked_board
    from sage_edge.remote.errors import NotReady, UnreadableProbe
    from sage_edge.verify import board_checks
    from sage_edge.workstation.context import paths
    from sage_edge.workstation.report import Report

    with here.seen(name) as board:
        try:
            probe = board.facts(of_any_helper=True)
        except (NotReady, UnreadableProbe) as silent:
            return Report(name, (checked_board.without_probe(name).unasked(silent.message),))
        at = checked_board.target(here.root, paths().models, here.fleet, probe, lambda: board.served())
    return Report(name, board_checks.examine(at))


def full(here: FleetContext, name: HostName, via: str = "", *words: str) -> Report:
    """Let testinfra ask a host everything. words: further ones for pytest. Raises NotExamined."""
    from sage_edge.verify import check
    from sage_edge.workstation.report import Report

    with tempfile.TemporaryDirectory(prefix="sage-verify-") as scratch:
        results = Path(scratch) / "results.json"
        last_lines = _pytest(here, name, results, ("--via", via, *words))
        if not results.is_file():
            hint = (hints.invoke("verify", host=name, quick=True), " needs no pytest")
            raise NotExamined(f"the checks of {name} did not run; pytest says:\n{last_lines}", hint=hint)
        document: Mapping[str, Any] = json.loads(results.read_text("utf-8"))
    if error := document.get("error"):
        raise _KEPT.get(error["code"], NotExamined)(error["message"], hint=hints.from_plain(error["hint"]))
    return Report(name, tuple(check.from_document(result) for result in document["results"]))


def _pytest(here: FleetContext, name: HostName, results: Path, words: Sequence[str]) -> str:
    """Run tests/fleet for one host in a process of its own, and return its last lines."""
    from sage_edge import shell

    root = Path(__file__).parents[2]
    if not (root / MODULES).is_dir():
        raise UsageError("the full verify is part of a checkout", hint=hints.invoke("verify", host=name, quick=True))
    line = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "testinfra.plugin",
        "-p",
        "pytest_timeout",
        "-p",
        "no:cacheprovider",
        f"--confcutdir={MODULES}",
        str(MODULES),
        "--board",
        name,
        "--overlay",
        here.fleet.overlay or "",
        "--results",
        str(results),
        *words,
    )
    env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SAGE_FLEET": str(here.fleet.folder.absolute())}
    ran = shell.attempt(shell.Command(line, timeout_s=FULL_S, cwd=root, env=env))
    return "\n".join((ran.text + "\n" + ran.complaint).strip().splitlines()[-20:])
