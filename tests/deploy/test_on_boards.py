"""Deploying to stand-in boards with engines of their own: from nothing, again, broken, cut, back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sage_edge.deploy import rollout
from sage_edge.image.built import BuiltImage
from sage_edge.inventory import load
from sage_edge.model_sync.sync import SyncOrder, bring, sync
from sage_edge.models.store.store import Store
from sage_edge.remote.errors import BoardGuarded, BoardLocked, KeyChanged, KeyUnknown, RolledBack
from sage_edge.workstation import context, deploy_service, rollout_service
from sage_edge.workstation.rollout_service import RolloutAsked
from tests.deploy import weights
from tests.deploy.ground import QUICK, SPROUT, THOR, Ground
from tests.deploy.understudy import derived

pytestmark = pytest.mark.docker


def until(what: str, condition: object, seconds: float = 60.0) -> None:
    """Wait for something that the board does by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.3)
    pytest.fail(f"{what} within {seconds:g} s")


def test_a_second_provisioning_changes_nothing(ground: Ground) -> None:
    for host in (SPROUT, THOR):
        assert deploy_service.provisioned(ground.desk, host, lambda line: None) == []


def test_the_second_time_nothing_is_done(ground: Ground, served: BuiltImage) -> None:
    before = ground.boards.inside("sprout", "docker inspect --format '{{.State.StartedAt}}' sage-agent-1").text
    states = ground.states()
    assert not ground.deploy().changed
    assert ground.boards.inside("sprout", "docker inspect --format '{{.State.StartedAt}}' sage-agent-1").text == before
    assert ground.states() == states


@pytest.mark.parametrize(
    ("what", "recipe"),
    [
        ("it does not start", 'ENTRYPOINT ["/bin/false"]'),
        ("it is never healthy", "RUN printf '#!/bin/sh\\nexit 1\\n' > /usr/local/bin/sage-healthy"),
        ("it draws no token", "RUN printf '#!/bin/sh\\necho no token >&2; exit 1\\n' > /usr/local/bin/sage-smoke"),
    ],
)
def test_a_broken_image_leaves_the_old_one_serving(ground: Ground, served: BuiltImage, what: str, recipe: str) -> None:
    ground.pretend(derived(served, recipe))
    with pytest.raises(RolledBack) as told:
        ground.deploy()
    assert told.value.code == 6, what
    assert ground.running() == f"{served.id} running"
    assert ground.states()[-1] == "reverted"
    assert ground.facts().deployed.lock is None


def test_an_image_for_another_role_is_refused_on_the_board_itself(ground: Ground, served: BuiltImage) -> None:
    wrong = derived(served, "LABEL sage.role=researcher")
    ground.pretend(wrong)
    with pytest.raises(BoardGuarded, match="its role is researcher, expected practitioner") as told:
        ground.deploy()
    assert told.value.code == 3
    assert ground.running() == f"{served.id} running"


def test_rollback_brings_the_release_before_and_proves_it(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /newer"))
    newer = ground.deploy()
    done = rollout.roll_back(
        lambda: ground.desk.board(SPROUT), None, QUICK, lambda line: None, deploy_service.image_sent
    )
    assert done.release != newer.release
    assert done.running is not None
    assert done.running["image"] == served.id
    assert ground.running() == f"{served.id} running"


def test_a_deployment_waits_for_the_running_session(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /after-the-session"))
    with ground.session(12, "date +%s.%N > /run/end"):
        ground.deploy()
    ended = float(ground.boards.inside("sprout", "cat /run/end").text)
    started = ground.boards.inside(
        "sprout", "date -d $(docker inspect --format '{{.State.StartedAt}}' sage-agent-1) +%s.%N"
    )
    assert float(started.text) > ended


def test_one_board_is_down_and_the_other_is_served(
    ground: Ground, served: BuiltImage, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.boards.inside("thor", "systemctl stop ssh ssh.socket")
    try:
        code = rollout_service.deploy(ground.desk, RolloutAsked("sprout,thor", "", everyone=False, as_json=False))
    finally:
        ground.boards.inside("thor", "systemctl start ssh")
    out = capsys.readouterr().out
    assert code == 4
    assert "sprout       no changes" in out
    assert "thor         failed: thor (sage@127.0.0.1 port" in out


def test_a_host_with_another_key_is_not_spoken_to(ground: Ground, served: BuiltImage) -> None:
    known = ground.boards.place.known_hosts
    before = known.read_text("utf-8")
    lines = dict(line.split(maxsplit=1) for line in before.splitlines())
    try:
        known.write_text(f"sprout {lines['thor']}\nthor {lines['sprout']}\nhub {lines['hub']}\n", "utf-8")
        with pytest.raises(KeyChanged) as told:
            ground.deploy()
        assert told.value.code == 3
    finally:
        known.write_text(before, "utf-8")


def test_a_locked_board_is_left_alone_and_a_stale_lock_is_taken_over(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /locked"))
    with ground.desk.board(SPROUT) as there:
        there.acquire("somebody else's work", manual=True)
        with pytest.raises(BoardLocked, match="somebody else's work") as told:
            ground.deploy()
        assert told.value.code == 5
        there.release_lock(None)
        there.acquire("a workstation that died")
    ground.boards.inside("sprout", 'sed -i \'s/"awake_s":[0-9.]*/"awake_s":0.0/\' /srv/sage/deploy/lock.json')
    assert ground.deploy().changed
    with ground.desk.seen(SPROUT) as there_again:
        told_lines = there_again.audit(20)
    assert any(line["action"] == "lock-taken-over" for line in told_lines["lines"])
    assert told_lines["wrong"] == ""


def test_a_dry_run_leaves_everything_as_it_was(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /never-deployed"))
    with ground.desk.seen(SPROUT) as there:
        before = there.snapshot()
    asked = RolloutAsked("sprout", "", everyone=False, as_json=False, dry_run=True, diff=True, exit_code=True)
    assert rollout_service.deploy(ground.desk, asked) == 10
    with ground.desk.seen(SPROUT) as there:
        assert there.snapshot() == before
        assert not hasattr(there, "stage")


def test_the_fallback_without_a_registry(ground: Ground, served: BuiltImage) -> None:
    ground.pretend(derived(served, "RUN touch /by-stream"))
    assert ground.deploy(via="save").changed


def test_a_host_of_another_overlay_is_refused(ground: Ground) -> None:
    plain = context.FleetContext(ground.desk.root, load.load(ground.desk.root / "fleet"))
    with pytest.raises(KeyUnknown, match="holds no key for sprout"):  # of its own known_hosts, so it is asked nothing
        deploy_service.planned(plain, SPROUT)


def test_a_model_travels_to_a_board_and_back_as_its_login(ground: Ground, tmp_path: Path) -> None:
    ours, theirs = Store(tmp_path / "ours"), Store(tmp_path / "back")
    manifest = weights.plain(ours)
    fleet = ground.desk.fleet
    order = SyncOrder(weights.REF, SPROUT, addresses=fleet.addresses)
    assert sync(order, fleet.folder, ours, lambda *_: None).how == "sent the files"
    assert sync(order, fleet.folder, ours, lambda *_: None).how == "was there"
    names = {name: digest for name, digest in ground.facts().models.items() if name.startswith("tiny/")}
    assert names == {"tiny/introspective/q8_0.json": manifest.digest().removeprefix("sha256:")}
    bring(weights.REF, SPROUT, fleet.folder, theirs, lambda *_: None, addresses=fleet.addresses)
    assert weights.held(theirs, manifest, tmp_path / "seen")
    ground.boards.inside("sprout", "rm -r /srv/sage/models/manifests/tiny /srv/sage/models/blobs/*")
