"""Deploying when there is nothing to do, and asking ten boards how they are: whole processes, interleaved.

    ours      `invoke deploy --host a,b,…`          one connection a board, one probe, the plan is empty
    floor     fabric: connect, run `true`           the least that any such tool costs, on all boards at once
    pyinfra   four checks of the same things        the release link, the card, the unit, the container

Host keys are strict for all three. Every one of them has to say that nothing changed, else there is nothing to compare.
`python -m tests.benchmarks.fleet_noop` measures this part of `invoke bench.fleet` alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge.names import HostName
from sage_edge.remote.ssh import config
from tests.benchmarks import fleet_ground, fleet_pyinfra
from tests.benchmarks.figures import Figure, run, seconds
from tests.benchmarks.fleet_ground import Fleet
from tests.benchmarks.runner import interval

ROOT = Path(__file__).parents[2]
ROUNDS, FEW = 10, 3
COUNTS = (1, 2, 10)  # the last: as many as there are
STATUS_S = 1.5

_FLOOR = """
import sys
from concurrent.futures import ThreadPoolExecutor
import fabric, paramiko

def one(words):
    name, host, port, user, key, kind, public = words.split()
    config = fabric.Config(ssh_config=paramiko.SSHConfig(), lazy=True)
    known = {"key_filename": key, "look_for_keys": False, "allow_agent": False}
    with fabric.Connection(host, user=user, port=int(port), config=config, connect_kwargs=known) as there:
        there.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        blob = paramiko.PKey.from_type_string(kind, __import__("base64").b64decode(public))
        there.client.get_host_keys().add(f"[{host}]:{port}", kind, blob)
        there.open()
        there.transport.sock.setsockopt(6, 1, 1)
        channel = there.transport.open_session()
        channel.exec_command("true")
        assert channel.recv_exit_status() == 0

with ThreadPoolExecutor(10) as pool:
    list(pool.map(one, sys.argv[1:]))
"""


@dataclass(frozen=True)
class Round:
    """Seconds that each way took."""

    ours_s: float
    floor_s: float
    pyinfra_s: float


def figures(quick: bool, fleet: Fleet) -> Iterator[Figure]:
    """Measure on 1, 2 and all boards. quick: few rounds, to see that it runs."""
    rounds = FEW if quick else ROUNDS
    for count in dict.fromkeys(min(count, len(fleet.hosts)) for count in COUNTS):
        hosts = fleet.hosts[:count]
        took = _interleaved(_ways(fleet, hosts), rounds)
        yield from _compared(count, [Round(*one) for one in took])
    seen = [seconds(lambda: _ours(fleet, "status", fleet.hosts)) for _ in range(rounds)]
    middle, low, high = interval(seen)
    measured = f"{middle:.2f} s ({low:.2f} to {high:.2f}, n={rounds})"
    yield Figure(f"status of {len(fleet.hosts)} boards", f"<= {STATUS_S:g} s", measured, middle <= STATUS_S)


def _compared(count: int, rounds: Sequence[Round]) -> Iterator[Figure]:
    ways = ("ours", "floor", "pyinfra")
    told = ", ".join(f"{way} {statistics.median(getattr(one, f'{way}_s') for one in rounds):.2f} s" for way in ways)
    boards = f"{count} board{'s' if count > 1 else ''}"
    over, *_ = interval([one.ours_s / one.floor_s for one in rounds])
    ratio, low, high = interval([one.ours_s / one.pyinfra_s for one in rounds])
    measured = f"{ratio:.2f} times ({low:.2f} to {high:.2f}, n={len(rounds)}; {told}; {over:.2f} times the floor)"
    yield Figure(f"no-op deploy, {boards}, against pyinfra", "faster than pyinfra 3.10", measured, ratio < 1)


def _ways(fleet: Fleet, hosts: Sequence[HostName]) -> tuple[Callable[[], None], ...]:
    boards = [_board(fleet, host) for host in hosts]
    peer = fleet_pyinfra.prepared(fleet, hosts)
    return (lambda: _nothing_to_do(fleet, hosts), lambda: _floor(boards), lambda: fleet_pyinfra.nothing_to_do(peer))


def _interleaved(ways: Sequence[Callable[[], None]], rounds: int) -> list[tuple[float, ...]]:
    """Seconds of every way in every round; each way takes its turn at being the first."""
    for way in ways:
        way()  # once for the caches
    took: list[tuple[float, ...]] = []
    for number in range(rounds):
        order = sorted(range(len(ways)), key=lambda at: (at + number) % len(ways))
        spent = {at: seconds(ways[at]) for at in order}
        took.append(tuple(spent[at] for at in range(len(ways))))
    return took


def _nothing_to_do(fleet: Fleet, hosts: Sequence[HostName]) -> None:
    told = _ours(fleet, "deploy", hosts)
    if any(one["changed"] for one in told):
        raise RuntimeError(f"a deploy changed something: {told}")


def _ours(fleet: Fleet, verb: str, hosts: Sequence[HostName]) -> list[Mapping[str, object]]:
    """What a person types."""
    words = (sys.executable, "-m", "invoke", verb, "--host", ",".join(hosts), "--fleet", "sim", "--json")
    env = {**os.environ, "SAGE_FLEET": str(fleet.ground.desk.root / "fleet")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's shell has none, and pip has compiled the peers
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode()[-500:]}")
    return list(json.loads(done.stdout)["content"])


def _floor(boards: Sequence[str]) -> None:
    subprocess.run((sys.executable, "-c", _FLOOR, *boards), check=True, capture_output=True)


def _board(fleet: Fleet, host: HostName) -> str:
    """Where a board is and which key it has, in one line."""
    found = config.find(fleet.ground.desk.fleet.addresses, host)
    return f"{host} {found.hostname} {found.port} {found.user} {found.identities[0]} {fleet.key(host)}"


def _alone(quick: bool) -> Iterator[Figure]:
    with fleet_ground.serving(3 if quick else 10) as fleet:
        yield from figures(quick, fleet)


if __name__ == "__main__":
    sys.exit(run(__doc__ or "", _alone))
