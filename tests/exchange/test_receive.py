"""The own branch: found again after a loss, never taken from somebody else; and what a poisoned branch cannot do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.exchange import git_errors
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.errors import OwnBranchBroken
from sage_edge.exchange.post import Post
from sage_edge.names import HostName
from sage_edge.shell import Result

from .world import SPROUT, THOR, Stranger, World, decision, finding, git, line, raw, status


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies on the disk after a publish, made once: a push takes longer than the rest of most tests."""
    world = World(tmp_path_factory.mktemp("published"))
    world.open_hub()
    post = world.post(SPROUT)
    for number in (1, 2):
        post.put(decision(number))
        post.log(line(str(number)))
    post.set_status(status())
    post.publish("all")
    return world.folder


@pytest.fixture
def sprout(world: World, published: Path) -> Post:
    """A host that has published two decisions, two lines and a status."""
    shutil.copytree(published, world.folder, dirs_exist_ok=True)
    return world.post(SPROUT)


def test_a_lost_state_comes_back(world: World, sprout: Post) -> None:
    before = world.in_papers(SPROUT)
    shutil.rmtree(world.state(SPROUT))
    again = world.post(SPROUT)
    assert not again.known()
    again.receive()
    assert again.known()
    assert world.in_papers(SPROUT) == before
    assert again.unpublished() == 0
    again.put(decision(3))
    assert again.publish("on we go").pushed
    assert git(world.hub, "rev-list", "--count", "host/sprout") == "2"


def test_a_publish_after_a_loss_takes_the_old_papers_back_first(world: World, sprout: Post) -> None:
    before = world.in_papers(SPROUT)
    shutil.rmtree(world.state(SPROUT))
    again = world.post(SPROUT)
    again.put(decision(3))
    assert again.publish("from nothing").pushed
    assert before.items() <= world.in_papers(SPROUT).items()
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


def test_newer_papers_survive_the_loss_of_the_clone(world: World, sprout: Post) -> None:
    sprout.put(decision(3))
    sprout.log(line("3"))
    mine = world.in_papers(SPROUT)
    shutil.rmtree(world.clone(SPROUT))
    again = world.post(SPROUT)
    again.receive()
    assert world.in_papers(SPROUT) == mine
    assert again.unpublished() == 1
    assert again.publish("three").pushed
    assert world.on_hub(SPROUT) == mine


def test_a_shorter_worklog_grows_back_and_a_contradiction_is_named(world: World, sprout: Post) -> None:
    mine = world.in_papers(SPROUT)
    [log] = world.papers(SPROUT).glob("worklog/*")
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    shutil.rmtree(world.clone(SPROUT))
    world.post(SPROUT).receive()
    assert world.in_papers(SPROUT) == mine

    paper = next(world.papers(SPROUT).glob("decisions/*"))
    paper.write_text("{}")
    shutil.rmtree(world.clone(SPROUT))
    again = world.post(SPROUT)
    with pytest.raises(OwnBranchBroken, match="is not what this host has published"):
        again.receive()
    assert not again.known()
    paper.unlink()
    again.receive()
    assert world.in_papers(SPROUT) == mine


def test_somebody_else_writing_in_our_name_is_not_believed(world: World, sprout: Post) -> None:
    stranger = Stranger(world.folder / "stranger", world.hub)
    tip = stranger.tip(SPROUT)
    assert tip
    who = "sprout@sage-edge.invalid"
    forged = stranger.commit(
        [tip],
        {"decisions/forged.json": ("100644", b"{}")},
        author=who,
        committer=who,
        message="sprout: x\n\nSage-Host: sprout\n",
    )
    assert stranger.push(forged, "refs/heads/host/sprout")[0] == 0
    thor = world.post(THOR)
    thor.put(finding())
    thor.publish("one finding")
    with pytest.raises(OwnBranchBroken, match="did not write here"):
        sprout.receive()
    assert sprout.names(THOR, "findings")  # the others are read all the same
    sprout.put(decision(3))
    with pytest.raises(HubRefused) as refused:
        sprout.publish("three")
    assert "somebody else writes as sprout" in hints.text(refused.value.hint)
    assert forged not in git(world.clone(SPROUT), "rev-list", "host/sprout")


def test_a_restored_branch_must_keep_the_rules_too(world: World) -> None:
    world.open_hub(doorkeeper=False)
    stranger = Stranger(world.folder / "stranger", world.hub)
    words = {"author": "a@b", "committer": "a@b", "message": "x"}
    made = stranger.commit([], {"x": ("120000", b"/etc")}, **words)
    assert stranger.push(made, "refs/heads/host/sprout")[0] == 0
    sprout = world.post(SPROUT)
    with pytest.raises(OwnBranchBroken, match="foreign-author"):
        sprout.receive()
    assert world.in_papers(SPROUT) == {}
    assert not sprout.known()


def test_one_poisoned_branch_does_not_silence_the_others(world: World, sprout: Post) -> None:
    world.open_hub(doorkeeper=False)
    stranger = Stranger(world.folder / "stranger", world.hub)
    thor = world.post(THOR)
    thor.put(finding())
    thor.publish("one finding")
    tip = stranger.tip(SPROUT)
    tree = git(stranger.folder, "rev-parse", f"{tip}^{{tree}}")
    bad = f"tree {tree}\nparent {tip}\nauthor no address\ncommitter no address\n\nx\n".encode()
    commit = git(stranger.folder, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=bad)
    assert stranger.push(commit, "refs/heads/host/sprout")[0] == 0

    desk = world.post(HostName("desk"))
    heard = desk.receive()
    assert [(found.host, found.rule, found.commit) for found in heard.quarantined] == [("sprout", "unsound", commit)]
    assert heard.updated == (THOR,)
    assert len(desk.read(THOR, "findings")) == 1


def test_other_branches_of_the_hub_are_not_even_fetched(world: World, sprout: Post) -> None:
    git(world.hub, "update-ref", "refs/heads/main", "refs/heads/host/sprout")
    git(world.hub, "update-ref", "refs/tags/v1", "refs/heads/host/sprout")
    thor = world.post(THOR)
    assert thor.receive().quarantined == ()
    refs = git(world.clone(THOR), "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/incoming/sprout", "refs/verified/sprout"]


def test_a_branch_that_points_at_no_commit_is_quarantined(world: World, sprout: Post) -> None:
    blob = git(world.hub, "rev-parse", "host/sprout:status.json")
    (world.hub / "refs" / "heads" / "host" / "desk").write_text(blob + "\n")
    thor = world.post(THOR)
    assert [found.rule for found in thor.receive().quarantined] == ["not-a-commit"]
    assert len(thor.read(SPROUT, "decisions")) == 2


def test_a_receive_killed_between_fetch_and_verify_is_finished_by_the_next(world: World, sprout: Post) -> None:
    thor = world.post(THOR)
    raw(world.clone(THOR), "fetch", "--quiet", str(world.hub), "+refs/heads/host/*:refs/incoming/*")
    assert thor.read(SPROUT, "decisions") == ()
    assert thor.receive().updated == (SPROUT,)


CLONE = Clone(SPROUT, Path("/s/exchange.git"), Path("/s/papers"), Path("/s/locks"), "ssh://hub/post.git")
SAID = {
    "ssh: Could not resolve hostname hub: Name or service not known\nfatal: Could not read.": Unreachable,
    "ssh: connect to host hub port 22: Connection refused": Unreachable,
    "fatal: unable to access 'https://hub/': Failed to connect to hub port 443": Unreachable,
    "fatal: '/x' does not appear to be a git repository": Unreachable,
    "fatal: the remote end hung up unexpectedly": Unreachable,
    "": Unreachable,
    "git@hub: Permission denied (publickey).\nfatal: Could not read from remote repository.": HubRefused,
    "Host key verification failed.": HubRefused,
    "fatal: Authentication failed for 'https://hub/'": HubRefused,
    "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403": HubRefused,
}


@pytest.mark.parametrize("said", SAID)
def test_who_did_not_answer_and_who_said_no(said: str) -> None:
    result = Result(128, b"", said.encode())
    for meaning in (git_errors.failed_fetch, git_errors.failed_push):
        failure = meaning(CLONE, result, lambda *_: None)  # a hub that cannot be looked at a second time
        assert type(failure) is SAID[said]
        assert failure.hint


def test_a_refused_push_carries_the_words_of_the_hub() -> None:
    ref = b"refs/heads/host/sprout"
    out = b"To hub\n!\t%s:%s\t[remote rejected] (pre-receive hook declined)\nDone\n" % (ref, ref)
    failure = git_errors.failed_push(
        CLONE, Result(1, out, b"remote: sage: too much        \nerror: failed to push some refs\n")
    )
    assert isinstance(failure, HubRefused)
    assert failure.message.splitlines() == [
        "ssh://hub/post.git refused host/sprout: [remote rejected] (pre-receive hook declined)",
        "  sage: too much",
    ]
