"""`invoke bench.models`: every figure of the model road, one part after the other, each a process of its own."""

from __future__ import annotations

import subprocess
import sys

PARTS = ("models_store", "models_fetch", "models_steps", "models_carry")


def main() -> int:
    """Run every part with the words that were given; return the worst exit status."""
    worst = 0
    for part in PARTS:
        print(f"\n{part.replace('_', ': ')}", flush=True)
        words = (sys.executable, "-m", f"tests.benchmarks.{part}", *sys.argv[1:])
        worst = max(worst, subprocess.run(words, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
