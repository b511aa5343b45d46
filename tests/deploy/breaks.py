"""Ways in which a host can stop being what it must be: what is done to a stand-in, what mends it, what must be said.

A row's scripts run as root on the board. `checks`: those that must fail, at least.
"""

from __future__ import annotations

from dataclasses import dataclass

HEALTHY = "until [ \"$(docker inspect -f '{{.State.Health.Status}}' sage-agent-1)\" = healthy ]; do sleep 1; done"
_AGAIN = 'cd "$(readlink -f /srv/sage/current)" && docker compose up -d --quiet-pull'
_RELEASE = "/srv/sage/current/release.json"
_HELPER = "/srv/sage/host/sage-host"
_MANIFEST = "/srv/sage/models/manifests/sage/listed/q8_0.json"
_BLOB = f"/srv/sage/models/blobs/sha256-{'5' * 64}"
_KEEP, _BRING_BACK = "cp -a --parents {0} /run/kept", "cp -a /run/kept{0} {0}"


@dataclass(frozen=True)
class Break:
    """One way to break a host."""

    name: str
    how: str
    mended_by: str
    checks: frozenset[str]


def _changed(name: str, path: str, how: str, *checks: str) -> Break:
    """A file is changed, and brought back as it was."""
    keep = f"mkdir -p /run/kept && {_KEEP.format(path)}"
    return Break(name, f"{keep} && {how}", _BRING_BACK.format(path), frozenset(checks))


BREAKS = (
    Break(
        "the container is stopped",
        "docker stop -t 20 sage-agent-1",
        f"docker start sage-agent-1 && {HEALTHY}",
        frozenset({"agent"}),
    ),
    Break(
        "another image runs",
        f"id=$(docker commit -c 'LABEL sage.role=researcher' -c 'LABEL sage.model.digest=sha256:00' sage-agent-1) && "
        f"export SAGE_IMAGE=$id && {_AGAIN} && {HEALTHY}",
        f"{_AGAIN} && {HEALTHY}",
        frozenset({"image", "image's role", "model sage/seedling:q8_0"}),
    ),
    _changed("another host's card", "/etc/sage/host.yaml", "sed -i s/sprout/thor/ /etc/sage/host.yaml", "host card"),
    Break(
        "the agent's user left a group",
        "gpasswd -d sage-agent video",
        "gpasswd -a sage-agent video",
        frozenset({"groups of sage-agent"}),
    ),
    Break(
        "anybody may read the key",
        "chmod 0444 /srv/sage/keys/exchange",
        "chmod 0400 /srv/sage/keys/exchange",
        frozenset({"rights of /srv/sage/keys/exchange", "secrets open to anybody"}),
    ),
    Break(
        "an older helper",
        f"cd /srv/sage/host && (echo '#!/usr/bin/python3'; cat sage-host) > older.pyz && "
        f"readlink {_HELPER} > /run/newer && ln -sfn older.pyz sage-host",
        f"ln -sfn $(cat /run/newer) {_HELPER}",
        frozenset({"helper"}),
    ),
    _changed(
        "another model's listing", _MANIFEST, f"sed -i 's/1000/1001/' {_MANIFEST}", "manifest of sage/listed:q8_0"
    ),
    _changed("a model was cut short", _BLOB, f"truncate -s 999 {_BLOB}", "bytes of the models"),
    Break(
        "another release was put in its place",
        "cp -a $(readlink -f /srv/sage/current) /srv/sage/releases/0123456789ab && "
        "ln -sfn releases/0123456789ab /srv/sage/current",
        'ln -sfn releases/$(sed -n \'$s/.*"release":"\\([0-9a-f]*\\)".*/\\1/p\' /srv/sage/deploy/journal.jsonl) '
        "/srv/sage/current && rm -r /srv/sage/releases/0123456789ab",
        frozenset({"release", "release by the journal", "agent's release"}),
    ),
    Break(
        "a folder lies on a disk of its own, open to all",
        "mv /srv/sage/models /srv/models && ln -s /srv/models /srv/sage/models && chmod 0777 /srv/models",
        "rm /srv/sage/models && mv /srv/models /srv/sage/models && chmod 0755 /srv/sage/models",
        frozenset({"rights of /srv/sage/models"}),
    ),
    Break(
        "a unit does not start at boot",
        "systemctl disable -q sage-release.service",
        "systemctl enable -q sage-release.service",
        frozenset({"sage-release.service at boot"}),
    ),
    _changed(
        "more is allowed by sudo",
        "/etc/sudoers.d/sage-host",
        "echo 'git ALL=(ALL) ALL' >> /etc/sudoers.d/sage-host",
        "content of /etc/sudoers.d/sage-host",
    ),
    Break(
        "docker is stopped",
        "systemctl stop docker.socket docker.service",
        f"systemctl start docker.socket docker.service && {HEALTHY}",
        frozenset({"docker", "docker compose", "runtime", "agent", "image", "image's role", "agent's release"}),
    ),
    _changed("the release was edited", _RELEASE, f'sed -i \'s/"image"/ "image"/\' {_RELEASE}', "release"),
    Break(
        "the agent hangs",
        "docker pause sage-agent-1 && touch -d '2 hours ago' /srv/sage/state/heartbeat.json",
        f"docker unpause sage-agent-1 && touch /srv/sage/state/heartbeat.json && {HEALTHY}",
        frozenset({"agent", "heartbeat"}),
    ),
    Break(
        "the agent fails at every wake",
        "install -o 10001 -g 10001 /dev/null /srv/sage/state/failing && "
        "echo '\"the disk is full\"' >/srv/sage/state/failing && sleep 2",
        "rm /srv/sage/state/failing && sleep 2",
        frozenset({"last wake"}),
    ),
    _changed(
        "it is another board",
        "/opt/sim/facts/etc/nv_tegra_release",
        "sed -i s/R36/R39/ /opt/sim/facts/etc/nv_tegra_release",
        "board is sim-orin-nano",
    ),
    _changed(
        "a unit does something else",
        "/etc/systemd/system/sage-release.service",
        "echo '# more' >> /etc/systemd/system/sage-release.service && systemctl daemon-reload",
        "content of sage-release.service",
    ),
    Break(
        "anybody may write the state",
        "chmod 0777 /srv/sage/state",
        "chmod 0750 /srv/sage/state",
        frozenset({"rights of /srv/sage/state"}),
    ),
    Break(
        "somebody looked around in the state as root",
        "install -d -m 0750 /srv/sage/state/notes && install -m 0400 -o 10001 /dev/null /srv/sage/state/notes/one",
        "rm -r /srv/sage/state/notes",
        frozenset({"rights below /srv/sage/state"}),
    ),
    Break("there is no helper", f"mv {_HELPER} {_HELPER}.away", f"mv {_HELPER}.away {_HELPER}", frozenset({"helper"})),
)
