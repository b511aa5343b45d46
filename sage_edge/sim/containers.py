"""The containers of a set of stand-ins: which rights they get, which of them there are, and starting one.

A board's rights are those of facts §6, by the names of Docker's API: with fewer, systemd or the engine inside does not
start; a privileged container is more than many machines grant.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from sage_edge.image.docker_objects import NewContainer
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused
from sage_edge.sim.errors import ANEW, DiskTooSmall, PortTaken, SimError
from sage_edge.sim.place import HUB, Machine, SimPlace

LABEL = "sage.sim"
SSH = 22
_CAPABILITIES = """
    SYS_ADMIN NET_ADMIN NET_RAW SYS_PTRACE SYS_CHROOT MKNOD AUDIT_WRITE AUDIT_CONTROL SETFCAP SYS_NICE DAC_READ_SEARCH
    SYSLOG IPC_LOCK LINUX_IMMUTABLE SYS_TIME
""".split()  # noqa: SIM905
BOARD_RIGHTS: Mapping[str, object] = {
    "CgroupnsMode": "host",  # private: containers inside could not mount cgroups
    "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
    "MaskedPaths": [],  # with ReadonlyPaths what the docker command calls systempaths=unconfined
    "ReadonlyPaths": [],
    "CapAdd": _CAPABILITIES,
    "DeviceCgroupRules": ["a *:* rwm"],
    "Tmpfs": {"/run": "", "/run/lock": ""},
    "Binds": ["/sys/fs/cgroup:/sys/fs/cgroup:rw"],
}
BOARD_VOLUMES = ("/var/lib/docker",)
"""Anonymous volumes of a board: overlay2 does not stack upon overlay2."""

_TAKEN = ("already allocated", "already in use", "ports are not available")


def describe(place: SimPlace, host: str, port: int, image: str) -> NewContainer:
    """Return a host's container as it is to be created. port: of its sshd, on 127.0.0.1."""
    labels = {LABEL: place.name, f"{LABEL}.host": host, f"{LABEL}.port": str(port)}
    is_hub = host == HUB
    return NewContainer(
        name=place.container(host),
        image=image,
        network=place.name,
        alias=host,
        labels=labels,
        ports={SSH: port},
        words=("/opt/sim/hub",) if is_hub else (),
        volumes=() if is_hub else BOARD_VOLUMES,
        rights={} if is_hub else BOARD_RIGHTS,
    )


def machines(docker: DockerClient, place: SimPlace) -> dict[str, Machine]:
    """Return host → stand-in of every container of the set, running or not."""
    rows = docker.containers(f"{LABEL}={place.name}")
    hosts = ((row.labels[f"{LABEL}.host"], int(row.labels[f"{LABEL}.port"]), row) for row in rows)
    return {host: Machine(host, row.name, port, row.state, row.image) for host, port, row in hosts}


def start(docker: DockerClient, machine: Machine) -> None:
    """Start a container that is there. Raises PortTaken, SimError."""
    try:
        docker.start(machine.container)
    except EngineRefused as refused:
        if any(words in refused.why for words in _TAKEN):
            raise PortTaken(machine.host, machine.port) from None
        raise SimError(f"{machine.host} does not start: {refused.why}", hint=ANEW) from None


def require_room(docker: DockerClient, needs_bytes: int) -> None:
    """Raise DiskTooSmall unless the engine's disk has so many bytes free; an engine elsewhere is not asked."""
    root = docker.info.root
    if root.is_dir():
        free = shutil.disk_usage(root).free
        if free < needs_bytes:
            raise DiskTooSmall(root, needs_bytes, free)
