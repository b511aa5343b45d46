"""A person at the workstation decides for a board: as a directive on the desk's branch, typed as people type it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.agent import wake
from sage_edge.errors import ExitCode
from sage_edge.names import Digest
from tests.agent.test_decisions import recommendation
from tests.deploy.loopback import Loopback, Typed
from tests.fakes import HandClock, Home, World, make_world

pytestmark = pytest.mark.slow
WHY = "--because 'I have read it'"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path / "world")
    overlay = made.fleet / "overlays" / "seedling.yaml"
    overlay.write_text(
        overlay.read_text("utf-8").replace("  sprout:\n", "  sprout:\n    policy: {recommendations: manual}\n"), "utf-8"
    )
    return made


@pytest.fixture
def typed(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Typed]:
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("SAGE_FLEET", str(world.fleet))
    monkeypatch.setenv("SAGE_CARD", str(world.folder / "no-card.yaml"))
    place = Loopback(world.folder, world.folder)
    return lambda words: place.typed(f"recommendation.{words} --fleet seedling")


@pytest.fixture
def home(world: World) -> Callable[..., Home]:
    watch = HandClock()
    return lambda host="sprout": Home(world, host, clock=watch)


@pytest.fixture
def offer(home: Callable[..., Home]) -> Digest:
    paper, thor = recommendation(), home("thor")
    thor.post.put(paper)
    thor.post.publish("recommendation")
    return paper.fingerprint()


def rows(typed: Callable[[str], Typed]) -> list[dict[str, str]]:
    listed = typed("list --host sprout --json")
    assert listed.code == 0, listed.err
    return list(json.loads(listed.out)["content"])


def test_a_recommendation_is_accepted_from_afar(
    typed: Callable[[str], Typed], home: Callable[..., Home], offer: Digest, world: World
) -> None:
    wake.once(home().agent)
    assert [row["state"] for row in rows(typed)] == ["open"]
    given = typed(f"accept --host sprout --id {offer.short} {WHY}")
    assert (given.code, "its next look answers it" in given.out) == (0, True), given.err
    assert "waits" in rows(typed)[0]["state"]
    again = typed(f"accept --host sprout --id {offer.short} {WHY}")
    assert (again.code, "is given already" in again.out) == (0, True)
    assert len(list((world.folder / ".sage/desk/seedling/papers/directives").iterdir())) == 1
    wake.once(home().agent)
    assert rows(typed)[0]["state"] == "accepted by person: I have read it"
    late = typed(f"decline --host sprout --id {offer.short} {WHY}")
    assert (late.code, "accepted" in late.err) == (ExitCode.USAGE, True)


def test_what_is_directed_can_be_taken_back_before_it_is_carried_out(
    typed: Callable[[str], Typed], home: Callable[..., Home], offer: Digest
) -> None:
    assert typed(f"accept --host sprout --id {offer.short} {WHY}").code == 0
    other = typed(f"decline --host sprout --id {offer.short} {WHY}")
    assert (other.code, "recommendation.withdraw" in other.err) == (ExitCode.USAGE, True)
    assert typed(f"withdraw --host sprout --id {offer.short} --because 'no, wait'").code == 0
    assert typed(f"decline --host sprout --id {offer.short} --because better").code == 0
    wake.once(home().agent)
    assert rows(typed)[0]["state"].startswith("declined by person: better; directive ")
    gone = typed(f"withdraw --host sprout --id {offer.short} {WHY}")
    assert (gone.code, "no open directive" in gone.err) == (ExitCode.USAGE, True)


def test_without_the_hub_an_act_is_kept_and_goes_out_with_the_next(
    typed: Callable[[str], Typed], home: Callable[..., Home], offer: Digest, world: World
) -> None:
    assert rows(typed)[0]["state"] == "open"
    hidden = world.hub.with_name("away.git")
    world.hub.rename(hidden)
    offline = typed(f"accept --host sprout --id {offer.short} {WHY}")
    assert offline.code == ExitCode.UNREACHABLE
    hidden.rename(world.hub)
    assert "waits" in rows(typed)[0]["state"]
    wake.once(home().agent)
    assert rows(typed)[0]["state"].startswith("accepted by person")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("accept --host thor --id 00 --because x", ExitCode.REFUSED, "lacks the ability 'decide'"),
        ("accept --host nobody --id 00 --because x", ExitCode.USAGE, "no host named"),
        ("accept --id 00 --because x", ExitCode.USAGE, "name a host"),
        ("accept --host sprout --id 00", ExitCode.USAGE, "say why"),
        ("accept --host sprout --id ffff --because x", ExitCode.USAGE, "no recommendation to sprout 'ffff'"),
        ("decline --host sprout --id 00 --because x --deadline tomorrow", ExitCode.USAGE, "--deadline"),
        ("withdraw --host sprout --id ffff --because x", ExitCode.USAGE, "no open directive"),
    ],
)
def test_what_is_refused_here_is_written_nowhere(
    typed: Callable[[str], Typed], world: World, words: str, code: ExitCode, text: str
) -> None:
    refused = typed(words)
    assert (refused.code, text in refused.err) == (code, True), refused.err
    assert not list(world.folder.glob(".sage/desk/*/papers/directives/*"))


def test_a_machine_that_is_a_board_speaks_as_the_one_operator(
    typed: Callable[[str], Typed], offer: Digest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_CARD", os.fspath(world.paths("thor").card))
    assert typed(f"accept --host sprout --id {offer.short} {WHY}").code == 0
    assert list((world.folder / ".sage/desk/seedling/papers/directives").iterdir())
