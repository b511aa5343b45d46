"""On stand-in boards: whatever is done to what runs, status, plan and verify say so, and a deploy leads out."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from sage_edge.errors import SageError, Unreachable
from sage_edge.image.built import BuiltImage
from sage_edge.remote.errors import RollbackFailed, RolledBack
from sage_edge.remote.ssh import keepalive
from sage_edge.workstation import deploy_service, status_service, verify_service
from tests.deploy.breaks import HEALTHY
from tests.deploy.ground import QUICK, SPROUT, Ground
from tests.deploy.understudy import derived

pytestmark = pytest.mark.docker

_RELEASE = 'cd "$(readlink -f /srv/sage/current)"'
_UP = f"docker compose up -d && {HEALTHY}"

_REVERTED = 'tail -n 1 /srv/sage/deploy/journal.jsonl | grep -q \'"state":"reverted"\''


def noted(ground: Ground) -> str:
    """What status says of Sprout."""
    facts = ground.facts()
    row = status_service._row("sprout", facts, None, ground.desk.fleet.name)
    return f"{row[1]} {row[2]}: {row[-1]}"


def failed(ground: Ground) -> set[str]:
    return {result.check for result in verify_service.quick(ground.desk, SPROUT).failed}


def why(ground: Ground) -> str:
    return "; ".join(deploy_service.planned(ground.desk, SPROUT).why)


@pytest.fixture
def sound(ground: Ground, served: BuiltImage) -> Iterator[BuiltImage]:
    """Sprout serves, and all three say so, before and after."""
    ground.boards.inside("sprout", HEALTHY)
    assert (failed(ground), why(ground)) == (set(), "")
    assert noted(ground).endswith("running, healthy: -")
    yield served
    ground.pretend(served)
    ground.boards.inside("sprout", HEALTHY)
    assert (failed(ground), why(ground)) == (set(), "")


DRIFTS = (
    ("a file is edited", f"{_RELEASE} && echo '# x' >>compose.yaml", "files of the release", "compose.yaml"),
    ("a file is added", f"{_RELEASE} && echo x >fleet/x.yaml", "files of the release", "fleet/x.yaml (new)"),
    (
        "compose.yaml lets more be done, and up",
        f"{_RELEASE} && sed -i 's/    read_only: true/    pid: host/' compose.yaml && {_UP}",
        "agent as it was started",
        "PidMode: nothing became host",
    ),
    (
        "docker update",
        "docker update --memory 1g --memory-swap 1g sage-agent-1",
        "agent as it was started",
        "Memory: 2147483648 became 1073741824",
    ),
    (
        "another network",
        "docker network create -d bridge elsewhere; docker network connect elsewhere sage-agent-1",
        "agent as it was started",
        'Networks: nothing became ["elsewhere"]',
    ),
)


def test_drift_is_named_and_a_deploy_mends_it_all(ground: Ground, sound: BuiltImage) -> None:
    for name, how, check, words in DRIFTS:
        done = ground.boards.inside("sprout", f"set -e; {how}")
        assert done.code == 0, done.complaint
        assert check in failed(ground), name
        assert words in noted(ground), name
        assert words in why(ground), name
    assert ground.deploy().changed
    assert not ground.deploy().changed
    assert (failed(ground), why(ground)) == (set(), "")


def test_a_foreign_container_with_the_root_folder_is_told(ground: Ground, sound: BuiltImage) -> None:
    run = f"docker run -d --name spy -v /:/host --entrypoint sleep {sound.id} 300"
    assert ground.boards.inside("sprout", run).code == 0
    try:
        report = verify_service.quick(ground.desk, SPROUT)
        (told,) = (one for one in report.results if one.check == "containers that are not ours")
        assert (told.verdict, told.answer) == ("warn", "spy: mounts /")
        assert "not ours, but could change this board: spy: mounts /" in noted(ground)
    finally:
        ground.boards.inside("sprout", "docker rm --force spy")


@pytest.mark.full
def test_the_engine_stops_during_a_deploy_and_comes_back(ground: Ground, sound: BuiltImage) -> None:
    old = ground.facts().serving
    ground.pretend(derived(sound, "RUN printf '#!/bin/sh\\nsleep 20\\n' > /usr/local/bin/sage-smoke"))
    ended: list[SageError] = []

    def deploy() -> None:
        try:
            ground.deploy()
        except SageError as failure:
            ended.append(failure)

    deploying = threading.Thread(target=deploy)
    before = len(ground.states())
    ground.boards.inside("sprout", "systemctl stop sage-watch.timer")  # first, nothing is done about it
    deploying.start()
    canary = "docker top sage-agent-1 2>/dev/null | grep -q sage-smoke"
    ground.boards.inside("sprout", f"for i in $(seq 240); do {canary} && break; sleep 0.25; done")
    ground.boards.inside("sprout", "systemctl stop docker.socket docker.service")
    deploying.join()
    assert [type(one) for one in ended] == [RollbackFailed]
    assert ended[0].code == 7
    assert ground.states()[before:][-1] == "revert-failed"
    assert ground.helper(SPROUT, "recover --because=boot")["result"] == {"entry": None}
    ground.boards.inside("sprout", "systemctl start docker.socket docker.service")
    ground.boards.inside("sprout", "docker start sage-agent-1; true")
    new = ground.facts().serving
    assert new != old
    assert f"{new} running" in noted(ground), "the release that runs, not the one that the link names"
    assert "could not be taken back" in noted(ground)
    assert {"newest deployment", "agent's release"} <= failed(ground)
    ground.pretend(sound)
    assert "could not be taken back" in why(ground), "the old declarations are not what runs"
    ground.boards.inside("sprout", "systemctl start sage-watch.timer")
    ground.boards.inside("sprout", f"for i in $(seq 120); do {_REVERTED} && break; sleep 1; done")
    assert ground.states()[-1] == "reverted"
    assert ground.facts().serving == old


@pytest.mark.full
def test_a_refused_agent_stays_down_and_a_silent_one_is_restarted(ground: Ground, sound: BuiltImage) -> None:
    """By the timer that provisioning has started; ten minutes of silence are put into its record."""
    record, restarted = "/run/sage-watch.json", "docker inspect -f '{{.State.StartedAt}}' sage-agent-1"
    before = ground.boards.inside("sprout", restarted).text
    ground.boards.inside(
        "sprout",
        f"touch /srv/sage/state/mute; sleep 2; systemctl start sage-watch.service; "
        f'sed -i \'s/"since":[0-9.]*/"since":0/\' {record}; systemctl start sage-watch.service; '
        "rm /srv/sage/state/mute",
    )
    assert ground.boards.inside("sprout", restarted).text != before
    with ground.desk.seen(SPROUT) as there:
        assert there.audit(1)["lines"][0]["action"] == "agent-restarted"
    assert "the board did something about it 1 time" in noted(ground)
    ground.boards.inside("sprout", f"rm {record}; echo 3 >/srv/sage/state/refused; docker restart -t 5 sage-agent-1")
    down = "[ \"$(docker inspect -f '{{.State.Status}}' sage-agent-1)\" = exited ]"
    assert ground.boards.inside("sprout", f"for i in $(seq 100); do {down} && exit 0; sleep 1; done; exit 1").code == 0
    ground.boards.inside("sprout", "sleep 5; rm /srv/sage/state/refused")
    assert "the agent's container is exited with 3" in noted(ground)
    assert "the agent's container is exited with 3" in why(ground)
    assert "agent" in failed(ground)
    assert ground.deploy().changed


@pytest.mark.full
def test_an_agent_that_hangs_at_its_start_does_not_pass_the_gate(ground: Ground, sound: BuiltImage) -> None:
    """Its health check would, by the heartbeat that the agent before has left."""
    ground.pretend(
        derived(sound, "RUN printf '#!/bin/sh\\ntrap exit TERM\\nsleep 600 & wait\\n' > /usr/local/bin/sage-edge")
    )
    with pytest.raises(RolledBack, match="it has written no heartbeat since it was started"):
        ground.deploy()
    assert ground.running() == f"{sound.id} running"


def test_a_full_state_volume_is_said_and_nothing_is_lost(ground: Ground, sound: BuiltImage) -> None:
    apart = (
        "docker stop -t 5 sage-agent-1 && cp -a /srv/sage/state /run/kept-state && "
        "mount -t tmpfs -o size=$(($(du -sk /run/kept-state | cut -f1) + 256))k tmpfs /srv/sage/state && "
        "cp -a /run/kept-state/. /srv/sage/state/ && "
        "chown 10001:10001 /srv/sage/state && chmod 0750 /srv/sage/state && docker start sage-agent-1"
    )
    try:
        moved = ground.boards.inside("sprout", apart)
        assert moved.code == 0, moved.complaint
        ground.boards.inside("sprout", "cat /dev/zero >/srv/sage/state/filler; sync")
        kept = ground.boards.inside("sprout", "cat /srv/sage/state/heartbeat.json").text
        assert "0 B of room for state" in noted(ground)
        assert "room for state" in failed(ground)
        assert kept.startswith("{"), "the newest heartbeat is whole"
    finally:
        back = (
            "docker stop -t 5 sage-agent-1; umount /srv/sage/state; rm -rf /run/kept-state; docker start sage-agent-1"
        )
        ground.boards.inside("sprout", back)


@contextlib.contextmanager
def paused(ground: Ground) -> Iterator[None]:
    """Freeze the board: every process of it, its sshd too; the kernel still acknowledges."""
    container = ground.boards.machine("sprout").container
    from sage_edge import shell

    shell.run(shell.Command(("docker", "pause", container)))
    try:
        yield
    finally:
        shell.run(shell.Command(("docker", "unpause", container)))


def test_a_board_that_hangs_during_a_switch_goes_back_by_itself(
    ground: Ground, sound: BuiltImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepalive, "ALIVE_S", 1)
    ground.pretend(derived(sound, "RUN printf '#!/bin/sh\\nsleep 30\\n' > /usr/local/bin/sage-smoke"))
    ended: list[SageError] = []
    options = type(QUICK)(session_s=60, health_s=40, revert_s=25)

    def deploy() -> None:
        try:
            ground.deploy(options=options)
        except SageError as failure:
            ended.append(failure)

    deploying = threading.Thread(target=deploy)
    before = len(ground.states())
    deploying.start()
    while "started" not in ground.states()[before:]:
        time.sleep(0.2)
    with paused(ground):
        deploying.join(timeout=20)
        assert not deploying.is_alive(), "it waits no longer than the keepalive"
    assert [type(one) for one in ended] == [Unreachable]
    assert ended[0].code == 4
    assert "it takes itself back at " in ended[0].message
    until = time.monotonic() + 90
    while ground.states()[-1] != "reverted":
        assert time.monotonic() < until, ground.states()[before:]
        time.sleep(0.5)
    assert ground.running() == f"{sound.id} running"
