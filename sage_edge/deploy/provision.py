"""Steps that provision a board, carried out by its helper: pure, and the same every time.

packages → user and groups → folders → host card → keys → what a gateway opens by, where it serves → units → services →
in service → what sshd allows (looked at)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sage_edge.deploy.errors import ExchangeUnknown
from sage_edge.exchange.hub_address import place_of
from sage_edge.inventory import host_card, signers
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.remote.board.helper_zipapp import CALL
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.ssh import config, known_keys

ProvisionStep = Mapping[str, Any]
AGENT = 10001
"""User and group id of the container, on every board."""

PACKAGES = ("git", "openssh-client", "openssl", "python3", "rsync", "sudo")
COMPOSE = {"ubuntu": "docker-compose-v2"}
"""The package with the compose plugin, by distribution; Debian 12 has none."""

UNIT = f"""# Written by `invoke provision`. After a reboot in the middle of a deployment, the board settles it.
[Unit]
Description=Settle an open deployment of sage-edge
After=docker.service
Requires=docker.service

[Service]
Type=oneshot
ExecStart={" ".join(CALL)} recover --because=boot

[Install]
WantedBy=multi-user.target
"""

WATCH = f"""# Written by `invoke provision`. What serves is looked after: see `sage_edge/host/watch.py`.
[Unit]
Description=Look after the agent of sage-edge
After=docker.service

[Service]
Type=oneshot
ExecStart={" ".join(CALL)} watch
TimeoutStartSec=30min
"""

WATCH_TIMER = """# Written by `invoke provision`.
[Unit]
Description=Look after the agent of sage-edge, twice a minute

[Timer]
OnActiveSec=30s
OnUnitInactiveSec=30s
AccuracySec=5s

[Install]
WantedBy=timers.target
"""


def steps(fleet: Fleet, host: HostName, facts: BoardProbe) -> tuple[ProvisionStep, ...]:
    """Return every step for a board, in order. Raises ExchangeUnknown."""
    return tuple(_steps(fleet, host, facts))


def _steps(fleet: Fleet, host: HostName, facts: BoardProbe) -> Iterator[ProvisionStep]:
    yield {"kind": "packages", "names": [*PACKAGES, *_docker(facts)]}
    yield {"kind": "group", "name": "sage-agent", "gid": AGENT}
    yield {"kind": "user", "name": "sage-agent", "uid": AGENT, "gid": AGENT, "groups": _gpu_groups(facts)}
    yield from _folders(int(facts.user["asked_uid"]))
    yield _file("etc/sage/host.yaml", host_card.text(host, fleet.name, fleet.overlay))
    yield _file("etc/sage/known_hosts", _exchange_keys(fleet))
    yield _file("etc/sage/operators", _operators(fleet))
    yield _file("etc/sudoers.d/sage-host", _sudoers(str(facts.user["asked_by"])), mode="0440")
    yield key(fleet, host)
    if fleet.host(host).serve is not None:
        yield _folder("srv/sage/keys/serve", 0, "0711")
        yield gateway(fleet, host)
    yield {"kind": "unit", "name": "sage-release.service", "text": UNIT}
    yield {"kind": "unit", "name": "sage-watch.service", "text": WATCH}
    yield {"kind": "unit", "name": "sage-watch.timer", "text": WATCH_TIMER}
    yield {"kind": "service", "name": "docker"}
    yield {"kind": "service-again"}
    yield {"kind": "sshd"}


def key(fleet: Fleet, host: HostName, *, renew: bool = False) -> ProvisionStep:
    """Return the step that makes a board's key, by which the exchange and the other hosts know it. renew: another."""
    comment = f"{host} of {fleet.name}"
    own = {"kind": "key", "path": "srv/sage/keys/exchange", "uid": AGENT, "gid": AGENT, "comment": comment}
    return {**own, "branch": str(host), "renew": renew}


def gateway(fleet: Fleet, host: HostName, *, renew: bool = False) -> ProvisionStep:
    """Return the step that makes what a host's gateway opens by and is known by. renew: another.

    It is asked by the host's name, on the board itself, by its agent under the name of the service, and where declared.
    """
    serve = fleet.host(host).serve
    elsewhere = [] if serve is None or serve.is_local else [serve.address]
    names = [str(host), "localhost", "serve", "127.0.0.1", *elsewhere]
    own = {"kind": "gateway", "path": "srv/sage/keys/serve", "uid": AGENT, "gid": AGENT}
    return {**own, "names": names, "renew": renew}


def _docker(facts: BoardProbe) -> list[str]:
    """Engine and compose plugin, where they are missing and the distribution has them."""
    wanted = [] if facts.engine else ["docker.io"]
    if facts.engine is None or facts.engine.compose is None:
        wanted += [package for system, package in COMPOSE.items() if facts.system.get("ID") == system]
    return wanted


def _gpu_groups(facts: BoardProbe) -> list[str]:
    return [name for name in ("video", "render") if facts.groups.get(name) is not None]


def _folders(login: int) -> Iterator[ProvisionStep]:
    """login: who copies models over ssh, and so owns the store."""
    for path, uid, mode in (
        ("srv/sage", 0, "0755"),
        ("srv/sage/releases", 0, "0755"),
        ("srv/sage/deploy", 0, "0755"),
        ("srv/sage/models", login, "0755"),
        ("srv/sage/state", AGENT, "0750"),
        ("srv/sage/keys", 0, "0711"),
        ("etc/sage", 0, "0755"),
    ):
        yield _folder(path, uid, mode)


def _folder(path: str, uid: int, mode: str) -> ProvisionStep:
    below = path == "srv/sage/state"  # all of it is the agent's, whoever looked around in there as root
    return {"kind": "folder", "path": path, "uid": uid, "gid": uid, "mode": mode, "below": below}


def _file(path: str, text: str, *, mode: str = "0644") -> ProvisionStep:
    return {"kind": "file", "path": path, "text": text, "uid": 0, "gid": 0, "mode": mode}


def _operators(fleet: Fleet) -> str:
    """Whose releases the board takes; without any line it takes what it is given."""
    lines = [str(signer) for signer in fleet.signers if signers.RELEASES in signer.namespaces]
    return "\n".join(("# Whose releases this board takes. Written by `invoke provision`.", *lines, ""))


def _exchange_keys(fleet: Fleet) -> str:
    """The lines by which the exchange is known; nothing for one that is reached without ssh."""
    place = place_of(fleet.remote)
    if place is None:
        return "# The exchange is not reached over ssh.\n"
    keys = known_keys.pinned(fleet.addresses / config.KEYS, *place.names)
    if not keys.trusted:
        raise ExchangeUnknown(place.names[0], f"{fleet.addresses.name}/{config.KEYS}")
    lines = {key.line: key.text for key in (*keys.own, *keys.bare)}
    return "".join(f"{text}\n" for _, text in sorted(lines.items()))


def _sudoers(login: str) -> str:
    if login == "root":
        return "# root needs no permission to run the helper.\n"
    command = " ".join(CALL)
    return f"# The workstation's user may run the helper as root.\n{login} ALL=(root) NOPASSWD: {command} *\n"
