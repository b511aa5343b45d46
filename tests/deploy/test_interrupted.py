"""Every state of a deployment with a dying helper or a reboot, on a real board: it comes to rest on old or new.

The helper that is shipped has no switch for this: a driver on the board imports it from its own archive and kills the
process when the journal has got the line of a state.
"""

from __future__ import annotations

import json
import time

import pytest

from sage_edge.deploy import packing
from sage_edge.deploy.wanted import Image
from sage_edge.desk import shipping
from tests.deploy.ground import SPROUT, Ground
from tests.deploy.understudy import derived

pytestmark = pytest.mark.docker

DRIVER = f"""
import json, os, signal, sys
sys.path.insert(0, os.path.realpath("{packing.LINK}"))
from sage_edge.host import durable, verbs
from sage_edge.host.places import Places
state, verb = sys.argv[1:3]
append = durable.append

def until(path, entry):
    append(path, entry)
    if entry.get("state") == state:
        os.kill(os.getpid(), signal.SIGKILL)

durable.append = until
request = json.load(sys.stdin)
print(json.dumps(verbs.answer(verbs.real(Places(), "driver", lambda line: None), verb, request)))
"""
BEFORE, DURING, AFTER = (
    ("planned", "staged"),
    ("waiting", "armed", "switched", "started", "gated"),
    ("confirmed", "committed"),
)
STATES = (*BEFORE, *DURING, *AFTER)


def drive(ground: Ground, state: str, verb: str, request: dict[str, object]) -> int:
    """Run a verb on the board, dying when the journal has got a state; return the exit status."""
    ground.boards.inside("sprout", "cat > /run/driver.py", DRIVER.encode())
    return ground.boards.inside("sprout", f"python3 /run/driver.py {state} {verb}", json.dumps(request).encode()).code


def go_until(ground: Ground, state: str) -> str:
    """Deploy what is pretended until the helper dies in a state; return the release that was on its way."""
    wanted = shipping.wanting(ground.desk, ground.desk.fleet.host("sprout"))(ground.facts())
    with ground.desk.board(SPROUT) as board:
        token = str(board.acquire(f"to die when {state}")["token"])
    stage: dict[str, object] = {"token": token, "files": dict(wanted.files), "image_from": None}
    steps: list[tuple[str, dict[str, object]]] = [
        ("stage", stage),
        ("activate", {"token": token, "health_s": 40}),
        ("confirm", {"token": token, "release": wanted.short}),
    ]
    for verb, request in steps:
        if drive(ground, state, verb, request) != 0:
            break
    return wanted.short


@pytest.fixture
def newer(ground: Ground, served: Image) -> Image:
    """Another image, already on the board, so that only the switch is left to do."""
    image = derived(served, "RUN touch /interrupted")
    ground.pretend(image)
    with ground.desk.board(SPROUT) as board:
        board.load_image(image.id)
    return image


def rest(ground: Ground, seconds: float = 120) -> str:
    """Wait until no deployment is open, and return how the last one ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (state := ground.states()[-1]) in ("committed", "reverted", "revert-failed"):
            return state
        time.sleep(0.5)
    pytest.fail(f"the deployment is still {ground.states()[-1]}")


def settled(ground: Ground, state: str, served: Image, newer: Image, release: str) -> None:
    """Whatever happened, what `current` names runs, and it is the old release or the new one."""
    ended = rest(ground)
    expected = newer if ended == "committed" else served
    assert (ended == "committed") == (state in AFTER), state
    assert ground.running() == f"{expected.id} running", state
    facts = ground.facts()
    assert (facts.deployed.current == release) == (ended == "committed")
    assert "sage-revert.timer" not in ground.boards.inside("sprout", "systemctl list-timers --all").text


@pytest.mark.parametrize("state", STATES)
def test_the_board_reboots_in_any_state(ground: Ground, served: Image, newer: Image, state: str) -> None:
    release = go_until(ground, state)
    ground.boards.restart("sprout")
    settled(ground, state, served, newer, release)
    with ground.desk.board(SPROUT) as board:
        board.release_lock(None)


@pytest.mark.parametrize("state", STATES)
def test_the_helper_dies_in_any_state_and_the_next_deploy_settles_it(
    ground: Ground, served: Image, newer: Image, state: str
) -> None:
    go_until(ground, state)
    with ground.desk.board(SPROUT) as board:
        board.release_lock(None)
    done = ground.deploy()
    assert done.changed == (state != "committed")
    assert ground.states()[-1] == "committed"
    assert ground.running() == f"{newer.id} running"
