"""A person at the workstation decides on a trial for a board: as a directive, typed as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.agent import wake
from sage_edge.errors import ExitCode
from tests.deploy.loopback import Loopback, Typed
from tests.fakes import MORNING, HandClock, Home, World, make_world
from tests.trials import made

pytestmark = pytest.mark.slow
OFFERS = {
    name: made.trial(seed=seed, created=MORNING, valid_until=MORNING + timedelta(days=7))
    for seed, name in enumerate(("first", "second"))
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A hub on which thor offered two trials to sprout, whose policy leaves them to a person."""
    fresh = make_world(tmp_path / "world")
    overlay = fresh.fleet / "overlays" / "seedling.yaml"
    manual = "  sprout:\n    policy: {trials: manual}\n"
    overlay.write_text(overlay.read_text("utf-8").replace("  sprout:\n", manual), "utf-8")
    thor = Home(fresh, "thor", clock=HandClock())
    for offer in OFFERS.values():
        thor.post.put(offer)
    thor.post.publish("trials")
    return fresh


@pytest.fixture
def typed(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Typed]:
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("SAGE_FLEET", str(world.fleet))
    monkeypatch.setenv("SAGE_CARD", str(world.folder / "no-card.yaml"))
    place = Loopback(world.folder, world.folder)
    return lambda words: place.typed(f"trial.{words} --fleet seedling")


def states(typed: Callable[[str], Typed]) -> dict[str, str]:
    listed = typed("list --host sprout --json")
    assert listed.code == 0, listed.err
    return {row["id"]: row["state"] for row in json.loads(listed.out)["content"]}


def test_trials_are_accepted_declined_and_taken_back_from_afar(typed: Callable[[str], Typed], world: World) -> None:
    first, second = (offer.fingerprint().short for offer in OFFERS.values())
    assert states(typed) == {first: "open", second: "open"}
    assert typed(f"decline --host sprout --id {first} --because 'not this one'").code == 0
    other = typed(f"accept --host sprout --id {first} --because 'or yes'")
    assert (other.code, "trial.withdraw" in other.err) == (ExitCode.USAGE, True)
    assert typed(f"withdraw --host sprout --id {first} --because 'no, wait'").code == 0
    given = typed(f"accept --host sprout --id {first} --because 'I have read it'")
    assert (given.code, "its next look answers it" in given.out) == (0, True), given.err
    assert typed(f"decline --host sprout --id {second} --because 'one is enough'").code == 0
    woken = wake.once(Home(world, clock=HandClock()).agent)
    assert (woken.failure, woken.problems) == (None, [])
    after = states(typed)
    assert after[first].startswith("accepted by person: I have read it")
    assert after[second].startswith("declined by person: one is enough")
    late = typed(f"decline --host sprout --id {first} --because 'too late'")
    assert (late.code, "has accepted trial" in late.err) == (ExitCode.USAGE, True)


def test_what_is_refused_here_is_written_nowhere(typed: Callable[[str], Typed], world: World) -> None:
    for words, text in (
        ("accept --host sprout --id ffff --because x", "no trial to sprout 'ffff'"),
        ("accept --host sprout --id 00", "say why"),
        ("withdraw --host sprout --id ffff --because x", "no open directive about a trial"),
    ):
        refused = typed(words)
        assert (refused.code, text in refused.err) == (ExitCode.USAGE, True), refused.err
    assert not list(world.folder.glob(".sage/desk/*/papers/directives/*"))
