"""What the stand-ins' hub holds, read on the hub itself."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sage_edge.names import HostName
from sage_edge.shell import Result
from tests.deploy.ground import Ground

WITHIN_S = 300
GIT = "runuser -u git -- git -C /srv/git/exchange.git"
OWN_KEY = "/srv/sage/keys/exchange"
_PUSH = """\
set -e
keys='-i {key} -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=/etc/sage/known_hosts'
export GIT_SSH_COMMAND="ssh $keys" HOME=/tmp
rm -rf /tmp/push && git init -q /tmp/push && cd /tmp/push
git fetch -q ssh://git@hub/srv/git/exchange.git '+refs/heads/*:refs/hub/*'
git checkout -q refs/hub/host/sprout 2>/dev/null || git checkout -q --orphan own
git config user.name sprout && git config user.email sprout@sage-edge.invalid
git config gpg.format ssh && git config user.signingkey {key}
{change}
git commit -q -S --allow-empty -m 'a test' -m 'Sage-Host: sprout'
git push -q ssh://git@hub/srv/git/exchange.git HEAD:refs/heads/host/sprout
"""


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


def replayed(ground: Ground, on: HostName, session: str, of: HostName) -> Sequence[Mapping[str, Any]]:
    """The turns of a session, asked again in the container of a board that has heard it: which it does at a look."""
    until = time.monotonic() + WITHIN_S
    while True:
        ran = ground.boards.inside(on, f"docker exec sage-agent-1 sage-edge replay {session} --host {of} --json")
        if ran.code == 0:
            turns: Sequence[Mapping[str, Any]] = json.loads(ran.text)["content"]["turns"]
            return turns
        assert "the clone of the exchange has no session" in ran.complaint, ran.complaint
        assert time.monotonic() < until, ran.complaint
        time.sleep(1)


def pushed(ground: Ground, on: HostName, key: str = OWN_KEY, change: str = "") -> Result:
    """Push a commit as sprout by hand, from a board that has its key. change: what it does in the work tree."""
    return ground.boards.inside(on, _PUSH.format(key=key, change=change))
