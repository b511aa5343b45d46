"""How a container differs from what compose made: each setting that gives it more, and no noise."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from sage_edge.host import started

FULL: dict[str, Any] = {
    "Id": "1",
    "Config": {"User": "10001:10001", "Env": ["A=1", "SAGE_RELEASE=ab"], "Cmd": ["agent", "run"]},
    "HostConfig": {
        "Privileged": False,
        "Memory": 3 << 30,
        "CapDrop": ["ALL"],
        "Binds": None,
        "PidMode": "",
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
    },
    "Mounts": [{"Type": "bind", "Source": "/srv/sage/state", "Destination": "/srv/sage/state", "RW": True}],
    "NetworkSettings": {"Networks": {"sage_default": {"IPAddress": "172.18.0.2"}}},
}
ROOT = {"Type": "bind", "Source": "/", "Destination": "/host", "RW": True}


def found(tmp_path: Path, full: dict[str, Any], release: str = "ab") -> list[str] | None:
    started.write(tmp_path / "started.json", "ab", {"agent": FULL})
    return started.differences(started.read(tmp_path / "started.json"), "agent", release, full)


def changed(part: str, **settings: Any) -> dict[str, Any]:
    full = copy.deepcopy(FULL)
    full[part] = {**full[part], **settings}
    return full


@pytest.mark.parametrize(
    ("full", "told"),
    [
        (FULL, []),
        (changed("HostConfig", Memory=1 << 30), ["Memory: 3221225472 became 1073741824"]),
        (changed("HostConfig", Privileged=True), ["Privileged: nothing became yes"]),
        (changed("HostConfig", CapDrop=[]), ['CapDrop: ["ALL"] became nothing']),
        (changed("Config", User="root"), ["User: 10001:10001 became root"]),
        (changed("Config", Env=["A=s3cret", "SAGE_RELEASE=ab", "B=1"]), ["Env: A, B"]),
        (changed("Config", Cmd=["run", "agent"]), ['Cmd: ["agent", "run"] became ["run", "agent"]']),
        (changed("NetworkSettings", Networks={"sage_default": {}, "host": {}}), ['Networks: nothing became ["host"]']),
        (changed("Config", Env=["SAGE_RELEASE=ab", "A=1"]), []),
        (changed("HostConfig", Binds=[], PidMode=None), []),
        (changed("NetworkSettings", Networks={"sage_default": {"IPAddress": "172.18.0.9"}}), []),
    ],
)
def test_what_somebody_changed_is_named(tmp_path: Path, full: dict[str, Any], told: list[str]) -> None:
    assert found(tmp_path, full) == told


def test_another_mount_is_named_by_its_source(tmp_path: Path) -> None:
    lines = found(tmp_path, {**copy.deepcopy(FULL), "Mounts": [ROOT, *FULL["Mounts"]]}) or pytest.fail("nothing")
    assert len(lines) == 1
    assert lines[0].startswith('Mounts: nothing became [{"Destination": "/host", "RW": true, "Source": "/"')


def test_a_container_of_another_release_is_told_as_one(tmp_path: Path) -> None:
    assert found(tmp_path, FULL, "cd") == ["it was made for release cd, the board started ab"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 2}', '{"format": 1, "release": "ab"}'])
def test_without_a_record_nobody_can_say(tmp_path: Path, content: str) -> None:
    (tmp_path / "started.json").write_text(content)
    assert started.read(tmp_path / "started.json") is None
    assert started.differences(None, "agent", "ab", FULL) is None


@pytest.mark.parametrize(
    ("full", "told"),
    [
        (FULL, ["mounts /srv/sage/state"]),
        ({}, []),
        ({"HostConfig": {"Privileged": True}, "Mounts": [ROOT]}, ["mounts /", "privileged"]),
        ({"HostConfig": {"PidMode": "host"}}, ["sees all processes"]),
        ({"HostConfig": {"CapAdd": ["CAP_SYS_ADMIN", "NET_RAW"]}}, ["may CAP_SYS_ADMIN"]),
        ({"Mounts": [{"Type": "bind", "Source": "/run/docker.sock", "RW": False}]}, ["mounts /run/docker.sock"]),
        ({"Mounts": [{**ROOT, "RW": False}, {**ROOT, "Source": "/data"}]}, []),
        ({"Mounts": [{"Type": "volume", "Source": "/var/lib/docker/volumes/x/_data", "RW": True}]}, []),
    ],
)
def test_rights_over_the_board_are_named(full: dict[str, Any], told: list[str]) -> None:
    assert started.rights(full) == told
