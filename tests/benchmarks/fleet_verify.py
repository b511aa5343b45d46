"""`invoke verify --quick` against the same checks by plain testinfra over ssh: whole processes, interleaved, one host.

Plain testinfra gets the fleet's ssh_config, with strict host keys, and its own defaults for the rest: a connection for
each question. Beside both stands our full verify, the same questions over one connection. All three ask the same host
and have to come to the same verdicts, else there is nothing to compare; the exchange, which a probe does not ask, is
left out of all.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.names import HostName
from sage_edge.workstation import verify_service
from sage_edge.workstation.context import FleetContext
from tests.benchmarks.figures import Figure, seconds
from tests.benchmarks.runner import interval

ROOT = Path(__file__).parents[2]
ROUNDS, FEW = 10, 3
TIMES = 10.0
_SAME = ("-k", "not test_exchange")
Verdicts = Mapping[str, bool]


@dataclass(frozen=True)
class Round:
    """Seconds that each way took, and whether they agreed."""

    quick_s: float
    full_s: float
    plain_s: float
    checks: int
    agree: bool

    @property
    def ratio(self) -> float:
        return self.plain_s / self.quick_s


def figures(quick: bool, here: FleetContext, host: HostName) -> Iterator[Figure]:
    """Measure a host that serves a release. quick: few rounds, to see that it runs."""
    rounds = [_round(here, host, number) for number in range(FEW if quick else ROUNDS)]
    ratio, low, high = interval([one.ratio for one in rounds])
    agree = all(one.agree for one in rounds)
    measured = (
        f"{ratio:.1f} times ({low:.1f} to {high:.1f}, n={len(rounds)}): {_middle(rounds, 'quick_s')} s against "
        f"{_middle(rounds, 'plain_s')} s for {rounds[0].checks} checks"
    )
    name = "verify --quick, against plain testinfra over ssh"
    yield Figure(name, f"at least {TIMES:g} times faster", measured, low >= TIMES)
    said = f"{rounds[0].checks} checks, {len(rounds)} rounds; full over one connection: {_middle(rounds, 'full_s')} s"
    yield Figure("verify: quick, full and plain agree", "the same verdicts", said, agree)


def _middle(rounds: list[Round], which: str) -> str:
    return f"{statistics.median(getattr(one, which) for one in rounds):.2f}"


def _round(here: FleetContext, host: HostName, number: int) -> Round:
    """Ask in every way, in another order each time."""
    told: dict[str, Verdicts] = {}
    ways = {
        "quick": lambda: told.update(quick=_by_process(here, host)),
        "full": lambda: told.update(full=_by_testinfra(here, host, "")),
        "plain": lambda: told.update(plain=_by_testinfra(here, host, f"ssh://{host}")),
    }
    order = sorted(ways, key=lambda way: (list(ways).index(way) + number) % len(ways))
    took = {way: seconds(ways[way]) for way in order}
    agree = told["quick"] == told["full"] == told["plain"]
    return Round(took["quick"], took["full"], took["plain"], len(told["quick"]), agree)


def _by_process(here: FleetContext, host: HostName) -> Verdicts:
    """What a person types."""
    words = [sys.executable, "-m", "invoke", "verify", "--host", host, "--quick", "--json"]
    words += ["--fleet", here.fleet.overlay] if here.fleet.overlay else []
    env = {**os.environ, "SAGE_FLEET": str(here.fleet.folder)}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, check=False)
    (one,) = json.loads(done.stdout)["content"]
    return {check["check"]: check["holds"] for check in one["checks"]}


def _by_testinfra(here: FleetContext, host: HostName, via: str) -> Verdicts:
    """One pytest process, as `invoke verify` starts it."""
    report = verify_service.full(here, host, via, *_SAME)
    return {one.check: one.holds for one in report.results if one.check != "exchange"}
