"""`invoke bench.models`: every figure of the model road, one part after the other, and a table of all in the end.

    models_store     resolving, flipped bits in stored models
    models_fetch     kills in downloads, flipped bits in half ones
    models_hashing   ours beside `sha256sum`, on one file in one run
    models_headers   mutated headers
    models_steps     a preparation with nothing to do, memory and time of the steps, parity; the exact 0.5B shape
    models_carry     copying between machines, beside plain rsync

Each part is a process of its own, so that the memory of one is no other's. Ratios count, seconds do not travel.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import figures

PARTS = ("models_store", "models_fetch", "models_hashing", "models_headers", "models_steps", "models_carry")


def main() -> int:
    """Run every part with the words that were given; return the worst exit status."""
    worst, began, found = 0, time.monotonic(), list[figures.Figure]()
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as scratch:
        for part in PARTS:
            print(f"\n{part.replace('_', ': ')}", flush=True)
            started, into = time.monotonic(), Path(scratch) / f"{part}.json"
            words = (sys.executable, "-m", f"tests.benchmarks.{part}", *sys.argv[1:], "--into", str(into))
            worst = max(worst, abs(subprocess.run(words, check=False).returncode))
            print(f"        {time.monotonic() - started:.0f} s", flush=True)
            left = figures.read(into)
            found += left or [figures.Figure(part.replace("_", ": "), "ends by itself", "it ended early", False)]
    print(f"\n{figures.table(found)}")
    print(f"\n{sum(one.kept for one in found)} of {len(found)} kept, {time.monotonic() - began:.0f} s in all")
    return worst


if __name__ == "__main__":
    sys.exit(main())
