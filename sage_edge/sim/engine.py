"""The workstation's Docker engine, asked and told by its command line. Every command is a value first.

The flags of a board are those of facts §6: with fewer, systemd or the engine inside does not start; `--privileged` is
more than many machines grant.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge import shell
from sage_edge.errors import CommandFailed, ExitCode, SageError
from sage_edge.shell import Command, Result
from sage_edge.sim.place import HUB, Machine, Place

LABEL = "sage.sim"
_CAPABILITIES = (
    "SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "SYS_NICE", "DAC_READ_SEARCH", "SYSLOG", "IPC_LOCK", "LINUX_IMMUTABLE", "SYS_TIME",
)  # fmt: skip
_BOARD = (
    "--cgroupns", "host",  # private: containers inside could not mount cgroups
    "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
    "--security-opt", "systempaths=unconfined",
    *(word for name in _CAPABILITIES for word in ("--cap-add", name)),
    "--device-cgroup-rule", "a *:* rwm",
    "-v", "/var/lib/docker",  # a volume: overlay2 does not stack upon overlay2
    "--tmpfs", "/run", "--tmpfs", "/run/lock", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw",
)  # fmt: skip
_ROW = "\t".join(
    ("{{.Names}}", f'{{{{.Label "{LABEL}.host"}}}}', f'{{{{.Label "{LABEL}.port"}}}}', "{{.State}}", "{{.Image}}")
)
BUILDING_S = 1800.0


class SimError(SageError):
    """The stand-in boards could not be brought to what was asked."""


class NoEngine(SimError):
    """No Docker engine answers on this machine."""

    code = ExitCode.UNREACHABLE

    def __init__(self, why: str) -> None:
        super().__init__(
            f"no Docker engine answers here: {why}",
            hint="on Debian: .ci/engine installs and starts one; elsewhere install Docker 20.10 or newer and start it",
        )


class NoAccess(SimError):
    """An engine is there, but this person may not speak to it."""

    code = ExitCode.REFUSED

    def __init__(self) -> None:
        super().__init__(
            "this user may not speak to the Docker engine",
            hint="sudo usermod -aG docker $USER, then log in again; or do it as root",
        )


class PortTaken(SimError):
    """Something else listens where a stand-in's sshd belongs."""

    code = ExitCode.LOCKED

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"port {port} of this machine, where {host}'s sshd belongs, is in use by something else",
            hint=f"end what listens there (ss -ltnp 'sport = :{port}'), or make the stand-ins anew: "
            "invoke sim.down && invoke sim.up",
        )


class DiskTooSmall(SimError):
    """The engine's disk has no room for what was asked."""

    code = ExitCode.REFUSED

    def __init__(self, folder: Path, needs_bytes: int, free_bytes: int) -> None:
        super().__init__(
            f"{folder} has {free_bytes / 1e9:.1f} GB free, the stand-in boards need {needs_bytes / 1e9:.0f} GB",
            hint="make room, e.g. docker system prune; then: invoke sim.up",
        )


@dataclass(frozen=True)
class Engine:
    """What an engine says of itself. root: where it keeps images and volumes."""

    version: str
    arch: str
    root: Path


def find() -> Engine:
    """Return the engine that answers. Raises NoEngine, NoAccess."""
    words = ("docker", "info", "--format", "{{.ServerVersion}}\t{{.Architecture}}\t{{.DockerRootDir}}")
    try:
        told = shell.attempt(Command(words, timeout_s=20))
    except CommandFailed as absent:
        raise NoEngine(absent.output) from None
    if "permission denied" in told.complaint:
        raise NoAccess
    version, _, rest = told.text.strip().partition("\t")
    if told.code != 0 or not version:
        raise NoEngine((told.complaint.splitlines() or ["docker info says nothing"])[-1])
    arch, _, root = rest.partition("\t")
    return Engine(version, arch, Path(root))


def require_room(engine: Engine, needs_bytes: int) -> None:
    """Raise DiskTooSmall unless the engine's disk has so many bytes free; an engine elsewhere is not asked."""
    if engine.root.is_dir():
        free = shutil.disk_usage(engine.root).free
        if free < needs_bytes:
            raise DiskTooSmall(engine.root, needs_bytes, free)


def docker(*words: str, stdin: bytes = b"", timeout_s: float = 120.0) -> Command:
    """Return the command line of one docker command."""
    return Command(("docker", *words), stdin=stdin, timeout_s=timeout_s)


def creation(place: Place, host: str, port: int, image: str) -> Command:
    """Return the command that makes a host's container; it does not start it."""
    labels: Mapping[str, str] = {LABEL: place.name, f"{LABEL}.host": host, f"{LABEL}.port": str(port)}
    told = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    net = ("--network", place.name, "--network-alias", host, "-p", f"127.0.0.1:{port}:22")
    return docker(
        "create", "--name", place.container(host), "--hostname", host, *told, *net,
        *(() if host == HUB else _BOARD), image, *(("/opt/sim/hub",) if host == HUB else ()),
    )  # fmt: skip


def machines(place: Place) -> dict[str, Machine]:
    """Return host → stand-in of every container of the set, running or not."""
    words = ("ps", "--all", "--filter", f"label={LABEL}={place.name}", "--format", _ROW)
    rows = [line.split("\t") for line in shell.run(docker(*words)).text.splitlines()]
    return {host: Machine(host, name, int(port), state, image) for name, host, port, state, image in rows}


def start(machine: Machine) -> None:
    """Start a container that is there. Raises PortTaken."""
    done = shell.attempt(docker("start", machine.container))
    if done.code == 0:
        return
    if any(word in done.complaint for word in ("already allocated", "already in use", "ports are not available")):
        raise PortTaken(machine.host, machine.port)
    raise SimError(f"{machine.host} does not start: {done.complaint}", hint="invoke sim.down && invoke sim.up")


def inside(machine: Machine, *words: str, stdin: bytes = b"", timeout_s: float = 120.0) -> Result:
    """Run words as root in a stand-in and return whatever happened."""
    taking = ("--interactive",) if stdin else ()
    return shell.attempt(docker("exec", *taking, machine.container, *words, stdin=stdin, timeout_s=timeout_s))


def has_image(image: str) -> bool:
    """Whether the engine has an image of that name or id."""
    return shell.attempt(docker("image", "inspect", "--format", "{{.Id}}", image)).code == 0
