"""A pipe, a socket, a device, a link or somebody's repository among the papers is left out, and work goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from sage_edge.errors import SageError
from tests.special_files import SPECIAL, within_deadline

from .world import SPROUT, THOR, World, decision, git, line, status

AMONG = ("odd", "decisions/odd.json", "sessions/primary/odd", "worklog/odd.jsonl", "trusts/thor/odd.json")
TABLE = [
    pytest.param(kind, place, marks=[] if (n - m) % len(AMONG) == 0 else pytest.mark.slow)
    for n, kind in enumerate(SPECIAL)
    for m, place in enumerate(AMONG)
]
"""Each kind at one place among the fast tests, at the others among the slow ones."""


@pytest.mark.parametrize(("kind", "place"), TABLE)
def test_what_is_no_paper_is_left_out_and_told(world: World, kind: str, place: str) -> None:
    sprout = world.post(SPROUT)
    odd = world.papers(SPROUT) / place
    odd.parent.mkdir(parents=True, exist_ok=True)
    SPECIAL[kind](odd)
    with within_deadline():
        sprout.put(decision(1))
        sprout.log(line("one"))
        sprout.set_status(status())
        assert sprout.publish("one").pushed
        assert sprout.receive().quarantined == ()
        assert all(place not in name for name in sprout.names(SPROUT, ""))
        [told] = sprout.strange()
        assert told.startswith(f"{place} is a ")
    on_hub = world.on_hub(SPROUT)
    assert len(on_hub) == 3
    assert not any(name.startswith(place) for name in on_hub)
    assert "120000" not in git(world.hub, "ls-tree", "-r", "host/sprout")
    assert world.post(THOR).receive().quarantined == ()


@pytest.mark.parametrize("kind", SPECIAL)
def test_in_the_place_of_a_paper_it_is_named_and_the_paper_stays_published(world: World, kind: str) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision(1))
    sprout.publish("one")
    [paper] = world.papers(SPROUT).glob("decisions/*.json")
    good = paper.read_bytes()
    paper.unlink()
    SPECIAL[kind](paper)
    with within_deadline():
        for act in (lambda: sprout.put(decision(1)), lambda: sprout.publish("two")):
            with pytest.raises(SageError, match=paper.name):
                act()
    assert list(world.on_hub(SPROUT).values()) == [good]


def _refusal(act: Callable[[], None], otherwise: str) -> str:
    """What an act was refused with; if it was not, the other."""
    try:
        act()
    except SageError as refused:
        return refused.message
    return otherwise


@pytest.mark.slow
@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("name", ["status.json", "worklog/2026-11.jsonl"])
def test_in_the_place_of_a_page_it_is_replaced_or_named(world: World, kind: str, name: str) -> None:
    sprout = world.post(SPROUT)
    page = world.papers(SPROUT) / name
    page.parent.mkdir(exist_ok=True)
    SPECIAL[kind](page)
    with within_deadline():
        for act in (lambda: sprout.set_status(status()), lambda: sprout.log(line("one"))):
            assert str(page) in _refusal(act, str(page))
        sprout.put(decision(1))
        assert sprout.publish("one").pushed
    assert all(b"/etc" not in content for content in world.on_hub(SPROUT).values())


@pytest.mark.slow
@pytest.mark.parametrize("kind", SPECIAL)
def test_a_lost_state_that_finds_it_in_a_papers_place_says_so(world: World, kind: str) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision(1))
    sprout.publish("one")
    [paper] = world.papers(SPROUT).glob("decisions/*.json")
    shutil.rmtree(world.state(SPROUT))
    paper.parent.mkdir(parents=True)
    SPECIAL[kind](paper)
    with within_deadline(), pytest.raises(SageError, match=paper.name):
        world.post(SPROUT).receive()


def test_a_file_may_take_the_place_of_a_folder_and_a_folder_that_of_a_file(world: World) -> None:
    sprout = world.post(SPROUT)
    strange = world.papers(SPROUT) / "decisions" / "a.json"
    sprout.put(decision(1))
    strange.write_text("{}")
    sprout.publish("one")
    strange.unlink()
    strange.mkdir()
    (strange / "b.json").write_text("{}")
    with pytest.raises(SageError, match=r"decisions/a\.json breaks the rule 'removed'"):
        sprout.publish("two")
