"""The damages that can be done to a stand-in for real, by the names that `damages` has for them, and three more.

Each is a script that root runs on the board.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.deploy.breaks import HEALTHY

_RELEASE = 'cd "$(readlink -f /srv/sage/current)"'
_JOURNAL, _AUDIT = "/srv/sage/deploy/journal.jsonl", "/srv/sage/deploy/audit.jsonl"
_STATE = "/srv/sage/state/journals"
_NETWORK = "other"
_UP = f"docker compose up -d --quiet-pull && {HEALTHY}"

ONLY_FOR_REAL = ("compose: lets more be done", "container: less memory", "container: another network")
"""What an engine in memory has no words for."""

ON_BOARD: Mapping[str, str] = {
    "journal: a byte": rf"sed -i -E '1s/^(.{{10}})./\1#/' {_JOURNAL}",
    "journal: gone": f"rm {_JOURNAL}",
    "lock: garbage": "head -c 40 /dev/zero >/srv/sage/deploy/lock.json",
    "audit: NULs": f"head -c 300 /dev/zero >{_AUDIT}",
    "card: gone": "rm /etc/sage/host.yaml",
    "card: another fleet's": "sed -i 's/^fleet: .*/fleet: zoo/' /etc/sage/host.yaml",
    "current: gone": "rm /srv/sage/current",
    "release: other compose": f"{_RELEASE} && echo 'services: {{}}' >compose.yaml",
    "release: no .env": f"{_RELEASE} && rm .env",
    "images: gone": "docker rm --force sage-agent-1 && docker image prune --all --force",
    "container: gone": "docker rm --force sage-agent-1",
    "container: stopped": "docker stop -t 5 sage-agent-1",
    "container: other image": f"id=$(docker commit sage-agent-1) && {_RELEASE} && export SAGE_IMAGE=$id && {_UP}",
    "engine: stopped": "systemctl stop docker.socket docker.service",
    "state: rights below": f"mkdir -p {_STATE} && echo '{{}}' >{_STATE}/P001.jsonl && chmod 0 {_STATE}/P001.jsonl",
    "key: open": "chmod 0444 /srv/sage/keys/exchange",
    "unit: other text": "echo '[Unit]' >/etc/systemd/system/sage-release.service",
    "unit: disabled": "systemctl disable --now sage-release.service",
    "known_hosts: other": "echo '# nobody' >/etc/sage/known_hosts",
    "compose: lets more be done": f"{_RELEASE} && sed -i 's/    read_only: true/    pid: host/' compose.yaml && {_UP}",
    "container: less memory": "docker update --memory 1g --memory-swap 1g sage-agent-1",
    "container: another network": (
        f"docker network inspect {_NETWORK} >/dev/null 2>&1 || docker network create -d bridge {_NETWORK}; "
        f"docker network connect {_NETWORK} sage-agent-1"
    ),
}

LEFT_BEHIND = f"rm -f {_STATE}/P001.jsonl; docker network rm {_NETWORK}"
"""What no command takes away, since it may be somebody's: a journal without a head, a network."""

BY_HAND: Mapping[str, str] = {
    "engine: stopped": f"systemctl start docker && {HEALTHY}",
    "card: another fleet's": "rm /etc/sage/host.yaml",
    "lock: garbage": "rm -f /srv/sage/deploy/lock.json",
}
"""What a person then does, where a message leaves it to them."""
