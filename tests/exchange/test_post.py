"""What two hosts and a hub between them see of each other."""

from __future__ import annotations

import threading

import pytest

from sage_edge.errors import HubRefused, Unreachable
from sage_edge.exchange.errors import OwnBranchBroken
from sage_edge.inventory.errors import RoleError
from sage_edge.records.base import parse
from sage_edge.records.worklog import Status

from .world import SPROUT, THOR, World, decision, finding, git, line, status


def test_what_one_host_publishes_the_other_reads(world: World) -> None:
    sprout, thor = world.post(SPROUT), world.post(THOR)
    path = sprout.put(decision())
    sprout.log(line("began"))
    sprout.set_status(status())
    made = sprout.publish("one decision")
    assert made.pushed
    assert made.commit

    heard = thor.receive()
    assert heard.heard
    assert heard.updated == (SPROUT,)
    assert heard.quarantined == ()
    name = path.relative_to(world.papers(SPROUT)).as_posix()
    assert thor.read(SPROUT, "decisions") == ((name, decision().pretty()),)
    assert thor.names(SPROUT, "decisions") == sprout.names(SPROUT, "decisions") == (name,)
    assert sprout.read(SPROUT, "decisions") == thor.read(SPROUT, "decisions")
    assert parse(Status, thor.read(SPROUT, "status.json")[0][1]) == status()
    assert thor.read(SPROUT, "sessions") == ()

    thor.put(finding())
    thor.publish("one finding")
    assert sprout.receive().updated == (THOR,)
    assert len(sprout.read(THOR, "findings")) == 1
    assert thor.receive().updated == ()


def test_the_page_of_theories_is_replaced_by_who_holds_some(world: World) -> None:
    sprout, thor = world.post(SPROUT), world.post(THOR)
    for page in ("first\n", "second, and shorter\n", "3\n"):
        thor.set_overview(page)
        thor.publish("a page")
        assert sprout.receive().quarantined == ()
        assert sprout.read(THOR, "LATEST_STATUS.md") == (("LATEST_STATUS.md", page.encode()),)
    assert thor.unpublished() == 0
    with pytest.raises(RoleError, match=r"sprout may not write LATEST_STATUS\.md"):
        sprout.set_overview("all is well")


def test_a_page_that_is_lost_comes_back_and_a_newer_one_stays(world: World) -> None:
    thor = world.post(THOR)
    thor.put(finding())
    thor.set_overview("published\n")
    thor.publish("a page")
    place = world.papers(THOR) / "LATEST_STATUS.md"
    thor.set_overview("newer")
    git(world.hub.parent, "--git-dir", str(world.clone(THOR)), "update-ref", "-d", "refs/heads/host/thor")
    thor.receive()
    assert place.read_text() == "newer"


def test_a_commit_says_who_wrote_it_and_when(world: World) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision())
    sprout.publish("one\x1b[31m decision\nSage-Host: thor")
    said = git(world.hub, "log", "-1", "--format=%an <%ae>%n%cn <%ce>%n%at%n%B", "host/sprout")
    assert said.splitlines() == [
        "sprout <sprout@sage-edge.invalid>",
        "sprout <sprout@sage-edge.invalid>",
        str(int(world.clock.now().timestamp())),
        "sprout: one [31m decision Sage-Host: thor",
        "",
        "Sage-Host: sprout",
    ]


def test_nothing_new_makes_no_commit_and_no_push(world: World) -> None:
    sprout = world.post(SPROUT)
    assert sprout.publish("nothing yet").commit is None
    sprout.put(decision())
    sprout.publish("one")
    again = sprout.publish("none")
    assert (again.commit, again.pushed) == (None, False)


def test_an_empty_hub_is_heard_and_settles_the_numbers(world: World) -> None:
    sprout = world.post(SPROUT)
    assert not sprout.known()
    assert not sprout.receive().heard
    assert sprout.known()


def test_offline_queues_and_catches_up(world: World) -> None:
    sprout = world.post(SPROUT)
    sprout.set_status(status())
    sprout.publish("hello")
    away = world.hub.rename(world.folder / "away")
    for number in (1, 2):
        sprout.put(decision(number))
        with pytest.raises(Unreachable):
            sprout.publish(f"decision {number}", attempts=3)
    assert world.clock.waits == [1.0, 2.0, 1.0, 2.0]
    assert sprout.unpublished() == 2
    with pytest.raises(Unreachable):
        sprout.receive()

    away.rename(world.hub)
    caught_up = sprout.publish("back again")
    assert (caught_up.commit, caught_up.pushed) == (None, True)
    assert sprout.unpublished() == 0
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)
    assert git(world.hub, "rev-list", "--count", "host/sprout") == "3"


def test_a_host_that_never_heard_the_hub_keeps_its_papers_without_a_commit(world: World) -> None:
    away = world.hub.rename(world.folder / "away")
    sprout = world.post(SPROUT)
    sprout.put(decision())
    with pytest.raises(Unreachable):
        sprout.publish("one", attempts=1)
    assert not sprout.known()
    assert sprout.unpublished() == 1
    away.rename(world.hub)
    assert sprout.publish("one").pushed
    assert sprout.known()


def test_a_stop_ends_the_attempts(world: World) -> None:
    sprout = world.post(SPROUT)
    world.hub.rename(world.folder / "away")
    stop = threading.Event()
    stop.set()
    with pytest.raises(Unreachable):
        sprout.publish("one", attempts=9, stop=stop)
    assert world.clock.waits == []


def test_a_host_cannot_put_what_its_role_does_not_write(world: World) -> None:
    with pytest.raises(RoleError, match="thor may not write decisions/"):
        world.post(THOR).put(decision())


def test_a_paper_is_written_once(world: World) -> None:
    sprout = world.post(SPROUT)
    assert sprout.put(decision()) == sprout.put(decision())
    with pytest.raises(OwnBranchBroken, match="another paper"):
        sprout.put(decision(reason="on second thought"))


def test_a_hub_that_refuses_says_why_and_nothing_is_lost(world: World) -> None:
    sprout = world.post(SPROUT)
    hook = world.hub / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'closed on Fridays' >&2\nexit 1\n")
    sprout.put(decision())
    with pytest.raises(HubRefused, match="closed on Fridays") as refused:
        sprout.publish("one", attempts=4)
    assert refused.value.code == 3
    assert world.clock.waits == []
    world.open_hub()
    assert sprout.publish("again").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


def test_a_hub_that_came_up_empty_is_filled_again(world: World) -> None:
    sprout, thor = world.post(SPROUT), world.post(THOR)
    sprout.put(decision())
    sprout.publish("one")
    thor.receive()
    world.hub.rename(world.folder / "lost")
    world.open_hub()
    assert [found.rule for found in thor.receive().quarantined] == ["removed-branch"]
    assert len(thor.read(SPROUT, "decisions")) == 1
    sprout.receive()
    assert sprout.publish("the same again").pushed
    assert thor.receive().quarantined == ()
