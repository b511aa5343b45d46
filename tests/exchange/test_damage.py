"""Damage at home is mended at home: no paper is lost, the hub is not blamed, and nothing waits for ever.

A sample is tried in the slow tier, every file and folder of the clone with every kind of damage under `full`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sage_edge.errors import Unreachable
from sage_edge.exchange import commands

from .damage import HARMS, SPECIAL, places
from .world import SPROUT, THOR, World, decision, finding, git, line, status


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which sprout has published, has heard of thor, and has one more paper that nobody has seen."""
    world = World(tmp_path_factory.mktemp("lived"))
    world.open_hub()
    sprout, thor = world.post(SPROUT), world.post(THOR)
    sprout.put(decision(1))
    sprout.log(line("one"))
    sprout.set_status(status())
    sprout.publish("one")
    thor.put(finding())
    thor.publish("one finding")
    sprout.receive()
    sprout.put(decision(2))
    sprout.log(line("two"))
    return world


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs git is noticed after 60 s outside of tests."""
    monkeypatch.setattr(commands, "TIMEOUT_S", 3.0)


def copied(lived: World, folder: Path) -> World:
    shutil.copytree(lived.folder, folder, dirs_exist_ok=True)
    world = World(folder)
    world.post(SPROUT)  # which writes down where the hub is now
    return world


def object_of(world: World, name: str) -> str:
    """Where an object lies below the clone: loose, or in the only pack."""
    oid = git(world.clone(SPROUT), "rev-parse", name)
    loose = f"objects/{oid[:2]}/{oid[2:]}"
    [*packs] = (world.clone(SPROUT) / "objects" / "pack").glob("*.pack")
    return loose if (world.clone(SPROUT) / loose).is_file() else f"objects/pack/{packs[0].name}"


def check(world: World, place: str, harm: str) -> None:
    """Do damage, use the post as a wake does, and find nothing lost and nobody blamed."""
    papers = world.in_papers(SPROUT)
    {**HARMS, **SPECIAL}[harm](world.clone(SPROUT) / place)
    sprout = world.post(SPROUT, opened=False)  # as in a new process, which has not looked yet
    sprout.open()
    assert sprout.receive().quarantined == ()
    assert len(sprout.read(THOR, "findings")) == 1
    assert sprout.known()
    sprout.publish("two")
    assert world.in_papers(SPROUT) == papers == world.on_hub(SPROUT)
    assert sprout.unpublished() == 0
    assert world.clock.waits == []
    assert world.post(THOR).receive().quarantined == ()


SAMPLE = (
    (".", "emptied"),
    (".", "garbage"),
    (".", "gone"),
    (".", "pipe"),
    ("HEAD", "other kind"),
    ("HEAD", "loop"),
    ("config", "NULs"),
    ("config", "pipe"),
    ("index", "cut"),
    ("index", "other kind"),
    ("sage-known", "gone"),
    ("trust", "garbage"),
    ("heard.json", "other kind"),
    ("heard.json", "pipe"),
    ("objects", "cut"),
    ("objects", "other kind"),
    ("refs", "NULs"),
    ("refs/heads", "other kind"),
    ("refs/heads/host/sprout", "emptied"),
    ("refs/heads/host/sprout", "gone"),
    ("refs/verified/thor", "garbage"),
    ("refs/incoming/sprout", "socket"),
    ("host/sprout", "gone"),
    ("host/sprout^{tree}", "NULs"),
    ("refs/verified/thor^{tree}", "other kind"),
    ("refs/verified/thor:findings", "pipe"),
    ("host/sprout:status.json", "cut"),
)
"""Places below the clone, or what git calls an object there, and what is done to them."""


@pytest.mark.slow
@pytest.mark.parametrize(("place", "harm"), SAMPLE)
def test_a_damaged_clone_loses_no_paper_and_blames_no_hub(lived: World, tmp_path: Path, place: str, harm: str) -> None:
    world = copied(lived, tmp_path)
    is_object = not (world.clone(SPROUT) / place).exists()
    check(world, object_of(world, place) if is_object else place, harm)


@pytest.mark.full
@pytest.mark.parametrize("harm", [*HARMS, *SPECIAL])
def test_every_file_and_folder_of_the_clone(lived: World, tmp_path: Path, harm: str) -> None:
    everything = tuple(places(lived.clone(SPROUT)))
    assert len(everything) > 30
    for number, place in enumerate(everything):
        world = copied(lived, tmp_path / str(number))
        check(world, place, harm)
        shutil.rmtree(world.folder)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["index", "HEAD", "refs/incoming/thor", "refs/heads/host/sprout", "objects/info"])
def test_without_its_hub_a_damaged_clone_still_has_what_was_whole(lived: World, tmp_path: Path, place: str) -> None:
    world = copied(lived, tmp_path)
    papers = world.in_papers(SPROUT)
    HARMS["other kind"](world.clone(SPROUT) / place)
    world.hub.rename(world.folder / "away")
    sprout = world.post(SPROUT, opened=False)
    with pytest.raises(Unreachable):
        sprout.receive()
    assert len(sprout.read(THOR, "findings")) == 1
    assert sprout.known()
    with pytest.raises(Unreachable):
        sprout.publish("two", attempts=1)
    assert world.in_papers(SPROUT) == papers


def test_a_hub_that_is_away_is_not_called_damage(lived: World, tmp_path: Path) -> None:
    world = copied(lived, tmp_path)
    world.hub.rename(world.folder / "away")
    sprout = world.post(SPROUT)
    with pytest.raises(Unreachable):
        sprout.receive()
    assert sprout.take_repairs() == ()
    assert not world.clone(SPROUT).with_name("exchange.git.damaged").exists()


class _Killed(BaseException):
    """What a kill leaves: nothing after it is done."""


@pytest.mark.parametrize("at", [0, 1])
def test_a_kill_between_two_renames_leaves_a_clone(
    lived: World, tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = copied(lived, tmp_path)
    (world.clone(SPROUT) / "index").write_bytes(b"garbage")
    calls: list[Path] = []
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == at + 1:
            raise _Killed
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(_Killed):
        world.post(SPROUT).publish("two")
    monkeypatch.undo()
    world.post(SPROUT)
    check(world, "sage-known", "gone")


def test_what_cannot_be_mended_is_told_once(lived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = copied(lived, tmp_path)
    sprout = world.post(SPROUT)
    monkeypatch.setattr(commands, "stage", lambda clone, _: commands.git(clone, "cat-file", "-p", "0" * 40))
    with pytest.raises(Exception, match=r"ended with 128|is damaged"):
        sprout.publish("two")
    assert len(sprout.take_repairs()) == 1
