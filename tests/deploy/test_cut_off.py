"""A link that is cut in the middle of a transfer, and a workstation that is killed: nothing is sent twice or lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from sage_edge.deploy.transport import registry
from sage_edge.errors import ExitCode, NoDiskSpace, Unreachable
from sage_edge.image.built import BuiltImage
from sage_edge.remote.ssh import client
from sage_edge.workstation import rollout_service
from tests.deploy.ground import QUICK, ROOT, SPROUT, Ground
from tests.deploy.understudy import derived
from tests.drawn import by_commit

pytestmark = pytest.mark.docker

MB = 1_000_000
LAYERS, LAYER = 5, 10 * MB
SLACK = 3 * MB
"""For ssh's own packets, manifests and what was under way in the pipes."""


class Line:
    """Counts what passes back to the board, and cuts the connection after so many bytes."""

    def __init__(self, cut_after: int | None = None) -> None:
        self.sent, self._cut_after = 0, cut_after

    def copy(self, source: Any, sink: Any) -> None:
        """In the place of `connection._copy`."""
        try:
            while piece := source.recv(1 << 16):
                sink.sendall(piece)
                if hasattr(sink, "get_transport"):
                    self.sent += len(piece)
                    if self._cut_after is not None and self.sent > self._cut_after:
                        sink.get_transport().close()
        except (OSError, EOFError):
            pass
        for side in (source, sink):
            side.close()


def heavy(of: BuiltImage, name: str) -> BuiltImage:
    """An image with layers that do not compress."""
    filled = "\n".join(f"RUN head -c {LAYER} /dev/urandom > /{name}-{number}" for number in range(LAYERS))
    return derived(of, filled)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """A line that only counts."""
    whole = Line()
    monkeypatch.setattr(client, "_copy", whole.copy)
    return whole


@pytest.mark.parametrize("after", by_commit([0.1, 0.5, 0.9], 1, "arrivals"))
def test_what_has_arrived_is_not_sent_again(
    ground: Ground, served: BuiltImage, monkeypatch: pytest.MonkeyPatch, after: float
) -> None:
    ground.pretend(heavy(served, f"cut-{after}"))
    cut = Line(int(after * LAYERS * LAYER))
    monkeypatch.setattr(client, "_copy", cut.copy)
    with pytest.raises(Unreachable) as told:
        ground.deploy()
    assert told.value.code == 4
    assert ground.running() == f"{served.id} running"
    whole = Line()
    monkeypatch.setattr(client, "_copy", whole.copy)
    with ground.desk.board(SPROUT) as board:
        board.release_lock(None)  # its holder is this process, which lives; one that has ended keeps nobody out
    assert ground.deploy().changed
    finished = cut.sent // LAYER * LAYER
    assert whole.sent <= LAYERS * LAYER - finished + LAYER + SLACK, f"{finished} bytes were there, {whole.sent} sent"
    assert whole.sent >= LAYERS * LAYER - cut.sent, "or nothing was cut"


def test_only_new_layers_travel(ground: Ground, served: BuiltImage, line: Line) -> None:
    first = heavy(served, "whole")
    ground.pretend(first)
    ground.deploy()
    assert line.sent > LAYERS * LAYER
    line.sent = 0
    ground.pretend(derived(first, "RUN touch /one-file"))
    assert ground.deploy().changed
    assert line.sent < MB


def test_a_registry_that_both_sides_reach_by_one_name(ground: Ground, served: BuiltImage, line: Line) -> None:
    """Here the board's own loopback leads to ours, by an ssh of ours beside the deploy."""
    store = ground.desk.root / ".sage" / "another-registry"
    place = ground.boards.place
    with registry.serving(store) as port:
        named = f"127.0.0.1:{port}"
        words = ("ssh", "-F", str(place.config), "-N", "-R", f"{named}:{named}", "-o", "ExitOnForwardFailure=yes")
        with subprocess.Popen((*words, "sprout")) as way:
            try:
                until_reached(ground, named)
                ground.pretend(derived(served, "RUN touch /by-name"))
                fleet = ground.desk.fleet
                desk = type(ground.desk)(ground.desk.root, type(fleet)(**{**vars(fleet), "registry": named}))
                done = rollout_service.deployed(desk, SPROUT, QUICK)
            finally:
                way.terminate()
    assert done.changed
    assert line.sent == 0


def until_reached(ground: Ground, named: str) -> None:
    """Wait until the board reaches a registry."""
    end = time.monotonic() + 20
    ask = f"python3 -c 'import urllib.request as u; u.urlopen(\"http://{named}/v2/\", timeout=5)'"
    while ground.boards.inside("sprout", ask).code != 0:
        assert time.monotonic() < end
        time.sleep(0.1)


def deploying(ground: Ground, *more: str) -> subprocess.Popen[bytes]:
    """`invoke deploy` as a person starts it, in a process group of its own."""
    return started(ground, sys.executable, "-m", "invoke", "deploy", "--host", "sprout", "--fleet", "sim", *more)


def started(ground: Ground, *words: str) -> subprocess.Popen[bytes]:
    """A process that sees the tests' fleet as its own."""
    env = {**os.environ, "SAGE_FLEET": str(ground.desk.root / "fleet")}
    return subprocess.Popen(words, cwd=ROOT, env=env, start_new_session=True, stderr=subprocess.PIPE)


_IMPATIENT = """
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.workstation import context, rollout_service as rolling
rolling.deployed(context.make_context("sim"), "sprout", RolloutTimeouts(session_s=60, health_s=40, revert_s=30))
"""
"""A deploy after which the board waits half a minute for a confirmation, instead of a quarter of an hour."""


@pytest.mark.parametrize("state", by_commit(["switched", "gated"], 1, "silences"))
def test_nobody_confirms_and_the_board_goes_back_by_itself(ground: Ground, served: BuiltImage, state: str) -> None:
    """The workstation is killed after the switch, and nobody comes back."""
    ground.pretend(derived(served, f"RUN touch /unconfirmed-{state}"))
    before = len(ground.states())
    with started(ground, sys.executable, "-c", _IMPATIENT) as process:
        reached(ground, state, before, process)
        os.killpg(process.pid, signal.SIGKILL)
    end = time.monotonic() + 120
    while ground.states()[-1] != "reverted":
        assert time.monotonic() < end, ground.states()[before:]
        time.sleep(0.5)
    assert ground.running() == f"{served.id} running"
    assert ground.facts().deployed.lock is None, "the way back is over, and frees it"


def reached(ground: Ground, state: str, before: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a deployment has come to a state."""
    while state not in ground.states()[before:]:
        assert process.poll() is None, f"it ended before: {(process.stderr or pytest.fail('no stderr')).read()!r}"
        time.sleep(0.02)


@pytest.mark.parametrize("state", by_commit(["staged", "switched", "started", "gated"], 2, "kills"))
def test_a_killed_workstation_leaves_the_old_release_or_the_new_one(
    ground: Ground, served: BuiltImage, state: str
) -> None:
    """Killed at once when the board has come so far: the board ends by itself, and the next deploy is not kept out."""
    new = derived(served, f"RUN touch /killed-{state}")
    ground.pretend(new)
    before = len(ground.states())
    with deploying(ground) as process:
        reached(ground, state, before, process)
        os.killpg(process.pid, signal.SIGKILL)
    assert ground.running().split()[:1] in ([served.id], [new.id], [])  # none: its replacement is being started
    assert ground.deploy().changed or state == "gated"
    assert ground.states()[-1] == "committed"
    assert ground.running() == f"{new.id} running"
    assert "sage-revert.timer" not in ground.boards.inside("sprout", "systemctl list-timers --all").text


def test_a_killed_workstation_leaves_no_registry_behind(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(heavy(served, "killed-registry"))
    before = len(ground.states())
    with deploying(ground) as process:
        while not _registries(ground):
            assert process.poll() is None, "it ended before"
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    end = time.monotonic() + 20
    while left := _registries(ground):
        assert time.monotonic() < end, left
        time.sleep(0.1)
    assert ground.states()[before:] == []
    assert ground.running() == f"{served.id} running"


def _registries(ground: Ground) -> list[str]:
    """Processes that serve this workstation's store."""
    done = subprocess.run(("pgrep", "-f", f"serve {ground.desk.root}/.sage/registry"), capture_output=True, text=True)
    return done.stdout.split()


def test_ctrl_c_frees_the_lock_and_says_where_the_board_is(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /interrupted-by-hand"))
    before = len(ground.states())
    with ground.session(60), deploying(ground) as process:
        reached(ground, "waiting", before, process)
        os.killpg(process.pid, signal.SIGINT)
        said = (process.stderr or pytest.fail("no stderr")).read().decode()
    assert process.returncode == 130, said
    assert "sprout: interrupted; " in said
    # the board may have noticed by then that whoever asked is gone, and have given up by itself
    ends = ("is waiting, and nothing was switched", "is being taken back", "is deployed, and nothing is open")
    assert any(end in said for end in ends), said
    assert ground.facts().deployed.lock is None
    assert ground.running() == f"{served.id} running"


def test_now_does_not_wait_for_a_session(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /right-now"))
    with ground.session(300):
        with deploying(ground, "--when", "now") as process:
            said = (process.stderr or pytest.fail("no stderr")).read().decode()
        assert process.returncode == 0, said
        assert ground.boards.inside("sprout", "pgrep -f session.lock").code == 0, "the session is still there"


def test_a_disk_that_is_too_small_is_said_before_a_byte_is_sent(ground: Ground, served: BuiltImage, line: Line) -> None:
    huge = derived(served, "RUN touch /huge")
    ground.pretend(type(huge)(**{**vars(huge), "bytes": 10**15}))
    with ground.desk.seen(SPROUT) as there:
        before = there.snapshot()
    with pytest.raises(NoDiskSpace) as refused:
        ground.deploy()
    assert (refused.value.where, refused.value.code) == (SPROUT, ExitCode.REFUSED)
    with ground.desk.seen(SPROUT) as there:
        assert there.snapshot() == before
    assert line.sent == 0
