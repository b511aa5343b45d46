"""Load the files below `fleet/` into one Fleet: all of them, at once, with every fault.

Every overlay is checked too, whether asked for or not. A fault that appears only under an overlay
is the overlay's, and is reported in its file.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import JsonValue

from sage_edge import hints
from sage_edge.declared import Reader
from sage_edge.errors import Fault
from sage_edge.files import listed
from sage_edge.inventory import session_kinds, signers
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.cadence import Schedule
from sage_edge.inventory.declarations import FleetFile, Overlay
from sage_edge.inventory.fleet import Fleet, overridden
from sage_edge.inventory.host_entry import CONDUCTING, Host
from sage_edge.inventory.overlay_merge import laid_over
from sage_edge.inventory.roles import Role
from sage_edge.inventory.session_kinds import SessionKinds
from sage_edge.inventory.signers import Signer

Content = Mapping[str, JsonValue]
Record = TypeVar("Record", Role, Board, Overlay)

_FIXED = ("format", "name", "role")
"""Keys of a host that no overlay may touch: a machine's card must not be a way to other rights."""


def load(folder: Path, overlay: str | None = None, *, strangers: bool = False) -> Fleet:
    """Return the fleet that a folder declares. Raises DeclarationError with every fault.

    strangers: keys may count whose host no file declares: for who looks whether there are any, or retires one.
    """
    reader = Reader(folder)
    fleet = read(reader, overlay, strangers=strangers)
    reader.finish()
    if fleet is None:
        raise RuntimeError("the inventory was refused without a fault")
    return fleet


def read(reader: Reader, overlay: str | None = None, *, strangers: bool = False) -> Fleet | None:
    """Return the fleet below the reader's folder, or None after noting every fault there. strangers: as of `load`."""
    fleets = read_all(reader, strangers=strangers)
    if overlay is not None and overlay not in (known := overlays(reader.folder)):
        missing = f"the file is missing; overlays: {', '.join(known) or 'none'}"
        reader.faults.append(Fault(f"{reader.folder.name}/overlays/{overlay}.yaml", "", missing))
        return None
    return fleets.get(overlay)


def read_all(reader: Reader, *, strangers: bool = False) -> Mapping[str | None, Fleet]:
    """Return overlay → fleet, None → the fleet without one; empty after noting every fault there.

    strangers: as of `load`.
    """
    before = len(reader.faults)
    files = replace(_read_files(reader), strangers=strangers)
    plain = reader.beside()
    fleets: dict[str | None, Fleet | None] = {None: _assemble(plain, files, None)}
    reader.faults += plain.faults
    for name, over in _named(reader, "overlays", Overlay).items():
        fleets[name] = _overlaid(reader, files, name, over, set(plain.faults))
    if len(reader.faults) > before:
        return {}
    return {name: fleet for name, fleet in fleets.items() if fleet is not None}


def overlays(folder: Path) -> tuple[str, ...]:
    """Return the names of the overlays that a fleet folder declares, good or not."""
    return tuple(path.stem for path in listed(folder / "overlays", "*.yaml"))


@dataclass(frozen=True)
class _Files:
    """What was read before anything was laid over it; a value that could not be read is absent.

    strangers: as of `load`.
    """

    fleet: Content | None
    hosts: Mapping[str, Content]
    roles: Mapping[str, Role]
    boards: Mapping[str, Board]
    kinds: SessionKinds | None
    strangers: bool = False


def _read_files(reader: Reader) -> _Files:
    if reader.folder.is_dir():
        reader.paths("")  # claims and theories may be absent, so nobody would miss one that has another ending
    fleet = reader.raw(reader.folder / "fleet.yaml")
    hosts: dict[str, Content] = {}
    for path in reader.paths("hosts"):
        content = reader.raw(path)
        if content is not None:
            hosts[path.stem] = content
    return _Files(
        fleet, hosts, _named(reader, "roles", Role), _named(reader, "boards", Board), session_kinds.read(reader)
    )


def _named(reader: Reader, subfolder: str, kind: type[Record]) -> dict[str, Record]:
    if subfolder == "overlays" and not (reader.folder / subfolder).is_dir():
        return {}
    records = reader.read_all(subfolder, kind)
    for stem, record in records.items():
        _check_name(reader, reader.folder / subfolder / f"{stem}.yaml", record.name)
    return records


def _check_name(reader: Reader, path: Path, name: str) -> None:
    if name != path.stem:
        reader.fault(path, "name", f"expected {path.stem}, as the file is named, got {str(name)!r}")


def _assemble(reader: Reader, files: _Files, overlay: str | None) -> Fleet | None:
    """Check the records one by one, then against each other; return None after noting faults."""
    top = None if files.fleet is None else reader.check(reader.folder / "fleet.yaml", files.fleet, FleetFile)
    hosts: dict[str, Host] = {}
    for stem, content in files.hosts.items():
        path = reader.folder / "hosts" / f"{stem}.yaml"
        host = reader.check(path, content, Host)
        if host is not None:
            hosts[stem] = host
            _check_name(reader, path, host.name)
            _check_host(reader, path, host, files)
    if top is not None and files.kinds is not None:
        _check_schedules(reader, top, hosts, files.kinds)
    if top is None or files.kinds is None or reader.faults:
        return None
    return Fleet(
        folder=reader.folder,
        name=top.name,
        remote=top.exchange.remote,
        wake_every=top.wake_every,
        cadence=top.cadence,
        hosts=MappingProxyType(hosts),
        roles=MappingProxyType(dict(files.roles)),
        boards=MappingProxyType(dict(files.boards)),
        kinds=files.kinds,
        addresses=reader.folder,
        overlay=overlay,
        registry=top.registry,
        signers=_signers(reader, reader.folder, hosts, files),
        hub_administrator=top.exchange.administrator,
        clock_ahead=top.clock_ahead,
        clock_slack=top.clock_slack,
    )


def _signers(reader: Reader, folder: Path, hosts: Collection[str], files: _Files) -> tuple[Signer, ...]:
    """Return the lines of a folder's allowed_signers; note a fault for each that is none, or whose host is gone.

    A host that was retired keeps its lines, which all have ended, so that what it wrote can be checked for ever.
    """
    path, signed = folder / signers.FILE, []
    try:
        for number, line in signers.lines(signers.read(folder)):
            try:
                signer = signers.parse(line)
            except ValueError as wrong:
                reader.fault(path, f"line {number}", str(wrong))
                continue
            if signer.host not in hosts and signer.until is None and not files.strangers:
                retire = hints.text(hints.invoke("retire", host=signer.host))
                reader.fault(path, f"line {number}", f"no host named '{signer.host}'; if it is gone for good: {retire}")
            signed.append(signer)
    except (OSError, ValueError) as unreadable:
        reader.fault(path, "", f"cannot be read: {unreadable}")
    return tuple(signed)


def _check_host(reader: Reader, path: Path, host: Host, files: _Files) -> None:
    _check_known(reader, path, "role", host.role)
    _check_known(reader, path, "board", host.board)
    role = files.roles.get(host.role)
    if role is None:
        return
    conducts = role.may("conduct") or any(role.may(kind.ability) for kind in files.kinds or ())
    for key in CONDUCTING:
        given = getattr(host, key) is not None
        if conducts and not given:
            reader.fault(path, key, f"is missing; a {role.name} conducts sessions")
        if given and not conducts:
            reader.fault(path, key, f"is only for a host that conducts sessions; a {role.name} does not")
    if host.serve is not None and not role.may("answer"):
        reader.fault(path, "serve", f"is only for a host that answers others; a {role.name} does not")


def _check_known(reader: Reader, path: Path, key: str, name: str) -> None:
    """Note a fault unless a file of that name is there; whether that file is good is said elsewhere."""
    known = [file.stem for file in listed(reader.folder / f"{key}s", "*.yaml")]
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(known) or 'none'}"
    reader.fault(path, key, f"no {key} named '{name}'{guess}")


def _check_schedules(reader: Reader, top: FleetFile, hosts: Mapping[str, Host], kinds: SessionKinds) -> None:
    """Check the fleet's cadences, and each host's own, against the kinds that have one."""
    scheduled = [kind.name for kind in kinds if kind.has_cadence]
    faults = dict(top.cadence.faults(scheduled))
    for key, message in faults.items():
        reader.fault(reader.folder / "fleet.yaml", f"cadence.{key}", message)
    for stem, host in hosts.items():
        if host.schedule is None or faults:
            continue
        merged, path = Reader(reader.folder), reader.folder / "hosts" / f"{stem}.yaml"
        schedule = merged.check(path, overridden(top.cadence, host.schedule), Schedule)
        for key, message in schedule.faults(scheduled) if schedule else ():
            merged.fault(path, key, message)
        for fault in merged.faults:
            reader.fault(path, f"schedule.{fault.key}", fault.message)


def _overlaid(reader: Reader, files: _Files, stem: str, overlay: Overlay, known: Collection[Fault]) -> Fleet | None:
    """Return the fleet under an overlay; faults that are not `known` without it are noted in its file."""
    path = reader.folder / "overlays" / f"{stem}.yaml"
    hosts = dict(files.hosts)
    for name, change in overlay.hosts.items():
        _check_overlaid(reader, path, name, change)
        if name in hosts:
            free = {key: value for key, value in change.items() if key not in _FIXED}
            hosts[name] = laid_over(hosts[name], free)
    fleet = None if files.fleet is None else laid_over(files.fleet, overlay.fleet)
    under = reader.beside()
    for name in overlay.hosts:
        under.lay_over(reader.folder / "hosts" / f"{name}.yaml", path, f"hosts.{name}")
    under.lay_over(reader.folder / "fleet.yaml", path, "fleet")
    result = _assemble(under, replace(files, fleet=fleet, hosts=hosts), stem)
    broken = {fault.file for fault in known}
    for fault in under.faults:
        place = f"{_place(fault.file)}.{fault.key}".rstrip(".")
        # below a broken file only what the overlay itself says is the overlay's fault
        if fault not in known and (fault.file not in broken or _says(overlay, place)):
            reader.fault(path, place, fault.message)
    if result is None or overlay.addresses is None:
        return result
    addresses = reader.folder.absolute().parent / overlay.addresses
    # on a board there are no addresses: what lies in its fleet/ was shipped from there
    signed = _signers(reader, addresses, result.hosts, files) if addresses.is_dir() else result.signers
    return replace(result, addresses=addresses, signers=signed)


def _check_overlaid(reader: Reader, path: Path, name: str, change: Content) -> None:
    if not (reader.folder / "hosts" / f"{name}.yaml").is_file():
        reader.fault(path, f"hosts.{name}", "no host of that name to lay this over")
    for key in _FIXED:
        if key in change:
            reader.fault(path, f"hosts.{name}.{key}", "an overlay may not change this")


def _says(overlay: Overlay, place: str) -> bool:
    """Whether an overlay holds a value at a place like `hosts.sprout.engine.kind`."""
    value: JsonValue = {"fleet": overlay.fleet, "hosts": {str(name): change for name, change in overlay.hosts.items()}}
    for key in place.split("."):
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _place(file: str) -> str:
    """Where an overlay speaks of a file: `fleet/hosts/sprout.yaml` → `hosts.sprout`, `fleet/fleet.yaml` → `fleet`."""
    path = Path(file)
    return f"hosts.{path.stem}" if path.parent.name == "hosts" else "fleet"
