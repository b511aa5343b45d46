"""Stand-ins made, made anew, looked at and taken away. Every call may be repeated, and goes on where one was cut off.

absent ── create ──► created ── files laid inside ── start ──► running ── systemd agrees ──► its key is noted
                          ▲ a killed `up` goes on here                ▲ after a restart of the machine: here
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sage_edge import files, locks, shell
from sage_edge.errors import UsageError
from sage_edge.exchange import writers
from sage_edge.inventory.fleet import Fleet
from sage_edge.sim import access, container_files, engine, image, readiness
from sage_edge.sim.container_files import Piece
from sage_edge.sim.engine import Engine, SimError, docker
from sage_edge.sim.image import Tell
from sage_edge.sim.place import HUB, OVERLAY, Machine, Place

_LOCKED = "the set of stand-in boards"
_RUNNING_BYTES = 1_000_000_000
"""What three fresh stand-ins, their logs and a small image inside each take."""


def up(fleet: Fleet, place: Place, tell: Tell, base: str | None = None) -> tuple[Machine, ...]:
    """Return the stand-ins of a fleet under its overlay `sim`, all running; what is missing is made and started.

    tell: told what takes time. base: a Debian 12 image to build upon, else one is made. Raises SimError, Locked.
    """
    wanted, found = _boards(fleet), engine.find()
    _require_processor(fleet, found)
    with locks.hold(place.lock, _LOCKED):
        return _raise(fleet, place, wanted, image.ensure(found, tell, base), found, tell)


def renew(fleet: Fleet, place: Place, host: str, tell: Tell) -> Machine:
    """Replace one stand-in by a fresh one, with keys of its own, an empty engine and no trace of what it was."""
    wanted, found = _boards(fleet), engine.find()
    with locks.hold(place.lock, _LOCKED):
        old = engine.machines(place).get(host)
        if old is None:
            raise UsageError(f"no stand-in named {host} is up", hint="invoke sim.up")
        shell.run(docker("rm", "--force", "--volumes", old.container))
        made = _raise(fleet, place, wanted, old.image, found, tell)
    return next(machine for machine in made if machine.host == host)


def down(place: Place, *, images: bool = False) -> int:
    """Remove every container, volume, network and file of the set; return how many stand-ins there were.

    images: also the images that any set was made of. Raises SimError, Locked.
    """
    engine.find()
    with locks.hold(place.lock, _LOCKED):
        gone = engine.machines(place)
        if gone:
            names = (machine.container for machine in gone.values())
            shell.run(docker("rm", "--force", "--volumes", *names))
        if _has_network(place):
            shell.run(docker("network", "rm", place.name))
        if images:
            words = ("images", "--quiet", "--filter", "reference=sage-sim-*")
            if every := dict.fromkeys(shell.run(docker(*words)).text.split()):
                shell.run(docker("rmi", "--force", *every))
        for path in (place.state, place.config, place.known_hosts, place.key, place.key.with_suffix(".pub")):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not there, or holding what is not ours
            place.folder.rmdir()
    return len(gone)


@dataclass(frozen=True)
class Seen:
    """A stand-in and what systemd inside says: `running`, `degraded`, …; on the hub `running` when sshd listens."""

    machine: Machine
    system: str


def status(place: Place) -> tuple[Seen, ...]:
    """Return what is there, in name order. Raises NoEngine, NoAccess."""
    engine.find()
    found = sorted(engine.machines(place).items())
    return tuple(
        Seen(machine, readiness.look(machine).system if machine.state == "running" else "") for _, machine in found
    )


def admit(place: Place) -> tuple[str, ...]:
    """Let the boards' own exchange keys in at the hub, and return the hosts whose keys it now knows.

    A board makes its key when it is provisioned; one that has none yet is left out. Raises UsageError without a hub.
    """
    with locks.hold(place.lock, _LOCKED, wait_s=30):
        found = engine.machines(place)
        if HUB not in found:
            raise UsageError("no hub is up", hint="invoke sim.up")
        keys = _admitted(found[HUB])
        for host, machine in found.items():
            read = engine.inside(machine, "ssh-keygen", "-y", "-f", "/srv/sage/keys/exchange")
            if machine.is_board and read.code == 0:
                keys[host] = read.text
        _lay(found[HUB], [container_files.gate(keys)])
    return tuple(sorted(keys))


def _admitted(hub: Machine) -> dict[str, str]:
    """Name → key of everybody whom the hub lets in."""
    lines = engine.inside(hub, "cat", f"/{container_files.GATE}").text.splitlines()
    fields = [line.split() for line in lines]
    return {words[-1]: " ".join(words[1:3]) for words in fields if len(words) == 4}


def hosts(fleet: Fleet) -> frozenset[str]:
    """Return the names of all stand-ins of a fleet under its overlay `sim`: its boards and the hub."""
    return frozenset({HUB, *_boards(fleet)})


def _boards(fleet: Fleet) -> Mapping[str, Mapping[str, str]]:
    """Host → facts, of every host that is to be stood in for."""
    if fleet.overlay != OVERLAY:
        raise ValueError(f"expected the fleet under the overlay {OVERLAY}, got {fleet.overlay}")
    facts = container_files.all_facts()
    return {str(host.name): facts[host.board] for host in fleet.hosts.values() if host.board in facts}


def _require_processor(fleet: Fleet, found: Engine) -> None:
    for host in _boards(fleet):
        board = fleet.board_of(host)
        if found.arch not in board.arch:
            raise SimError(
                f"this engine runs {found.arch} containers, {board.name} is declared for {' or '.join(board.arch)}",
                hint="use an engine on such a machine; the demo needs none: invoke demo",
            )


def _raise(
    fleet: Fleet, place: Place, boards: Mapping[str, Mapping[str, str]], made_of: str, found: Engine, tell: Tell
) -> tuple[Machine, ...]:
    files.make_folder(place.folder)
    is_known = place.key.is_file()
    public_key = access.ensure_key(place)
    content = {HUB: container_files.of_hub(writers.folders(fleet), public_key)}
    content.update({host: container_files.of_board(facts, public_key) for host, facts in boards.items()})
    have = engine.machines(place)
    if any(host not in have for host in content):
        engine.require_room(found, _RUNNING_BYTES)
    _ensure_network(place)
    for host, pieces in content.items():
        machine = have.get(host) or _created(place, host, made_of)
        if machine.image != made_of:
            tell(f"{host} was made of another image; to make all anew: invoke sim.down && invoke sim.up")
        if machine.state == "created":
            _lay(machine, pieces)
        elif not is_known:  # the folder was lost, and the old key with it
            _lay(machine, [container_files.gate({**_admitted(machine), "desk": public_key})] if host == HUB else pieces)
        if machine.state != "running":
            tell(f"starting {host}")
            _started(machine)
        have[host] = replace(machine, state="running")
    return _written_down(place, made_of, have, tell)


def _created(place: Place, host: str, made_of: str) -> Machine:
    port = _free_port()
    shell.run(engine.creation(place, host, port, made_of))
    return Machine(host, place.container(host), port, "created", made_of)


def _started(machine: Machine) -> None:
    try:
        engine.start(machine)
    except SimError:
        if machine.state == "created":  # the next `up` tries another port
            shell.attempt(docker("rm", "--force", "--volumes", machine.container))
        raise


def _lay(machine: Machine, pieces: list[Piece]) -> None:
    shell.run(docker("cp", "-", f"{machine.container}:/", stdin=container_files.packed(pieces)))


def _written_down(place: Place, made_of: str, have: Mapping[str, Machine], tell: Tell) -> tuple[Machine, ...]:
    """Wait until all of them are up, and write where and who they are."""
    keys: dict[str, str] = {}
    for host, machine in have.items():
        seen = readiness.wait(machine)
        keys[host] = seen.key
        if seen.failed:
            tell(f"{host} is up, but {', '.join(seen.failed)} failed; see: docker exec {machine.container} journalctl")
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


def _has_network(place: Place) -> bool:
    return shell.attempt(docker("network", "inspect", "--format", "{{.Id}}", place.name)).code == 0


def _ensure_network(place: Place) -> None:
    if not _has_network(place):
        shell.run(docker("network", "create", "--label", f"{engine.LABEL}={place.name}", place.name))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
