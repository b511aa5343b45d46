"""What a second deploy moves when only code has changed: the real image, counted where the board's network ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.image.built import BuiltImage
from tests.benchmarks.figures import Figure
from tests.benchmarks.fleet_ground import Fleet
from tests.deploy.ground import SPROUT
from tests.images import building

SHARE = 0.05
_RECEIVED = "cat /sys/class/net/eth0/statistics/rx_bytes"
_PATIENT = RolloutTimeouts(session_s=120, health_s=180, revert_s=600)


def figures(fleet: Fleet) -> Iterator[Figure]:
    """Deploy the image, change a line of code, deploy again. Everything counts: layers, the release, ssh itself."""
    whole = _received(fleet, building.built("sprout"))
    root = Path(fleet.ground.desk.root) / "changed"
    root.mkdir()
    building.copied(root)
    with (root / "sage_edge" / "agent" / "loop.py").open("a", encoding="utf-8") as code:
        code.write("\n# a change\n")
    after = building.build(root, building.order("sprout", owner="sage-bench"))
    with building.thrown_away(after):
        part = _received(fleet, after)
    measured = f"{part / whole:.2%}: {part / 1e6:.2f} of {whole / 1e6:.1f} MB that the first deploy of it moved"
    yield Figure(
        "a deploy after a change of code", f"<= {SHARE:.0%} of the image's bytes", measured, part <= SHARE * whole
    )


def _received(fleet: Fleet, image: BuiltImage) -> int:
    """Bytes that reached the board while an image was deployed to it."""
    before = int(fleet.ground.boards.inside("sprout", _RECEIVED).text)
    fleet.ground.pretend(image)
    if not fleet.ground.deploy(SPROUT, _PATIENT).changed:
        raise RuntimeError("nothing was deployed")
    return int(fleet.ground.boards.inside("sprout", _RECEIVED).text) - before
