"""Questions to a host that take more than one property of testinfra's modules."""

from __future__ import annotations

import json
from typing import Any

from testinfra.host import Host

AGENT, SERVER = "sage-agent-1", "sage-serve-1"


def digest(host: Host, path: str) -> str | None:
    """sha256:… of a file, None without one."""
    file = host.file(path)
    return f"sha256:{file.sha256sum}" if file.exists else None


def rights(host: Host, path: str) -> str | None:
    """Mode and owner, as 0750 10001:10001: four properties of testinfra's, for the price of one."""
    ran = host.run("stat -Lc '%%a %%u:%%g' %s", path)
    mode, _, owner = ran.stdout.strip().partition(" ")
    return f"{int(mode, 8):04o} {owner}" if ran.succeeded else None


def text(host: Host, path: str) -> str | None:
    """What a file holds, None without one."""
    ran = host.run("cat -- %s", path)
    return ran.stdout_bytes.decode("utf-8", "replace") if ran.succeeded else None


def facts_root(host: Host) -> str:
    """Where board facts lie: a stand-in names a folder, a board has none of its own."""
    return (text(host, "/etc/sage/facts-root") or "").strip()


def plain(value: Any) -> str:
    """A setting as one text: without order, and nothing as nothing."""
    if isinstance(value, list):
        return " ".join(sorted(map(plain, value)))
    if isinstance(value, dict):
        return " ".join(f"{key}={plain(inner)}" for key, inner in sorted(value.items()))
    return str(value or "")


def differences(host: Host, container: Container) -> frozenset[str] | None:
    """By `docker inspect`, against what the board wrote down when it started the release."""
    started = json.loads(text(host, "/srv/sage/deploy/started.json") or "{}")
    before = started.get("containers", {}).get(container.name)
    if before is None or container.says("Id") is None:
        return None
    now = {**(container.says("Config") or {}), **(container.says("HostConfig") or {})}
    now["Networks"] = list(container.says("NetworkSettings", "Networks") or ())
    now["Mounts"] = [
        {key: mount[key] for key in ("Type", "Source", "Destination", "RW")} for mount in container.says("Mounts") or ()
    ]
    return frozenset(key for key, value in before.items() if plain(value) != plain(now.get(key)))


def is_strong(container: dict[str, Any]) -> bool:
    """True if a container could change the whole board: it has all rights, or the root folder."""
    sources = {mount.get("Source") for mount in container["Mounts"] if mount["Type"] == "bind" and mount["RW"]}
    return bool(container["HostConfig"]["Privileged"]) or "/" in sources


class Container:
    """A container of ours: `docker inspect`, asked once."""

    def __init__(self, host: Host, name: str) -> None:
        self.name = name
        ran = host.run("docker container inspect %s", name)
        self._told = json.loads(ran.stdout)[0] if ran.succeeded else {}

    def says(self, *keys: str) -> Any:
        """A value of it, None where there is no such thing."""
        told = self._told
        for key in keys:
            told = (told or {}).get(key)
        return told
