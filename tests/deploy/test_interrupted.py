"""Every state of a deployment with every fault, on a real board: it comes to rest on the old release or the new one.

    error      what follows the state's line in the journal fails
    killed     the helper dies there
    link lost  the sshd that serves the workstation dies there, and the helper lives on
    reboot     the board goes down there, and settles it by itself when it comes up

The helper that is shipped has no switch for this: a driver on the board imports it from its own archive. It lies where
a reboot leaves it, and a fault that never struck fails the test.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.errors import SageError
from sage_edge.host import states
from sage_edge.image.built import BuiltImage
from sage_edge.remote.board import helper_zipapp
from sage_edge.workstation import deploy_service
from tests.deploy.ground import SPROUT, Ground
from tests.deploy.understudy import derived
from tests.drawn import by_commit

pytestmark = pytest.mark.docker

DRIVER = f"""
import json, os, signal, sys
sys.path.insert(0, os.path.realpath("{helper_zipapp.LINK}"))
from pathlib import Path
from sage_edge.host import command_table, durable
from sage_edge.host.board_paths import Places

state, fault, verb = sys.argv[1:4]
append = durable.append

def ancestors(pid):
    while pid > 1:
        pid = int(Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid, Path(f"/proc/{{pid}}/comm").read_text().strip()

def until(path, entry):
    append(path, entry)
    if entry.get("state") != state:
        return
    if fault == "error":
        raise OSError(5, "Input/output error")
    if fault == "link lost":
        serving = [pid for pid, name in ancestors(os.getpid()) if name.startswith("sshd")]
        os.kill(serving[0], signal.SIGKILL)
    else:
        os.kill(os.getpid(), signal.SIGKILL)

durable.append = until
request = json.load(sys.stdin)
print(json.dumps(command_table.answer(command_table.real(Places(), "driver", lambda line: None), verb, request)))
"""
FAULTS = ("error", "killed", "link lost", "reboot")
STATES = tuple(state for state in states.MOVES if not state.startswith("revert"))
ONLY_FORWARD = ("confirmed", "committed")


@pytest.fixture(scope="module")
def pair(ground: Ground, built: BuiltImage) -> Iterator[tuple[BuiltImage, BuiltImage]]:
    """Two images that the board has; one of them serves."""
    both = (built, derived(built, "RUN touch /interrupted"))
    ground.boards.inside("sprout", "cat > /opt/sim/driver.py", DRIVER.encode())
    for image in both:
        ground.pretend(image)
        ground.deploy()
    yield both
    ground.pretend(built)


def turned(ground: Ground, pair: tuple[BuiltImage, BuiltImage]) -> tuple[BuiltImage, BuiltImage]:
    """Return (the image that serves now, the other one), which now counts as built; nobody holds the board's lock."""
    with ground.desk.board(SPROUT) as board:
        board.release_lock(None)
    old, new = pair if ground.running().startswith(pair[0].id) else pair[::-1]
    assert ground.running() == f"{old.id} running"
    ground.pretend(new)
    return old, new


def go_until(ground: Ground, state: str, fault: str) -> str:
    """Deploy what is pretended until the fault strikes in a state; return the release that was on its way."""
    wanted = deploy_service.wanting(ground.desk, ground.desk.fleet.host("sprout"))(ground.facts())
    with ground.desk.board(SPROUT) as board:
        token = str(board.acquire(f"to meet with {fault} when {state}")["token"])
    permit = deploy_service.permit_writer(ground.desk, lambda _: None, back=False)(wanted)
    stage: dict[str, object] = {"token": token, "files": dict(wanted.files), "image_from": [], "permit": permit}
    steps: list[tuple[str, dict[str, object]]] = [
        ("stage", stage),
        ("activate", {"token": token, **asdict(RolloutTimeouts(health_s=40))}),
        ("confirm", {"token": token, "release": wanted.short}),
    ]
    before = len(ground.states())
    for verb, request in steps:
        words = f"sudo python3 /opt/sim/driver.py {state} '{fault}' {verb}"
        done = ground.boards.ssh("sprout", words, json.dumps(request).encode())
        if done.code != 0:
            if state not in (passed := ground.states()[before:]):
                pytest.fail(f"{verb} failed for another reason, after {passed}: {done.complaint}")
            return wanted.short
    pytest.fail(f"no {fault} when {state}")


def rest(ground: Ground, seconds: float = 120) -> str:
    """Wait until no deployment is open, and return how the last one ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (state := ground.states()[-1]) in states.OVER:
            return state
        time.sleep(0.3)
    pytest.fail(f"the deployment is still {ground.states()[-1]}")


@pytest.mark.parametrize("state", by_commit(STATES, 3, "reboots"))
def test_a_board_that_reboots_settles_it_by_itself(
    ground: Ground, pair: tuple[BuiltImage, BuiltImage], state: str
) -> None:
    old, new = turned(ground, pair)
    release = go_until(ground, state, "reboot")
    ground.boards.restart("sprout")
    ended = rest(ground)
    assert ended == ("committed" if state in ONLY_FORWARD else "reverted")
    assert ground.running() == f"{(new if ended == 'committed' else old).id} running"
    assert (ground.facts().deployed.current == release) == (ended == "committed")
    assert "sage-revert.timer" not in ground.boards.inside("sprout", "systemctl list-timers --all").text


@pytest.mark.parametrize(("state", "fault"), by_commit(list(itertools.product(STATES, FAULTS[:3])), 8, "deploys"))
def test_the_next_deploy_settles_it(
    ground: Ground, pair: tuple[BuiltImage, BuiltImage], state: str, fault: str
) -> None:
    old, new = turned(ground, pair)
    go_until(ground, state, fault)
    assert ground.running().split()[:1] in ([old.id], [new.id], [])  # none: its replacement is being started
    with ground.desk.board(SPROUT) as board:
        board.release_lock(None)  # which its holder no longer does
    done = ground.deploy()
    assert done.changed or state in ONLY_FORWARD  # a helper that lives on may have committed it meanwhile
    assert not (done.changed and state == "committed")
    assert ground.states()[-1] == "committed"
    assert ground.running() == f"{new.id} running"
    assert "sage-revert.timer" not in ground.boards.inside("sprout", "systemctl list-timers --all").text


def test_a_driver_without_a_fault_is_noticed(ground: Ground, pair: tuple[BuiltImage, BuiltImage]) -> None:
    turned(ground, pair)
    with pytest.raises(pytest.fail.Exception, match="no error when nowhere"):
        go_until(ground, "nowhere", "error")


def test_a_lock_of_a_dead_process_of_ours_keeps_nobody_waiting(
    ground: Ground, pair: tuple[BuiltImage, BuiltImage]
) -> None:
    turned(ground, pair)
    with ground.desk.board(SPROUT) as board:
        board.acquire("to die")
    lock = "/srv/sage/deploy/lock.json"
    ground.boards.inside("sprout", f'sed -i \'s/"pid":[0-9]*/"pid":1/\' {lock}')
    with pytest.raises(SageError, match="the board is locked by"):
        ground.deploy()  # process 1 lives
    ground.boards.inside("sprout", f'sed -i \'s/"pid":[0-9]*/"pid":4194305/\' {lock}')
    assert ground.deploy().changed  # no process has a number so high
