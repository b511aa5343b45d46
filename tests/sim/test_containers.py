"""The containers of the stand-ins: their rights, what there is, and what a start runs into."""

from __future__ import annotations

import pytest

from sage_edge.errors import ExitCode
from sage_edge.image.engine import DockerClient
from sage_edge.sim import Machine, SimPlace, containers
from sage_edge.sim.errors import DiskTooSmall, PortTaken, SimError
from tests.sim.stub import INFO, StubEngine

FACTS_6 = {
    "CgroupnsMode": "host",
    "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
    "MaskedPaths": [],
    "ReadonlyPaths": [],
    "CapAdd": [
        "SYS_ADMIN",
        "NET_ADMIN",
        "NET_RAW",
        "SYS_PTRACE",
        "SYS_CHROOT",
        "MKNOD",
        "AUDIT_WRITE",
        "AUDIT_CONTROL",
        "SETFCAP",
        "SYS_NICE",
        "DAC_READ_SEARCH",
        "SYSLOG",
        "IPC_LOCK",
        "LINUX_IMMUTABLE",
        "SYS_TIME",
    ],
    "DeviceCgroupRules": ["a *:* rwm"],
    "Tmpfs": {"/run": "", "/run/lock": ""},
    "Binds": ["/sys/fs/cgroup:/sys/fs/cgroup:rw"],
}
BOARD = Machine("sprout", "set-sprout", 4001, "exited", "image")


def created(stubbed: StubEngine, docker: DockerClient, place: SimPlace, host: str) -> dict[str, object]:
    """What the engine is told when a host's container is created."""
    stubbed.answers("POST /containers/create*", {"Id": "x"})
    docker.create(containers.describe(place, host, 4001, "image:1"))
    assert stubbed.asked[-1] == f"POST /containers/create?name=set-{host}"
    body: dict[str, object] = stubbed.bodies[stubbed.asked[-1]]
    return body


def test_a_board_gets_exactly_the_rights_that_are_known_to_do(
    stubbed: StubEngine, docker: DockerClient, place: SimPlace
) -> None:
    body = created(stubbed, docker, place, "sprout")
    bindings = {"22/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4001"}]}
    assert body["HostConfig"] == {**FACTS_6, "NetworkMode": "set", "PortBindings": bindings}
    assert body["NetworkingConfig"] == {"EndpointsConfig": {"set": {"Aliases": ["sprout"]}}}
    assert (body["Image"], body["Hostname"], body.get("Cmd")) == ("image:1", "sprout", None)
    assert body["Volumes"] == {"/var/lib/docker": {}}
    assert body["Labels"] == {"sage.sim": "set", "sage.sim.host": "sprout", "sage.sim.port": "4001"}


def test_the_hub_gets_no_rights_at_all(stubbed: StubEngine, docker: DockerClient, place: SimPlace) -> None:
    body = created(stubbed, docker, place, "hub")
    assert isinstance(body["HostConfig"], dict)
    assert set(body["HostConfig"]) == {"NetworkMode", "PortBindings"}
    assert (body["Cmd"], body["Volumes"]) == (["/opt/sim/hub"], {})


def row(host: str, state: str) -> dict[str, object]:
    """A container as the engine lists it."""
    labels = {"sage.sim": "set", "sage.sim.host": host, "sage.sim.port": "4000"}
    return {"Names": [f"/set-{host}"], "State": state, "Image": "image:1", "Labels": labels}


def test_what_there_is_is_read_from_labels(stubbed: StubEngine, docker: DockerClient, place: SimPlace) -> None:
    stubbed.answers("GET /containers/json*", [row("sprout", "running"), row("hub", "exited")])
    machines = containers.machines(docker, place)
    assert machines == {
        "sprout": Machine("sprout", "set-sprout", 4000, "running", "image:1"),
        "hub": Machine("hub", "set-hub", 4000, "exited", "image:1"),
    }
    assert 'filters={"label":+["sage.sim=set"]}' in stubbed.asked[-1]
    assert "all=1" in stubbed.asked[-1]
    assert [machine.user for machine in machines.values()] == ["sage", "git"]


@pytest.mark.parametrize(
    "complaint",
    [
        "driver failed programming external connectivity: Bind for 127.0.0.1:4001 failed: port is already allocated",
        "listen tcp4 127.0.0.1:4001: bind: address already in use",
    ],
)
def test_a_port_that_is_taken_is_named(stubbed: StubEngine, docker: DockerClient, complaint: str) -> None:
    stubbed.refuses("POST /containers/set-sprout/start", complaint)
    with pytest.raises(PortTaken) as refused:
        containers.start(docker, BOARD)
    assert (refused.value.host, refused.value.port, refused.value.code) == ("sprout", 4001, ExitCode.LOCKED)


def test_any_other_reason_is_told(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.refuses("POST /containers/set-sprout/start", "unable to apply caps")
    with pytest.raises(SimError, match="unable to apply caps") as refused:
        containers.start(docker, BOARD)
    assert not isinstance(refused.value, PortTaken)


def test_a_full_disk_is_said_before_anything_is_made(
    stubbed: StubEngine, docker: DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    containers.require_room(docker, 10**18)  # of an engine elsewhere nothing is known
    del docker.info
    folder = tmp_path_factory.mktemp("engine")
    stubbed.instead("GET /info", {**INFO, "DockerRootDir": str(folder)})
    containers.require_room(docker, 1)
    with pytest.raises(DiskTooSmall) as refused:
        containers.require_room(docker, 10**18)
    assert (refused.value.folder, refused.value.code) == (folder, ExitCode.REFUSED)
    assert refused.value.free_bytes < refused.value.needs_bytes == 10**18
