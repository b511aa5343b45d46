"""The plan: pure, empty when there is nothing to do, and refused before any step where a board is unfit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.deploy import plan, preflight
from sage_edge.deploy.plan import SendImage, SendModel, Switch, TakeBack
from sage_edge.errors import ExitCode, NoDiskSpace, SageError
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import NotReady
from tests.deploy.fleetfacts import SEEDLING, fleet, probed, serving, wanted

CARD = fleet().boards["orin-nano"]


def made(facts: BoardProbe, **image: Any) -> plan.Plan:
    return plan.plan(wanted(**image), facts, CARD)


def test_a_fresh_board_gets_everything() -> None:
    found = made(probed(), model=None)
    assert [type(step) for step in found.steps] == [SendImage, SendModel, Switch]
    assert found.why == ("nothing is deployed yet",)


def test_what_the_image_carries_is_not_sent() -> None:
    assert [type(step) for step in made(probed()).steps] == [SendImage, Switch]


def test_a_board_that_serves_the_release_gets_nothing() -> None:
    found = made(probed(**serving(wanted())))
    assert found.is_empty
    assert found.why == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"image": f"sha256:{'9' * 64}"}, "the running image is 999999999999, not 111111111111"),
        ({"status": "exited"}, "the agent's container is exited"),
        ({"health": "unhealthy"}, "the agent is unhealthy"),
        ({"labels": {}}, "the agent's container is not there"),
    ],
)
def test_what_runs_counts_and_not_what_was_asked_for(changes: dict[str, Any], why: str) -> None:
    found = made(probed(**serving(wanted(), **changes)))
    assert found.why == (why,)
    assert [type(step) for step in found.steps] == [Switch]


@pytest.mark.parametrize(
    ("gateway", "why"),
    [
        (None, ("the container sage-serve-1 is not there",)),
        ({"status": "exited"}, ("the container sage-serve-1 is exited",)),
        ({"health": "unhealthy"}, ("the container sage-serve-1 is unhealthy",)),
        (
            {"differs": ["Memory: 1 became 2"]},
            ("the container sage-serve-1 is not as it was started: Memory: 1 became 2",),
        ),
        ({}, ()),
    ],
)
def test_a_gateway_that_was_started_beside_the_agent_has_to_run(
    gateway: dict[str, Any] | None, why: tuple[str, ...]
) -> None:
    told = serving(wanted())
    engine = told["docker"]
    engine["started"] = ["sage-agent-1", "sage-serve-1"]
    if gateway is not None:
        labels = {"com.docker.compose.project": "sage", "com.docker.compose.service": "serve"}
        engine["containers"].append({**engine["containers"][0], "name": "sage-serve-1", "labels": labels, **gateway})
    assert made(probed(**told)).why == why


def test_a_model_that_every_image_has_is_not_sent() -> None:
    release = replace(wanted(model=None), shipped=frozenset({SEEDLING}))
    assert not [step for step in plan.plan(release, probed(), CARD).steps if isinstance(step, SendModel)]


def test_a_board_that_is_to_serve_wants_what_its_gateway_opens_by() -> None:
    release = replace(wanted(), is_serving=True)
    with pytest.raises(NotReady, match="no token and no certificate for what it serves") as told:
        plan.plan(release, probed(), CARD)
    assert hints.text(told.value.hint) == "invoke provision --host sprout"
    there = {key: {"mode": "0400", "uid": 10001, "gid": 10001, "size": 1} for key in preflight.GATEWAY}
    assert plan.plan(release, probed(files=there), CARD).steps


def test_what_changed_is_told_by_name() -> None:
    now = wanted()
    before = now.release.model_copy(update={"image": f"sha256:{'9' * 64}"})
    facts = serving(replace(now, release=before))
    found = made(probed(**facts))
    assert found.why == ("image: 999999999999 becomes 111111111111",)


@pytest.mark.parametrize(
    "state", ["planned", "staged", "waiting", "armed", "switched", "started", "gated", "confirmed", "reverting"]
)
def test_an_open_deployment_is_settled_first(state: str) -> None:
    facts = serving(wanted())
    facts["deploy"] = {**facts["deploy"], "journal": {"state": state, "release": "a" * 12}}
    assert isinstance(made(probed(**facts)).steps[0], TakeBack)


@pytest.mark.parametrize("state", ["committed", "reverted"])
def test_one_that_is_over_is_not(state: str) -> None:
    facts = serving(wanted())
    journal = {"state": state, "release": wanted().short, "previous": wanted().short}
    facts["deploy"] = {**facts["deploy"], "journal": journal}
    assert made(probed(**facts)).is_empty


def test_a_release_that_could_not_be_taken_back_is_never_no_changes() -> None:
    """Old declarations, the link at the old release, the new one running: a deploy leads out."""
    facts = serving(wanted(), release="a" * 12)
    facts["deploy"]["journal"] = {"state": "revert-failed", "release": "a" * 12, "previous": wanted().short}
    found = made(probed(**facts))
    assert found.steps == (Switch("a" * 12, wanted().short),)
    assert found.why == (
        "the deployment of aaaaaaaaaaaa could not be taken back",
        f"release aaaaaaaaaaaa runs, {wanted().short} should serve",
    )


def test_a_model_that_is_not_in_the_store_is_sent_though_nothing_else_changed() -> None:
    found = made(probed(**serving(wanted())), model=None)
    assert [type(step) for step in found.steps] == [SendModel, Switch]
    assert found.why == ("the model sage/seedling:q8_0 is not in its store",)


def test_a_plan_is_the_same_twice_and_time_does_not_change_it() -> None:
    later = probed(epoch=1_800_000_100.0, uptime_s=99.0, memory={"total": 1, "available": 1})
    assert made(probed()) == made(later)


@pytest.mark.parametrize(
    ("facts", "image", "code", "message"),
    [
        ({}, {"role": "researcher", "board": "x"}, 3, "it is for the role researcher, sprout is practitioner; it is"),
        ({"board": {}}, {}, 3, "what answers is not sprout: "),
        ({"arch": "x86_64"}, {}, 3, "the processor is x86_64, orin-nano is aarch64"),
        ({"card": None}, {}, 1, "sprout is not ready: it has no host card"),
        ({"card": "format: 1\nhost: thor\n"}, {}, 3, "what answers is not sprout: its card says host thor"),
        ({"card": "format: 1\nhost: sprout\nfleet: zoo\n"}, {}, 3, "it belongs to the fleet zoo, this one is sage"),
        ({"card": "format: 1\nhost: sprout\noverlay: sim\n"}, {}, 1, "its card says overlay sim, this"),
        ({"docker": None}, {}, 1, "sprout is not ready: no Docker engine answers"),
        ({"docker__version": "19.03.8"}, {}, 1, "its Docker engine is 19.03.8, the oldest that we know to work"),
        ({"docker__compose": None}, {}, 1, "it has no docker compose plugin"),
        ({"docker__runtimes": ["runc"]}, {}, 1, "its Docker engine does not know the nvidia runtime"),
        ({"epoch": 1_800_003_600.0}, {}, 1, "its clock is 60 minutes ahead of ours"),
        ({"epoch": 1_799_996_400.0}, {}, 1, "its clock is 60 minutes behind ours"),
        ({"deploy__lock_damaged": "the lock cannot be read"}, {}, 1, "the lock cannot be read"),
    ],
)
def test_an_unfit_board_is_refused_with_what_was_found(
    facts: dict[str, Any], image: dict[str, Any], code: int, message: str
) -> None:
    with pytest.raises(SageError) as told:
        made(probed(**facts), **image)
    assert message in str(told.value)
    assert told.value.code == code
    assert told.value.hint


def test_a_disk_that_is_too_small_is_said_before_any_byte() -> None:
    small = {name: {"device": 1, "free": 2_000_000_000, "total": 9} for name in ("sage", "docker", "root")}
    with pytest.raises(NoDiskSpace) as refused:
        made(probed(disk=small))
    assert (refused.value.free_bytes, refused.value.code) == (2_000_000_000, ExitCode.REFUSED)
    there = probed(disk=small, docker__images=[wanted().release.image])
    assert [type(step) for step in made(there).steps] == [Switch]


def test_a_cpu_image_needs_no_gpu_and_is_for_no_board() -> None:
    facts = probed(docker__runtimes=["runc"])
    assert not made(facts, platform="cpu", board="anything").is_empty


def test_an_agent_that_could_not_write_is_not_started() -> None:
    full = {**probed().disk, "state": {"device": 2, "free": 0, "total": 9}}
    with pytest.raises(NoDiskSpace, match="what its agent writes") as refused:
        made(probed(disk=full))
    assert refused.value.code == ExitCode.REFUSED
    assert made(probed(**serving(wanted()), disk=full)).is_empty, "what runs is left alone"
