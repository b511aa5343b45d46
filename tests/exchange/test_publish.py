"""What a publish finds in papers/ and in the clone, and what it makes of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge import files, hints
from sage_edge.errors import StorageError, Unreachable
from sage_edge.exchange.errors import OwnBranchBroken
from sage_edge.exchange.post import Post

from .world import SPROUT, THOR, World, decision, git, line, status


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies on the disk after a first publish, made once: a push takes longer than the rest of most tests."""
    world = World(tmp_path_factory.mktemp("published"))
    world.open_hub()
    post = world.post(SPROUT)
    post.put(decision(1))
    post.log(line("one"))
    post.set_status(status())
    post.publish("one")
    return world.folder


@pytest.fixture
def sprout(world: World, published: Path) -> Post:
    """A host with one published decision and one that waits."""
    shutil.copytree(published, world.folder, dirs_exist_ok=True)
    post = world.post(SPROUT)
    post.put(decision(2))
    return post


def _paper(world: World) -> Path:
    return next(
        path for path in world.papers(SPROUT).glob("decisions/*.json") if path.read_bytes() == decision(1).pretty()
    )


def _edit(path: Path) -> None:
    path.write_text(path.read_text().replace("fits", "suits"))


def _link(path: Path) -> None:
    path.rename(path.parents[2] / "elsewhere.json")
    path.symlink_to(path.parents[2] / "elsewhere.json")


@pytest.mark.parametrize("harm", [_edit, Path.unlink, _link], ids=["edited", "removed", "linked"])
def test_a_paper_changed_by_hand_stops_the_publish_until_it_is_put_back(
    world: World, sprout: Post, harm: Callable[[Path], None]
) -> None:
    paper, good = _paper(world), _paper(world).read_bytes()
    harm(paper)
    before = git(world.clone(SPROUT), "rev-parse", "host/sprout")
    with pytest.raises(OwnBranchBroken) as broken:
        sprout.publish("two")
    assert str(paper) in broken.value.message
    assert broken.value.code == 8
    assert git(world.clone(SPROUT), "rev-parse", "host/sprout") == before

    # the hint is a command that works
    paper.unlink(missing_ok=True)
    assert os.system(hints.text(broken.value.hint).partition("then: ")[2]) == 0  # noqa: S605
    assert paper.read_bytes() == good
    assert sprout.publish("two").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)
    assert world.post(THOR).receive().quarantined == ()


def test_a_worklog_shortened_by_hand_stops_the_publish(world: World, sprout: Post) -> None:
    [log] = world.papers(SPROUT).glob("worklog/*.jsonl")
    log.write_bytes(log.read_bytes().replace(b"one", b"ONE"))
    with pytest.raises(OwnBranchBroken, match="'worklog'"):
        sprout.publish("two")


@pytest.mark.parametrize(
    "name", ["notes.txt", "decisions/draft.txt", ".gitignore", "findings/P001.json", ".git/config"]
)
def test_what_is_no_paper_is_named_and_nothing_is_published(world: World, sprout: Post, name: str) -> None:
    stray = world.papers(SPROUT) / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("*\n")
    if name == ".git/config":  # git never looks into a folder of that name, and so neither publishes it
        assert sprout.publish("two").pushed
        assert name not in world.on_hub(SPROUT)
        return
    with pytest.raises(OwnBranchBroken, match="nothing was published"):
        sprout.publish("two")
    stray.unlink()
    assert sprout.publish("two").pushed


def _torn_lines(world: World) -> None:
    [log] = world.papers(SPROUT).glob("worklog/*.jsonl")
    log.write_bytes(log.read_bytes() + b'{"at":"2026-11')


def _temporaries(world: World) -> None:
    (world.papers(SPROUT) / "decisions" / ".tmp-0123456789abcdef").write_text('{"for')


def _stale_locks(world: World) -> None:
    for name in (
        "index.lock",
        "HEAD.lock",
        "config.lock",
        "packed-refs.lock",
        "refs/heads/host/sprout.lock",
        "refs/incoming/sprout.lock",
    ):
        (world.clone(SPROUT) / name).write_text("")


def _torn_index(world: World) -> None:
    index = world.clone(SPROUT) / "index"
    index.write_bytes(index.read_bytes()[:-30])


def _garbage_index(world: World) -> None:
    (world.clone(SPROUT) / "index").write_bytes(b"garbage" * 40)


def _empty_index(world: World) -> None:
    (world.clone(SPROUT) / "index").write_bytes(b"")


def _no_index(world: World) -> None:
    (world.clone(SPROUT) / "index").unlink()


def _torn_config(world: World) -> None:
    (world.clone(SPROUT) / "config").write_text("[core\n")


def _no_head(world: World) -> None:
    (world.clone(SPROUT) / "HEAD").write_text("")


def _waiting_object(world: World) -> Path:
    """Where git will put the waiting decision."""
    name = git(world.folder, "hash-object", "--stdin", stdin=decision(2).pretty())
    place = world.clone(SPROUT) / "objects" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    return place


def _torn_object(world: World) -> None:
    _waiting_object(world).write_bytes(b"x\x01half")


def _empty_object(world: World) -> None:
    _waiting_object(world).write_bytes(b"")


def _half_object(world: World) -> None:
    (_waiting_object(world).parent / "tmp_obj_k3Jx0a").write_bytes(b"x\x01")


def _every_tree_and_blob_torn(world: World) -> None:
    clone = world.clone(SPROUT)
    for path in (clone / "objects").glob("[0-9a-f][0-9a-f]/*"):
        if git(clone, "cat-file", "-t", path.parent.name + path.name) != "commit":
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:5])


def _lost_commit(world: World) -> None:
    tip = git(world.clone(SPROUT), "rev-parse", "host/sprout")
    (world.clone(SPROUT) / "objects" / tip[:2] / tip[2:]).unlink()


HARMS = [
    _torn_lines,
    _temporaries,
    _stale_locks,
    _torn_index,
    _garbage_index,
    _empty_index,
    _no_index,
    _torn_config,
    _no_head,
    _torn_object,
    _empty_object,
    _half_object,
]


@pytest.mark.parametrize("harm", HARMS, ids=[harm.__name__.strip("_") for harm in HARMS])
def test_what_a_killed_process_left_is_put_right_by_the_next_publish(
    world: World, sprout: Post, harm: Callable[[World], None]
) -> None:
    harm(world)
    sprout.log(line("two"))
    assert sprout.publish("two").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)
    assert decision(2).pretty() in world.on_hub(SPROUT).values()
    assert git(world.hub, "show", "host/sprout:worklog/2026-11.jsonl") + "\n" == "".join(
        f"{line(text).canonical().decode()}\n" for text in ("one", "two")
    )
    assert world.post(THOR).receive().quarantined == ()
    git(world.hub, "fsck", "--strict")


def test_a_torn_object_found_only_by_the_push_is_made_again(world: World, sprout: Post) -> None:
    away = world.hub.rename(world.folder / "away")
    with pytest.raises(Exception, match="does not answer"):
        sprout.publish("two", attempts=1)
    away.rename(world.hub)
    _waiting_object(world).chmod(0o644)
    _torn_object(world)
    assert sprout.publish("again").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


@pytest.mark.parametrize("harm", [_lost_commit, _every_tree_and_blob_torn], ids=["commit", "history"])
def test_a_loss_that_papers_cannot_make_good_comes_back_from_the_hub(
    world: World, sprout: Post, harm: Callable[[World], None]
) -> None:
    harm(world)
    sprout.log(line("two"))
    assert sprout.publish("two").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)
    [repair] = sprout.take_repairs()
    assert "refs/heads/host/sprout" in repair
    assert world.clone(SPROUT).with_name("exchange.git.damaged").is_dir()


@pytest.mark.parametrize("harm", [_lost_commit, _every_tree_and_blob_torn], ids=["commit", "history"])
def test_a_loss_without_a_hub_keeps_every_paper_and_is_made_good_with_it(
    world: World, sprout: Post, harm: Callable[[World], None]
) -> None:
    harm(world)
    papers = world.in_papers(SPROUT)
    away = world.hub.rename(world.folder / "away")
    with pytest.raises(Unreachable):
        sprout.publish("two", attempts=2)
    assert world.in_papers(SPROUT) == papers
    assert sprout.known()
    away.rename(world.hub)
    assert sprout.publish("two").pushed
    assert world.on_hub(SPROUT) == papers


def _refusal_of(write: Callable[[], object]) -> StorageError | None:
    try:
        write()
    except StorageError as refused:
        return refused
    return None  # this way of writing does not take the broken step


@pytest.mark.parametrize(
    "step", ["os.write", "os.fsync", "os.link", "os.pwrite", "os.fdatasync", "pathlib.Path.replace"]
)
def test_a_full_disk_keeps_nothing_half(world: World, sprout: Post, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.in_papers(SPROUT)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    for write in (
        lambda: sprout.put(decision(3)),
        lambda: sprout.log(line("two")),
        lambda: sprout.set_status(status(release="r2")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(step, full)
            refused = _refusal_of(write)
        if refused:
            assert "No space left" in refused.message
            assert world.in_papers(SPROUT) == before
        before = world.in_papers(SPROUT)
    assert sprout.publish("what was kept").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


def test_a_full_disk_under_git_is_a_storage_error(world: World, sprout: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    program = world.folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'error: unable to write file: No space left on device' >&2\nexit 128\n")
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        with pytest.raises(StorageError, match="No space left"):
            sprout.publish("two")
    assert sprout.publish("two").pushed


def test_a_paper_that_nobody_would_accept_is_not_written(world: World, sprout: Post) -> None:
    with pytest.raises(Exception, match="nobody accepts more"):
        sprout.put(decision(3, reason="x" * 4_000_000))
    assert sprout.publish("two").pushed


def test_the_variables_of_another_git_do_not_reach_ours(
    world: World, sprout: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = world.folder / "elsewhere"
    git(world.folder, "init", "--quiet", str(elsewhere))
    config = world.folder / "config"
    config.write_text("[user]\nname = nobody\n[core]\nautocrlf = true\n[commit]\ngpgSign = true\n")
    for name, value in {
        "GIT_DIR": elsewhere / ".git",
        "GIT_INDEX_FILE": elsewhere / "index",
        "GIT_WORK_TREE": elsewhere,
        "GIT_OBJECT_DIRECTORY": elsewhere / ".git" / "objects",
        "GIT_AUTHOR_NAME": "nobody",
        "HOME": world.folder,
        "GIT_CONFIG_GLOBAL": config,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": world.folder,
        "LANG": "de_DE.UTF-8",
        "GIT_PREFIX": "x/",
    }.items():
        monkeypatch.setenv(name, str(value))
    assert sprout.publish("two").pushed
    assert list((elsewhere / ".git" / "objects").glob("??")) == []
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


def test_digest_of_a_paper_survives_the_journey(world: World, sprout: Post) -> None:
    sprout.publish("two")
    thor = world.post(THOR)
    thor.receive()
    assert {files.digest(content) for _, content in thor.read(SPROUT, "decisions")} == {
        files.digest(decision(number).pretty()) for number in (1, 2)
    }


@pytest.mark.parametrize("after_s", [-61, 400 * 86400])
def test_a_push_that_died_on_the_hub_is_waited_for_and_then_forgotten(world: World, sprout: Post, after_s: int) -> None:
    """Even one of the future, whose clock was ahead."""
    lock = world.hub / "refs" / "heads" / "host" / "sprout.lock"
    lock.touch()
    with pytest.raises(Unreachable, match="busy with another push"):
        sprout.publish("two", attempts=2)
    assert sprout.unpublished() == 1
    at = lock.stat().st_mtime + after_s
    os.utime(lock, (at, at))
    assert sprout.publish("two").pushed
    assert sprout.unpublished() == 0


def test_a_worklog_whose_first_line_never_came_is_published_empty_and_grows(world: World, sprout: Post) -> None:
    """What a kill between creating the month's file and its first line leaves behind."""
    month = world.papers(SPROUT) / "worklog" / "2027-01.jsonl"
    month.touch()
    sprout.publish("two")
    assert world.on_hub(SPROUT)["worklog/2027-01.jsonl"] == b""
    month.write_bytes(line("late").canonical() + b"\n")
    assert sprout.publish("three").pushed
