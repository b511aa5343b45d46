"""Stand-ins made, made anew, looked at and taken away. Every call may be repeated, and goes on where one was cut off.

absent ── create ──► created ── files laid inside ── start ──► running ── systemd agrees ──► its key is noted
                          ▲ a killed `up` goes on here                ▲ after a restart of the machine: here
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sage_edge import files, locks
from sage_edge.errors import UsageError
from sage_edge.exchange import writers
from sage_edge.hints import invoke
from sage_edge.image import engine
from sage_edge.image.docker_objects import EngineInfo
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import EngineRefused
from sage_edge.inventory.fleet import Fleet
from sage_edge.sim import access, container_files, containers, image, readiness
from sage_edge.sim.container_files import Piece
from sage_edge.sim.errors import SimError
from sage_edge.sim.place import HUB, OVERLAY, Machine, SimPlace

_LOCKED = "the set of stand-in boards"
_OWN_KEY = "test ! -e /srv/sage/deploy/retired.json && exec ssh-keygen -y -f /srv/sage/keys/exchange"
"""A board that was retired has none that counts."""

_RUNNING_BYTES = 1_000_000_000
"""What three fresh stand-ins, their logs and a small image inside each take."""


def up(fleet: Fleet, place: SimPlace, log: Callable[[str], None], base: str | None = None) -> tuple[Machine, ...]:
    """Return the stand-ins of a fleet under its overlay `sim`, all running; what is missing is made and started.

    log: gets a line for what takes time. base: a Debian 12 image to build upon, else one is made.
    Raises SimError, DockerError, Locked.
    """
    facts = _boards(fleet)
    with engine.connect() as docker:
        _require_processor(fleet, docker.info)
        with locks.hold(place.lock, _LOCKED):
            return _raise(docker, fleet, place, facts, image.ensure(docker, log, base), log)


def renew(fleet: Fleet, place: SimPlace, host: str, log: Callable[[str], None]) -> Machine:
    """Replace one stand-in by a fresh one, with keys of its own, an empty engine and no trace of what it was."""
    facts = _boards(fleet)
    with engine.connect() as docker, locks.hold(place.lock, _LOCKED):
        old = containers.machines(docker, place).get(host)
        if old is None:
            raise UsageError(f"no stand-in named {host} is up", hint=invoke("sim.up"))
        docker.remove(old.container)
        machines = _raise(docker, fleet, place, facts, old.image, log)
    return next(machine for machine in machines if machine.host == host)


def down(place: SimPlace, *, images: bool = False) -> int:
    """Remove every container, volume, network and file of the set; return how many stand-ins there were.

    images: also the images that any set was made of. Raises SimError, DockerError, Locked.
    """
    with engine.connect() as docker, locks.hold(place.lock, _LOCKED):
        gone = containers.machines(docker, place)
        for machine in gone.values():
            docker.remove(machine.container)
        if docker.has_network(place.name):
            docker.remove_network(place.name)
        for name in docker.images("sage-sim-*") if images else ():
            docker.remove_image(name)
        for path in place.files:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not there, or holding what is not ours
            place.folder.rmdir()
    return len(gone)


@dataclass(frozen=True)
class StandIn:
    """A stand-in and what systemd inside says: `running`, `degraded`, …; on the hub `running` when sshd listens."""

    machine: Machine
    system: str


def status(place: SimPlace) -> tuple[StandIn, ...]:
    """Return what is there, in name order. Raises DockerError."""
    with engine.connect() as docker:
        machines = [machine for _, machine in sorted(containers.machines(docker, place).items())]
        systems = [readiness.look(docker, m).system if m.state == "running" else "" for m in machines]
    return tuple(map(StandIn, machines, systems))


def admit(place: SimPlace) -> tuple[str, ...]:
    """Let the boards' own exchange keys in at the hub, and return the hosts whose keys it now knows.

    A board makes its key when it is provisioned; one that has none yet is left out. Raises UsageError without a hub.
    """
    with engine.connect() as docker, locks.hold(place.lock, _LOCKED, wait_s=30):
        machines = containers.machines(docker, place)
        if HUB not in machines:
            raise UsageError("no hub is up", hint=invoke("sim.up"))
        keys = _admitted(docker, machines[HUB])
        for host, machine in machines.items():
            if machine.is_board:
                key = _printed(docker, machine, "sh", "-c", _OWN_KEY)
                keys.update({host: key} if key else {})
        _lay(docker, machines[HUB], container_files.gate(keys))
    return tuple(sorted(keys))


def dismiss(place: SimPlace, host: str) -> None:
    """Let a host's key in at the hub no more. Raises UsageError without a hub."""
    with engine.connect() as docker, locks.hold(place.lock, _LOCKED, wait_s=30):
        machines = containers.machines(docker, place)
        if HUB not in machines:
            raise UsageError("no hub is up", hint=invoke("sim.up"))
        keys = {name: key for name, key in _admitted(docker, machines[HUB]).items() if name != host}
        _lay(docker, machines[HUB], container_files.gate(keys))


def _admitted(docker: DockerClient, hub: Machine) -> dict[str, str]:
    """Name → key of everybody whom the hub lets in."""
    return container_files.admitted(_printed(docker, hub, "cat", f"/{container_files.GATE}"))


def _printed(docker: DockerClient, machine: Machine, *words: str) -> str:
    """Return what words print inside; nothing where they fail or the stand-in is stopped."""
    try:
        done = docker.execute(machine.container, *words)
    except EngineRefused:
        return ""
    return done.text if done.code == 0 else ""


def hosts(fleet: Fleet) -> frozenset[str]:
    """Return the names of all stand-ins of a fleet under its overlay `sim`: its boards and the hub."""
    return frozenset({HUB, *_boards(fleet)})


def _boards(fleet: Fleet) -> Mapping[str, Mapping[str, str]]:
    """Host → facts, of every host that is to be stood in for."""
    if fleet.overlay != OVERLAY:
        raise ValueError(f"expected the fleet under the overlay {OVERLAY}, got {fleet.overlay}")
    facts = container_files.all_facts()
    return {str(host.name): facts[host.board] for host in fleet.hosts.values() if host.board in facts}


def _require_processor(fleet: Fleet, engine_info: EngineInfo) -> None:
    for host in _boards(fleet):
        board = fleet.board_of(host)
        if engine_info.arch not in board.arch:
            raise SimError(
                f"this engine runs {engine_info.arch} containers, "
                f"{board.name} is declared for {' or '.join(board.arch)}",
                hint=("use an engine on such a machine; the demo needs none: ", invoke("demo")),
            )


def _raise(
    docker: DockerClient,
    fleet: Fleet,
    place: SimPlace,
    boards: Mapping[str, Mapping[str, str]],
    made_of: str,
    log: Callable[[str], None],
) -> tuple[Machine, ...]:
    """Bring every stand-in of a set up. made_of: the image for those that are missing."""
    files.make_folder(place.folder)
    is_known = place.key.is_file()
    public_key = access.ensure_key(place)
    for operator in fleet.owners("deploy"):
        access.ensure_operator(place, operator)
    content = {HUB: container_files.of_hub(writers.folders(fleet), public_key)}
    content.update({host: container_files.of_board(facts, public_key) for host, facts in boards.items()})
    machines = containers.machines(docker, place)
    if any(host not in machines for host in content):
        containers.require_room(docker, _RUNNING_BYTES)
    if not docker.has_network(place.name):
        docker.create_network(place.name, {containers.LABEL: place.name})
    for host, pieces in content.items():
        machine = machines.get(host) or _created(docker, place, host, made_of)
        if machine.image != made_of:
            log(f"{host} was made of another image; to make all anew: invoke sim.down && invoke sim.up")
        if machine.state == "created":
            _lay(docker, machine, pieces)
        elif not is_known and host == HUB:  # the folder was lost, and the old key with it
            _lay(docker, machine, container_files.gate({**_admitted(docker, machine), "desk": public_key}))
        elif not is_known:
            _lay(docker, machine, pieces)
        if machine.state != "running":
            log(f"starting {host}")
            _started(docker, machine)
        machines[host] = replace(machine, state="running")
    return _written_down(docker, place, made_of, machines, log)


def _created(docker: DockerClient, place: SimPlace, host: str, made_of: str) -> Machine:
    new = containers.describe(place, host, _free_port(), made_of)
    docker.create(new)
    return Machine(host, new.name, new.ports[containers.SSH], "created", made_of)


def _started(docker: DockerClient, machine: Machine) -> None:
    try:
        containers.start(docker, machine)
    except SimError:
        if machine.state == "created":  # the next `up` tries another port
            docker.remove(machine.container)
        raise


def _lay(docker: DockerClient, machine: Machine, pieces: list[Piece]) -> None:
    docker.put(machine.container, container_files.packed(pieces))


def _written_down(
    docker: DockerClient, place: SimPlace, made_of: str, have: Mapping[str, Machine], log: Callable[[str], None]
) -> tuple[Machine, ...]:
    """Wait until all of them are up, and write where and who they are."""
    keys: dict[str, str] = {}
    for host, machine in have.items():
        seen = readiness.wait(docker, machine)
        keys[host] = seen.key
        if seen.failed:
            log(f"{host} is up, but {', '.join(seen.failed)} failed; see: docker exec {machine.container} journalctl")
    all_of_them = tuple(machine for _, machine in sorted(have.items()))
    _keep(place.known_hosts, access.known_hosts(keys))
    _keep(place.config, access.config(place, all_of_them))
    hosts = {m.host: {"container": m.container, "port": m.port, "user": m.user} for m in all_of_them}
    state = {"format": 1, "name": place.name, "image": made_of, "hosts": hosts}
    _keep(place.state, json.dumps(state, indent=1) + "\n")
    return all_of_them


def _keep(path: Path, text: str) -> None:
    if not (path.is_file() and path.read_text("utf-8") == text):
        files.write_atomic(path, text.encode())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
