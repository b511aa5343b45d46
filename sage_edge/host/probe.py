"""Collect the facts of a board (system, disks, users, engine, releases, models) in one answer: the verb `probe`.

Facts are given as they stand (a file's text, the engine's JSON cut down to what matters); the workstation interprets
them. What cannot be read is null. Nothing is written, and no program is started that takes longer than milliseconds.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sage_edge.host import (
    beat,
    clock,
    foreign_file,
    release_listing,
    release_store,
    retirement,
    rights,
    served_line,
    started,
    watch_record,
)
from sage_edge.host.beat import Beat
from sage_edge.host.board_paths import Places
from sage_edge.host.clock import boot_id, now_s, now_text
from sage_edge.host.errors import Refusal
from sage_edge.host.journal import DeployJournal, JournalEntry
from sage_edge.host.lease import BoardLock
from sage_edge.host.machine import LocalEngine
from sage_edge.host.started import StartedRecord

_TREE = "proc/device-tree"
BOARD_FILES = (
    "etc/nv_tegra_release",
    f"{_TREE}/model",
    f"{_TREE}/compatible",
    f"{_TREE}/nvidia,boardids",
    f"{_TREE}/nvidia,dtsfilename",
    "proc/meminfo",
)
UNITS = ("sage-release.service", "sage-watch.service", "sage-watch.timer")
_UNIT_FILES = tuple(f"etc/systemd/system/{name}" for name in UNITS)
LAID = ("etc/sage/host.yaml", "etc/sage/known_hosts", "etc/sage/operators", "etc/sudoers.d/sage-host", *_UNIT_FILES)
"""Files that provisioning writes: what they hold is known by its sha256."""

WATCHED = (
    *LAID,
    "etc/sage",
    "etc/docker/daemon.json",
    "srv/sage",
    "srv/sage/deploy",
    "srv/sage/deploy/lock.json",
    "srv/sage/keys",
    "srv/sage/keys/exchange",
    "srv/sage/keys/serve",
    "srv/sage/keys/serve/token",
    "srv/sage/keys/serve/key.pem",
    "srv/sage/keys/serve/cert.pem",
    "srv/sage/models",
    "srv/sage/releases",
    "srv/sage/state",
)
"""Files whose owner and mode say whether the board is as it was provisioned."""

SECRETS = (
    "srv/sage/keys/*",
    "srv/sage/keys/serve/*",
    "srv/sage/releases/*/.env",
    "etc/ssh/ssh_host_*_key",
    "home/*/.ssh/id_*",
    "root/.ssh/id_*",
    "home/*/.docker/config.json",
    "root/.docker/config.json",
)
"""Files that nobody but their owner and group may read; public halves (*.pub) are none of them."""

GROUPS = ("docker", "video", "render", "sage", "sage-agent")
USERS = ("sage-agent",)
_STATUS_BYTES = 4_000_000
_ANYBODY_MAY_READ = 0o004


def facts(places: Places, engine: LocalEngine, helper: str) -> Mapping[str, Any]:
    """Return what is so on this board now, as one JSON object."""
    newest = beat.read(places.state)
    docker = _docker(engine, started.read(places.started), newest)
    return {
        "format": 1,
        "helper": helper,
        "at": now_text(),
        "epoch": now_s(),
        "boot": boot_id(places.root),
        "uptime_s": _uptime(places.root),
        "arch": os.uname().machine,
        "python": ".".join(map(str, sys.version_info[:3])),
        "system": _text(places.root / "etc/os-release"),
        "card": _text(places.card),
        "facts_root": str(places.facts_root),
        "board": {name: _text(places.facts_root / name) for name in BOARD_FILES},
        "memory": _memory(places.root),
        "disk": _disks(places, (docker or {}).get("root")),
        "groups": {name: _gid(name) for name in GROUPS},
        "user": _user(),
        "users": {name: _account(name) for name in USERS},
        "files": {name: _mode(places.root / name) for name in WATCHED},
        "texts": {name: _sha256(places.root / name) for name in LAID},
        "units": {name: _is_enabled(places.root, name) for name in UNITS},
        "secrets_open": _open_secrets(places.root),
        "foreign_state": rights.foreign_in(places.state),
        "docker": docker,
        "clock": kept(places.root),
        "heartbeat_age_s": newest.age_s(clock.now(clock.kernel_boot(places.root))) if newest else None,
        "failing": newest.failing if newest else None,
        "clock_doubt": newest.clock_doubt if newest else None,
        "watch": watch_record.read(places)._asdict(),
        "quarantined": _quarantined(places.state / "papers" / "status.json"),
        "deploy": _deploy(places),
        "models": _models(places),
        "bytes_missing": _bytes_missing(places),
    }


def _quarantined(path: Path) -> list[str] | None:
    """Whose branches its agent does not read, `thor: merge at 0a1b…`; null: its status page cannot be read."""
    try:
        cases = json.loads(foreign_file.read(path, _STATUS_BYTES).content)["quarantined"]
        return sorted(f"{case['host']}: {case['rule']} at {case['commit'][:12]}"[:200] for case in cases)
    except FileNotFoundError:
        return []  # it has not ended its first wake
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _deploy(places: Places) -> Mapping[str, Any]:
    damaged = lock_damaged = ""
    entries: tuple[JournalEntry, ...] = ()
    lock: object = None
    try:
        entries = DeployJournal(places.journal, places.root).entries()
    except Refusal as refused:
        damaged = refused.message
    try:
        lock = BoardLock(places.lock, places.root).status()
    except Refusal as refused:
        lock_damaged = refused.message
    pin, mark = served_line.of(entries).pin, retirement.read(places)
    short = release_store.current(places)
    return {
        "current": short,
        "release": release_store.summary(places, short) if short else None,
        "release_sha256": _sha256(places.releases / short / "release.json") if short else None,
        "files_changed": release_listing.changed(places.releases / short) if short else None,
        "releases": release_store.all_of(places),
        "journal": entries[-1]._asdict() if entries else None,
        "pin": pin.as_json() if pin else None,
        "retired": mark._asdict() if mark else None,
        "lock": lock,
        "damaged": damaged,
        "lock_damaged": lock_damaged,
    }


def _docker(engine: LocalEngine, record: StartedRecord | None, newest: Beat | None) -> Mapping[str, Any] | None:
    """What the engine is and holds; null where none answers."""
    try:
        info = engine.info()
        containers = [_container(engine, entry, record, newest) for entry in engine.containers()]
        images = sorted(entry["Id"] for entry in engine.images())
    except Refusal:
        return None
    return {
        "version": info.get("ServerVersion"),
        "runtimes": sorted(info.get("Runtimes") or {}),
        "default_runtime": info.get("DefaultRuntime"),
        "root": info.get("DockerRootDir"),
        "compose": _compose_version(),
        "containers": containers,
        "started": sorted(record.containers) if record else [],
        "images": images,
    }


def _container(
    engine: LocalEngine, listed: Mapping[str, Any], record: StartedRecord | None, newest: Beat | None
) -> Mapping[str, Any]:
    full = engine.container(str(listed["Id"])) or {}
    state, config = full.get("State") or {}, full.get("Config") or {}
    variables = dict(pair.partition("=")[::2] for pair in config.get("Env") or ())
    labels = config.get("Labels") or {}
    name = str(full.get("Name", "")).lstrip("/")
    return {
        "name": name,
        "id": full.get("Id"),
        "image": full.get("Image"),
        "status": state.get("Status"),
        "health": (state.get("Health") or {}).get("Status"),
        "started": state.get("StartedAt"),
        "restarts": full.get("RestartCount"),
        "user": config.get("User"),
        "release": variables.get("SAGE_RELEASE"),
        "exit_code": state.get("ExitCode"),
        "differs": started.differences(record, name, variables.get("SAGE_RELEASE", ""), full),
        "rights": started.rights(full),
        "beats": newest is not None and newest.is_of(full),
        "labels": {
            key: value for key, value in sorted(labels.items()) if key.startswith(("sage.", "com.docker.compose"))
        },
    }


def _compose_version() -> str | None:
    """Whether the plugin is there: its path tells without starting it."""
    for folder in ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec"):
        if Path(folder, "docker/cli-plugins/docker-compose").exists():
            return str(Path(folder, "docker/cli-plugins/docker-compose"))
    return None


def _models(places: Places) -> Mapping[str, str]:
    """Manifest path below manifests/ → its digest as `models.manifest` defines it, hex."""
    root = places.models / "manifests"
    if not root.is_dir():
        return {}
    return {
        path.relative_to(root).as_posix(): _manifest_digest(path.read_bytes())
        for path in sorted(root.rglob("*.json"))
        if path.is_file()
    }


def _manifest_digest(content: bytes) -> str:
    """SHA-256 over the canonical JSON without `created`, files by path; of what is no manifest, over its bytes."""
    try:
        listing = json.loads(content)
        listing.pop("created")
        listing["files"].sort(key=lambda file: file["path"])
        content = json.dumps(listing, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return hashlib.sha256(content).hexdigest()


def _bytes_missing(places: Places) -> list[str]:
    """Files that a manifest lists and the store lacks, or has in another length: `family/name/variant.json: path`."""
    root, wrong = places.models / "manifests", []
    for manifest in sorted(root.rglob("*.json")) if root.is_dir() else ():
        try:
            listed = json.loads(manifest.read_bytes())["files"]
            blobs = [(file["path"], file["size_bytes"], file["digest"].replace(":", "-")) for file in listed]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # what is no manifest has a digest that nobody expects
        name = manifest.relative_to(root).as_posix()
        wrong += [f"{name}: {path}" for path, size, blob in blobs if _size(places.models / "blobs" / blob) != size]
    return wrong


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _disks(places: Places, docker: str | None) -> Mapping[str, Mapping[str, int]]:
    """docker: where its engine keeps images, which may be a disk of its own. One without inodes has no room."""
    disks = {}
    engine = Path(docker or "/var/lib/docker")
    for name, path in (("sage", places.base), ("state", places.state), ("docker", engine), ("root", places.root)):
        here = next((folder for folder in (path, *path.parents) if folder.exists()), places.root)
        usage = os.statvfs(here)
        total = usage.f_blocks * usage.f_frsize
        free = 0 if usage.f_files and not usage.f_favail else usage.f_bavail * usage.f_frsize
        disks[name] = {"device": here.stat().st_dev, "free": free, "total": total}
    return disks


def _memory(root: Path) -> Mapping[str, int]:
    """Bytes in all and available."""
    rows = dict(line.partition(":")[::2] for line in (_text(root / "proc/meminfo") or "").splitlines())
    return {
        key: int(rows[name].split()[0]) * 1024
        for key, name in (("total", "MemTotal"), ("available", "MemAvailable"))
        if name in rows
    }


def kept(root: Path) -> Mapping[str, object]:
    """Whether the clock is kept, which the kernel alone knows: what keepers leave behind only says who it may be."""
    stamps = ("run/systemd/timesync/synchronized", "var/lib/systemd/timesync/clock", "run/chrony/chronyd.sock")
    return {"synchronized": clock.is_kept(), "kept_by": [stamp for stamp in stamps if (root / stamp).exists()]}


def _user() -> Mapping[str, object]:
    """Who the helper runs as, and who asked through sudo."""
    asked = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    groups = sorted(group.gr_name for group in grp.getgrall() if asked in group.gr_mem)
    uid = int(os.environ.get("SUDO_UID", os.getuid()))
    return {"uid": os.getuid(), "asked_by": asked, "asked_uid": uid, "groups": groups}


def _account(name: str) -> Mapping[str, object] | None:
    """A user's numbers, and every group that it is in besides its own."""
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        return None
    groups = sorted(group.gr_name for group in grp.getgrall() if name in group.gr_mem)
    return {"uid": account.pw_uid, "gid": account.pw_gid, "groups": groups}


def _gid(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _mode(path: Path) -> Mapping[str, object] | None:
    try:
        status = path.stat()  # of what it leads to, where a disk of its own holds it
    except OSError:
        return None
    return {
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "uid": status.st_uid,
        "gid": status.st_gid,
        "size": status.st_size,
    }


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _is_enabled(root: Path, unit: str) -> bool:
    """Whether a target pulls the unit in: what `systemctl enable` writes, read without starting it."""
    return any((target / unit).exists() for target in (root / "etc/systemd/system").glob("*.wants"))


def _open_secrets(root: Path) -> list[str]:
    """Secrets that anybody on this board may read, as paths below the root."""
    files = (path for pattern in SECRETS for path in root.glob(pattern) if path.suffix != ".pub" and path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in files if path.stat().st_mode & _ANYBODY_MAY_READ)


def _uptime(root: Path) -> float | None:
    text = _text(root / "proc/uptime")
    return float(text.split()[0]) if text else None


def _text(path: Path) -> str | None:
    """The first 8 KiB of a file, NULs kept, bytes that are no UTF-8 replaced."""
    try:
        with path.open("rb") as stream:
            return stream.read(8192).decode("utf-8", "replace")
    except OSError:
        return None
