"""Words of commands, and what is made of the engine's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.sim import Machine, Place, engine
from sage_edge.sim.engine import DiskTooSmall, Engine, NoAccess, NoEngine, PortTaken, SimError
from tests.sim.stub import StubDocker

FACTS_6 = (
    "--cgroupns host --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW "
    "--cap-add SYS_PTRACE --cap-add SYS_CHROOT --cap-add MKNOD --cap-add AUDIT_WRITE --cap-add AUDIT_CONTROL "
    "--cap-add SETFCAP --cap-add SYS_NICE --cap-add DAC_READ_SEARCH --cap-add SYSLOG --cap-add IPC_LOCK "
    "--cap-add LINUX_IMMUTABLE --cap-add SYS_TIME --device-cgroup-rule a *:* rwm -v /var/lib/docker --tmpfs /run "
    "--tmpfs /run/lock -v /sys/fs/cgroup:/sys/fs/cgroup:rw"
)
BOARD = Machine("sprout", "set-sprout", 4001, "exited", "image")


def test_a_board_gets_exactly_the_rights_that_are_known_to_do(place: Place) -> None:
    words = " ".join(engine.creation(place, "sprout", 4001, "image:1").words)
    assert words.startswith("docker create --name set-sprout --hostname sprout ")
    assert words.endswith(f"{FACTS_6} image:1")
    assert "--privileged" not in words
    assert "--network set --network-alias sprout -p 127.0.0.1:4001:22 " in words


def test_the_hub_gets_no_rights_at_all(place: Place) -> None:
    words = engine.creation(place, "hub", 4000, "image:1").words
    assert words[-2:] == ("image:1", "/opt/sim/hub")
    assert not {"--cap-add", "--security-opt", "--device-cgroup-rule", "-v"} & set(words)


def test_what_there_is_is_read_from_labels(docker: StubDocker, place: Place) -> None:
    docker.answers("ps*", "set-sprout\\tsprout\\t4001\\trunning\\timage:1\\nset-hub\\thub\\t4000\\texited\\timage:1\\n")
    assert engine.machines(place) == {
        "sprout": Machine("sprout", "set-sprout", 4001, "running", "image:1"),
        "hub": Machine("hub", "set-hub", 4000, "exited", "image:1"),
    }
    assert "--filter label=sage.sim=set " in docker.asked[-1]
    assert [machine.user for machine in engine.machines(place).values()] == ["sage", "git"]


def test_an_engine_that_answers(docker: StubDocker) -> None:
    assert engine.find() == Engine("26.1.5", "x86_64", Path("/nowhere"))


def test_no_docker_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoEngine, match="docker is not installed") as refused:
        engine.find()
    assert refused.value.code == 4
    assert ".ci/engine" in hints.text(refused.value.hint)


@pytest.mark.parametrize(
    ("says", "complains", "code", "kind"),
    [
        ("", "Cannot connect to the Docker daemon. Is it running?", 1, NoEngine),
        ("\\t\\t\\n", "errors pretty printing info", 1, NoEngine),
        ("\\t\\t\\n", "", 0, NoEngine),
        ("", "permission denied while trying to connect to the Docker daemon socket", 1, NoAccess),
    ],
)
def test_an_engine_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, complains: str, code: int, kind: type[SimError]
) -> None:
    stub = StubDocker(tmp_path, monkeypatch)
    stub.answers("info*", says, complains=complains, code=code)
    with pytest.raises(kind) as refused:
        engine.find()
    assert refused.value.hint


@pytest.mark.parametrize(
    "complaint",
    [
        "driver failed programming external connectivity: Bind for 127.0.0.1:4001 failed: port is already allocated",
        "listen tcp4 127.0.0.1:4001: bind: address already in use",
    ],
)
def test_a_port_that_is_taken_is_named(docker: StubDocker, complaint: str) -> None:
    docker.answers("start*", complains=complaint, code=1)
    with pytest.raises(PortTaken, match=r"port 4001 of this machine, where sprout's sshd belongs") as refused:
        engine.start(BOARD)
    assert refused.value.code == 5


def test_any_other_reason_is_told(docker: StubDocker) -> None:
    docker.answers("start*", complains="unable to apply caps", code=1)
    with pytest.raises(SimError, match="sprout does not start: unable to apply caps"):
        engine.start(BOARD)


def test_a_full_disk_is_said_before_anything_is_made(tmp_path: Path) -> None:
    here = Engine("26", "x86_64", tmp_path)
    engine.require_room(here, 1)
    with pytest.raises(DiskTooSmall, match=r"GB free, the stand-in boards need 1000000000 GB") as refused:
        engine.require_room(here, 10**18)
    assert refused.value.code == 3
    engine.require_room(Engine("26", "x86_64", tmp_path / "on another machine"), 10**18)


def test_words_reach_the_stand_in_as_they_are(docker: StubDocker) -> None:
    engine.inside(BOARD, "sh", "-c", "a b", stdin=b"x")
    engine.inside(BOARD, "true")
    assert docker.asked == ["exec --interactive set-sprout sh -c a b", "exec set-sprout true"]
