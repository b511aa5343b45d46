"""What carrying a model costs, beside plain rsync over the same ssh: `python -m tests.benchmarks.models_carry`.

A local sshd stands for the board, so figures hold for this machine's loopback only; trust the ratios. Rounds are
interleaved; the floor is one OpenSSH connection that runs `true`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sage_edge.model_sync.sync import Carried, SyncOrder, sync
from sage_edge.models.store.store import Store
from sage_edge.names import HostName
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.ssh import config
from sage_edge.remote.ssh.client import connect
from tests.benchmarks.figures import Figure, run, seconds
from tests.deploy import boards, weights
from tests.deploy.boards import MISSING

THOR = HostName("thor")


def figures(quick: bool) -> Iterator[Figure]:
    """Measure all of them. quick: few rounds and a small model."""
    if MISSING:
        yield Figure("copying between machines", "measured", f"{', '.join(MISSING)} not installed", False)
        return
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as scratch:
        home = Path(scratch)
        boards.keygen(home / "id")
        helper_zipapp.CALL = boards.install_helper(home / "host")
        with boards.board("thor", home / "thor", (home / "id.pub").read_text(), bare=False) as thor:
            yield from _measure(home, thor, rounds=3 if quick else 10, size=(8 if quick else 256) << 20)


def _measure(home: Path, thor: boards.Board, rounds: int, size: int) -> Iterator[Figure]:
    fleet, store = boards.fleet(home / "fleet", (thor,), home / "id"), Store(home / "models")
    weights.model(store, weights.REF, [("model.gguf", "weights", os.urandom(size))])

    def carry() -> Carried:
        return sync(SyncOrder(weights.REF, THOR), fleet, store, lambda *_: None)

    def knock() -> None:
        with connect(fleet, THOR):
            pass

    first, again = carry(), carry()
    plain = seconds(lambda: _plain(fleet, store, home))
    floor, open_, nothing = [], [], []
    for _ in range(rounds):
        floor.append(seconds(lambda: subprocess.run((*config.ssh(fleet), THOR, "true"), check=True)))
        open_.append(seconds(knock))
        nothing.append(seconds(carry))
    took = f"{_told(nothing)}; connecting alone {_told(open_)}, OpenSSH and `true` {_told(floor)}"
    yield Figure("a copy of what is there", "<= 0.3 s (facts §8)", took, min(nothing) <= 0.3)
    sent, beside = again.crossed_bytes, first.crossed_bytes - size
    yield Figure("a copy of what is there sends", "<= 10 KB (facts §8)", f"{sent} bytes", sent <= 10_000)
    told = f"{size / 1e6:.0f} MB in {first.seconds:.2f} s, proven; plain rsync {plain:.2f} s, nothing hashed after it"
    yield Figure(
        "a first copy",
        "no promise of time; <= 1 % beside the bytes",
        f"{told}; {beside} bytes beside them",
        beside <= size // 100,
    )


def _plain(fleet: Path, store: Store, home: Path) -> None:
    words = ("rsync", "--rsh", config.quoted_for_rsync(config.ssh(fleet)), "-a", f"{store.blobs}/")
    subprocess.run((*words, f"{THOR}:{home / 'plain'}/"), check=True)


def _told(times: list[float]) -> str:
    return f"{min(times):.3f} s at best, {statistics.median(times):.3f} s in the median"


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
