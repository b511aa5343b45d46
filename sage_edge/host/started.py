"""Record how compose made our containers, and tell how one that runs differs from that.

    /srv/sage/deploy/started.json    format 1, replaced each time that the board starts a release
    {"format": 1, "release": "ab12…", "containers": {"sage-agent-1": {"Privileged": null, "Memory": 3221225472, …}}}

What compose made of the release's own files is what the engine says of a container that it has just made. Whatever
differs later (`docker update`, a changed file and `up`, another network) was done by hand. An engine's zeros, empty
lists and missing keys all mean nothing; lists have no order but for a command's words, because
compose gives them none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sage_edge.host import durable

ContainerSettings = Mapping[str, Any]

_CONFIG = ("User", "Env", "WorkingDir", "StopTimeout", "StopSignal")
_ORDERED = ("Cmd", "Entrypoint", "Healthcheck")
_HOST_CONFIG = (
    "Privileged",
    "CapAdd",
    "CapDrop",
    "SecurityOpt",
    "ReadonlyRootfs",
    "MaskedPaths",
    "ReadonlyPaths",
    "UsernsMode",
    "NetworkMode",
    "PidMode",
    "IpcMode",
    "UTSMode",
    "CgroupnsMode",
    "CgroupParent",
    "GroupAdd",
    "Runtime",
    "Init",
    "Binds",
    "Tmpfs",
    "Devices",
    "DeviceRequests",
    "DeviceCgroupRules",
    "Sysctls",
    "Ulimits",
    "OomScoreAdj",
    "Memory",
    "MemorySwap",
    "MemoryReservation",
    "ShmSize",
    "NanoCpus",
    "CpuShares",
    "CpuQuota",
    "CpuPeriod",
    "CpusetCpus",
    "PidsLimit",
    "PortBindings",
    "ExtraHosts",
    "Dns",
    "RestartPolicy",
    "LogConfig",
)
_MOUNT = ("Type", "Source", "Destination", "RW")
_LONGEST = 60


class StartedRecord(NamedTuple):
    """What was started last. containers: by name."""

    release: str
    containers: Mapping[str, ContainerSettings]


def write(path: Path, release: str, containers: Mapping[str, Mapping[str, Any]]) -> None:
    """Record containers that were just made. containers: name → the engine's full answer."""
    seen = {name: settings(full) for name, full in containers.items()}
    durable.replace(path, durable.canonical({"format": 1, "release": release, "containers": seen}))


def read(path: Path) -> StartedRecord | None:
    """Return the newest record, None where there is none that can be read."""
    try:
        content = json.loads(path.read_bytes())
        if content["format"] == 1:
            return StartedRecord(str(content["release"]), dict(content["containers"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def settings(full: Mapping[str, Any]) -> ContainerSettings:
    """Return all that compose decides of a container, from the engine's full answer."""
    config, host = full.get("Config") or {}, full.get("HostConfig") or {}
    networks = (full.get("NetworkSettings") or {}).get("Networks") or {}
    mounts = [{key: mount.get(key) for key in _MOUNT} for mount in full.get("Mounts") or ()]
    return {
        **{key: _plain(config.get(key)) for key in _CONFIG},
        **{key: config.get(key) or None for key in _ORDERED},
        **{key: _plain(host.get(key)) for key in _HOST_CONFIG},
        "Mounts": _plain(mounts),
        "Networks": _plain(list(networks)),
    }


def differences(record: StartedRecord | None, name: str, release: str, full: Mapping[str, Any]) -> list[str] | None:
    """Return how a container differs from what was started under its name, sorted; None: nothing was recorded."""
    if record is None or name not in record.containers:
        return None
    if record.release != release:
        return [f"it was made for release {release or 'none'}, the board started {record.release}"]
    before, now = record.containers[name], settings(full)
    return sorted(_told(key, before.get(key), now.get(key)) for key in now if before.get(key) != now.get(key))


def rights(full: Mapping[str, Any]) -> list[str]:
    """Return by what a container could change this board, whatever its name: nothing for an ordinary one."""
    return sorted(set(_rights(full)))


def _rights(full: Mapping[str, Any]) -> Iterator[str]:
    host = full.get("HostConfig") or {}
    if host.get("Privileged"):
        yield "privileged"
    if host.get("PidMode") == "host":
        yield "sees all processes"
    for capability in host.get("CapAdd") or ():
        if str(capability).upper().replace("CAP_", "") in ("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE"):
            yield f"may {capability}"
    for mount in full.get("Mounts") or ():
        source = str(mount.get("Source", "")).rstrip("/") or "/"
        if mount.get("Type") == "bind" and (source.endswith("docker.sock") or (mount.get("RW") and _is_ours(source))):
            yield f"mounts {source}"


def _is_ours(source: str) -> bool:
    return source in ("/", "/etc", "/srv", "/var", "/var/lib") or source.startswith(("/srv/sage", "/etc/sage"))


def _plain(value: Any) -> Any:
    """The same without order and without the many spellings of nothing."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in sorted(value.items())} or None
    if isinstance(value, list):
        return sorted((_plain(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True)) or None
    return value or None


def _told(key: str, before: Any, now: Any) -> str:
    """One difference in words. Of variables only names are told: a value may be a secret that somebody put there."""
    if key == "Env":
        changed = sorted({str(pair).partition("=")[0] for pair in {*(before or ())} ^ {*(now or ())}})
        return f"Env: {', '.join(changed)}"
    if isinstance(before, list) or isinstance(now, list):
        gone = [inner for inner in before or () if inner not in (now or ())]
        new = [inner for inner in now or () if inner not in (before or ())]
        before, now = (gone, new) if gone or new else (before, now)
    return f"{key}: {_short(before)} became {_short(now)}"


def _short(value: Any) -> str:
    text = "nothing" if not value else "yes" if value is True else json.dumps(value, sort_keys=True).strip('"')
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
