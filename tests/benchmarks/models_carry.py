"""What carrying a model costs, against plain rsync over the same ssh: `python -m tests.benchmarks.models_carry`.

Two local sshd stand for the boards, so figures hold for this machine's loopback only; trust the ratios. Rounds are
interleaved; `floor` is one OpenSSH connection that runs `true`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sage_edge.deploy import addresses
from sage_edge.deploy.connection import connect
from sage_edge.deploy.syncing import Carried, Order, sync
from sage_edge.models.store import Store
from sage_edge.names import HostName
from tests.deploy import boards, weights
from tests.deploy.boards import MISSING

THOR = HostName("thor")


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    """Measure, print, and return 1 when a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds and a small model: only to see that it runs")
    quick = parser.parse_args().quick
    if MISSING:
        print(f"skipped: {', '.join(MISSING)} not installed")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        boards.keygen(home / "id")
        with boards.board("thor", home / "thor", (home / "id.pub").read_text(), bare=False) as thor:
            return measure(home, thor, rounds=3 if quick else 10, size=(8 if quick else 256) << 20)


def measure(home: Path, thor: boards.Board, rounds: int, size: int) -> int:
    """Print every figure."""
    fleet, store = boards.fleet(home / "fleet", (thor,), home / "id"), Store(home / "models")
    weights.model(store, weights.REF, [("model.gguf", "weights", os.urandom(size))])

    def carry() -> Carried:
        return sync(Order(weights.REF, THOR), fleet, store, lambda *_: None)

    def knock() -> None:
        with connect(fleet, THOR):
            pass

    first = carry()
    again = carry()
    floor, open_, nothing = [], [], []
    for _ in range(rounds):
        floor.append(timed(lambda: subprocess.run((*addresses.ssh(fleet), THOR, "true"), check=True)))
        open_.append(timed(knock))
        nothing.append(timed(carry))
    beyond = statistics.median(nothing) - statistics.median(open_)
    rate = f"{size / first.seconds / 1e6:.0f} MB/s"
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {rounds} rounds, model of {size / 1e6:.0f} MB")
    print(f"  floor: ssh, true            {_told(floor)}")
    print(f"  our connection              {_told(open_)}")
    print(f"  no-op copy                  {_told(nothing)}   {beyond:.3f} s beyond connecting (at most 0.3)")
    print(f"  no-op sends                 {again.crossed_bytes} bytes")
    print(
        f"  first copy                  {first.seconds:.2f} s, {rate}, {first.crossed_bytes - size} bytes beside them"
    )
    print(f"  rsync alone, same options   {timed(lambda: _plain(fleet, store, home)):.2f} s (nothing hashed after it)")
    return 0 if beyond <= 0.3 else 1


def _plain(fleet: Path, store: Store, home: Path) -> None:
    words = ("rsync", "--rsh", addresses.quoted_for_rsync(addresses.ssh(fleet)), "-a", f"{store.blobs}/")
    subprocess.run((*words, f"{THOR}:{home / 'plain'}/"), check=True)


def _told(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{statistics.median(ordered):.3f} s median, {ordered[-1]:.3f} s worst"


if __name__ == "__main__":
    sys.exit(main())
