"""What the stand-ins' hub holds, read on the hub itself."""

from __future__ import annotations

import time

import pytest

from sage_edge.names import HostName
from tests.deploy.ground import Ground

WITHIN_S = 300
GIT = "runuser -u git -- git -C /srv/git/exchange.git"


def papers(ground: Ground, host: HostName, folder: str) -> list[str]:
    """What the exchange holds of a host below a folder."""
    listed = ground.boards.inside("hub", f"{GIT} ls-tree -r --name-only host/{host} {folder}/")
    return listed.text.split() if listed.code == 0 else []


def awaited(ground: Ground, host: HostName, folder: str, naming: str = "") -> str:
    """A paper of a host below a folder, as it is in git, once there is one with a word in it."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        for name in papers(ground, host, folder):
            text = ground.boards.inside("hub", f"{GIT} show host/{host}:{name}").text
            if naming in text:
                return text
        time.sleep(0.5)
    pytest.fail(f"nothing in {folder}: {ground.boards.inside(host, 'docker logs --tail 40 sage-agent-1').complaint}")
