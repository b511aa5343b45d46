"""`invoke bench.fleet`: every figure of the fleet, on ten stand-in boards that are raised for it, in one run.

    fleet_noop     deploying with nothing to do, beside bare fabric and pyinfra; status of all
    fleet_verify   `verify --quick` beside plain testinfra
    fleet_bytes    what a deploy moves when only code has changed

Needs a Docker engine (.ci/engine) and about 4 GB. Ratios count, seconds do not travel. Exit status 1 when a figure is
missed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.benchmarks import figures, fleet_bytes, fleet_ground, fleet_noop, fleet_verify
from tests.benchmarks.figures import Figure
from tests.deploy.ground import SPROUT


def measured(quick: bool) -> Iterator[Figure]:
    """Measure all of it, part by part."""
    with fleet_ground.serving(3 if quick else 10) as fleet:
        yield from fleet_noop.figures(quick, fleet)
        yield from fleet_verify.figures(quick, fleet.ground.desk, SPROUT)
        yield from fleet_bytes.figures(fleet)


if __name__ == "__main__":
    sys.exit(figures.run(__doc__ or "", measured))
