"""Pull an image from a registry layer by layer, so that what has arrived stays when the line is cut.

Docker 20.10 throws away all that a cut pull brought, unpacked layers too (seen here). So a workstation offers
checkpoints beside the image (deploy.transport.layer_checkpoints): images of its first layers, of some more, and so on.
Each that is pulled is an image of its own, and stays; the next attempt goes on behind it.

    localhost:40123/sage/sprout:0a1b2c3d4e5f-1 … -3     steps, removed once the image is here
    localhost:40123/sage/sprout:0a1b2c3d4e5f            the image; what stays is its name without the registry
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sage_edge.host import machine
from sage_edge.host.machine import LocalEngine

PULL_S = 3600.0
_PASSING = re.compile(r"localhost:\d+/(sage/[a-z0-9._/-]+:[0-9a-f]{12})(-\d+)?")


def pull(refs: Sequence[str], check_cancelled: Callable[[], None]) -> None:
    """Pull one image after the other. Raises Refusal; also what `check_cancelled` raises, which ends a pull at once.

    Only the last has to succeed: a step that an engine refuses costs what it saves and nothing else. A pull that nobody
    waits for must end: the engine would hand its dead connections to the next one.
    """
    *steps, image = refs
    for step in steps:
        machine.run(("docker", "pull", "--quiet", step), timeout_s=PULL_S, check_cancelled=check_cancelled)
    machine.require(
        ("docker", "pull", "--quiet", image), "pulling the image", timeout_s=PULL_S, check_cancelled=check_cancelled
    )


def tidy(engine: LocalEngine) -> None:
    """Give images that came by a passing registry a name that lasts, and remove steps and passing names."""
    for image in engine.images():
        for name in image.get("RepoTags") or ():
            match = _PASSING.fullmatch(name)
            if not match:
                continue
            if not match[2]:
                machine.run(("docker", "tag", str(image["Id"]), match[1]))
            machine.run(("docker", "rmi", "--no-prune", name))
