"""Who wrote a branch is known by key: what is not signed by its host from the declared commit on, nobody reads."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge import shell
from sage_edge.errors import Unreachable
from sage_edge.exchange import rules
from sage_edge.exchange.errors import ForeignCommits, KeyUnusable, SignaturesUnchecked
from sage_edge.exchange.post import Post
from sage_edge.inventory.signers import COMMITS, START, Signer
from sage_edge.shell import Command, Result
from tests.keys import make_key

from .world import SPROUT, THOR, Stranger, World, decision, git, raw


@pytest.fixture
def keyed(world: World) -> World:
    """A world whose sprout signs from its first commit on; its hub lets everything in, as a broken one would."""
    shutil.rmtree(world.hub)
    world.open_hub(doorkeeper=False)
    enrol(world, "one")
    world.keys[SPROUT] = world.folder / "one"
    return world


def enrol(world: World, name: str, *, after: str = START, until: str | None = None) -> None:
    """Give sprout one more line, for a key that is made if it is not there."""
    path = world.folder / name
    public = make_key(path) if not path.exists() else " ".join(Path(f"{path}.pub").read_text().split()[:2])
    world.signers = (*world.signers, Signer(SPROUT, (COMMITS,), public, after, until))


def write(world: World, number: int) -> str:
    """Sprout publishes one more decision; its commit."""
    post = world.post(SPROUT)
    post.put(decision(number))
    published = post.publish(f"decision {number}")
    assert published.commit
    return published.commit


def rule_at(world: World, reader: Post | None = None) -> str:
    """What thor says of sprout's branch; nothing when all is well."""
    quarantined = (reader or world.post(THOR)).receive().quarantined
    return ", ".join(f"{quarantine.rule} {quarantine.commit[:12]}" for quarantine in quarantined)


def forged(world: World, key: Path | None, path: str = "decisions/x.json") -> str:
    """Somebody who may push adds a commit to sprout's branch, with its mail and trailer."""
    stranger = Stranger(world.folder / f"stranger-{path.replace('/', '-')}.git", world.hub, key)
    tip = stranger.tip(SPROUT)
    commit = stranger.commit(
        [tip] if tip else [],
        {path: ("100644", b"{}\n")},
        author=rules.email(SPROUT),
        committer=rules.email(SPROUT),
        message=f"sprout: x\n\n{rules.trailer(SPROUT)}\n",
    )
    assert stranger.push(commit, "refs/heads/host/sprout")[0] == 0
    return commit


def test_signed_commits_are_read_and_git_agrees(keyed: World) -> None:
    commit = write(keyed, 1)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == ""
    assert len(thor.names(SPROUT, "decisions")) == 1
    allowed = keyed.folder / "allowed_signers"
    allowed.write_text("".join(f"{signer}\n" for signer in keyed.signers))
    git(keyed.hub, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", commit)


def test_each_commit_is_checked_once(keyed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    thor, asked = keyed.post(THOR), counted(monkeypatch)
    for number in (1, 2, 3):
        write(keyed, number)
        assert rule_at(keyed, thor) == ""
    assert asked() == 3
    assert rule_at(keyed, keyed.post(THOR)) == ""
    assert asked() == 3


def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often ssh-keygen was asked about a commit."""
    calls: list[Command] = []
    attempt = shell.attempt

    def asked(command: Command) -> Result:
        calls.extend([command] if command.words[0] == "ssh-keygen" else [])
        return attempt(command)

    monkeypatch.setattr(shell, "attempt", asked)
    return lambda: len(calls)


FORGERIES: Mapping[str, str] = {"unsigned": "unsigned", "foreign": "foreign-key"}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_commit_is_not_read(keyed: World, how: str) -> None:
    good = write(keyed, 1)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == ""
    make_key(keyed.folder / "thief")
    bad = forged(keyed, keyed.folder / "thief" if how == "foreign" else None)
    assert rule_at(keyed, thor) == f"{FORGERIES[how]} {bad[:12]}"
    assert [path for path in thor.names(SPROUT, "decisions") if path.endswith("x.json")] == []
    assert git(keyed.clone(THOR), "rev-parse", "refs/verified/sprout") == good
    assert rule_at(keyed) == f"{FORGERIES[how]} {bad[:12]}", "and it stays so"


def test_another_hosts_key_signs_nothing_of_this_one(keyed: World) -> None:
    keyed.signers += (Signer(THOR, (COMMITS,), make_key(keyed.folder / "thor-key"), START),)
    write(keyed, 1)
    bad = forged(keyed, keyed.folder / "thor-key")
    keyed.keys[THOR] = keyed.folder / "thor-key"
    assert rule_at(keyed) == f"foreign-key {bad[:12]}"


@pytest.mark.parametrize("change", ["message", "tree", "date", "header", "second signature"])
def test_a_signature_holds_for_its_own_commit_only(keyed: World, change: str) -> None:
    first, commit = write(keyed, 1), write(keyed, 2)
    body = raw(keyed.hub, "cat-file", "commit", commit)
    signature = body[body.index(b"gpgsig ") : body.index(b"\n\n") + 1]
    other = {
        "message": body.replace(b"decision 2", b"decision 3"),
        "tree": body.replace(body[5:45], git(keyed.hub, "rev-parse", f"{first}^{{tree}}").encode()),
        "date": body.replace(b" +0000", b" +0100", 1),
        "header": body.replace(b"\ngpgsig", b"\nencoding utf-8\ngpgsig"),
        "second signature": body.replace(signature, signature + signature),
    }[change]
    assert other != body
    bad = raw(keyed.hub, "hash-object", "-t", "commit", "-w", "--stdin", stdin=other).decode().strip()
    git(keyed.hub, "update-ref", "refs/heads/host/sprout", bad)
    assert rule_at(keyed) == f"foreign-key {bad[:12]}"


def test_what_came_before_the_first_signature_stays_readable(world: World) -> None:
    old = write(world, 1)
    enrol(world, "one", after=old)
    world.keys[SPROUT] = world.folder / "one"
    write(world, 2)
    thor = world.post(THOR)
    assert rule_at(world, thor) == ""
    assert len(thor.names(SPROUT, "decisions")) == 2


def test_a_branch_that_lacks_its_first_signed_commit_is_not_read(keyed: World) -> None:
    write(keyed, 1)
    keyed.signers = (replace(keyed.signers[0], after="ab" * 20),)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor).startswith("unrooted")
    assert thor.names(SPROUT, "decisions") == ()


def test_keys_only_move_forward(keyed: World) -> None:
    write(keyed, 1)
    enrol(keyed, "two", after=write(keyed, 2))
    thor = keyed.post(THOR)
    write(keyed, 3)
    assert rule_at(keyed, thor) == "", "the old key goes on until the new one has signed"
    keyed.keys[SPROUT] = keyed.folder / "two"
    write(keyed, 4)
    assert rule_at(keyed, thor) == ""
    bad = forged(keyed, keyed.folder / "one")
    assert rule_at(keyed, thor) == f"foreign-key {bad[:12]}"


def test_a_new_line_checks_nothing_again(keyed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = write(keyed, 1)
    thor, asked = keyed.post(THOR), counted(monkeypatch)
    assert rule_at(keyed, thor) == ""
    enrol(keyed, "two", after=tip)
    assert rule_at(keyed) == ""
    assert asked() == 1


def test_a_withdrawn_key_is_withdrawn_from_what_was_read(keyed: World) -> None:
    good, stolen = write(keyed, 1), write(keyed, 2)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == ""
    assert len(thor.names(SPROUT, "decisions")) == 2
    keyed.signers = (replace(keyed.signers[0], until=good),)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == f"foreign-key {stolen[:12]}"
    assert len(thor.names(SPROUT, "decisions")) == 1
    keyed.signers = (replace(keyed.signers[0], until=START),)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == f"foreign-key {good[:12]}"
    assert thor.names(SPROUT, "decisions") == ()


def test_a_host_goes_on_after_its_key_was_withdrawn(keyed: World) -> None:
    """Its published commits behind the last good one are passed over; not one of its papers is lost."""
    good, stolen = write(keyed, 1), write(keyed, 2)
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == ""
    keyed.signers = (replace(keyed.signers[0], until=good),)
    enrol(keyed, "two", after=good)
    keyed.keys[SPROUT] = keyed.folder / "two"
    sprout = keyed.post(SPROUT)
    sprout.put(decision(3))
    with pytest.raises(ForeignCommits, match="foreign-key"):
        sprout.receive()
    assert rule_at(keyed) == f"foreign-key {stolen[:12]}"
    repaired = sprout.repair("the key was stolen")
    assert repaired.passed_over == 1
    sprout.publish("on we go")
    sprout.receive()
    reader = keyed.post(THOR)
    assert rule_at(keyed, reader) == ""
    assert len(reader.names(SPROUT, "decisions")) == 3


def test_what_was_not_published_yet_is_signed_anew(keyed: World) -> None:
    good = write(keyed, 1)
    sprout = keyed.post(SPROUT)
    sprout.put(decision(2))
    keyed.hub.rename(keyed.folder / "away")
    with pytest.raises(Unreachable):
        sprout.publish("offline", attempts=1)
    (keyed.folder / "away").rename(keyed.hub)
    keyed.signers = (replace(keyed.signers[0], until=good),)
    enrol(keyed, "two", after=good)
    keyed.keys[SPROUT] = keyed.folder / "two"
    assert keyed.post(SPROUT).publish("again").pushed
    thor = keyed.post(THOR)
    assert rule_at(keyed, thor) == ""
    assert len(thor.names(SPROUT, "decisions")) == 2


def test_a_lost_memory_is_made_again(keyed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write(keyed, 1)
    assert rule_at(keyed) == ""
    (keyed.clone(THOR) / "signed" / "sprout.json").write_bytes(b"\0" * 40)
    asked = counted(monkeypatch)
    assert rule_at(keyed) == ""
    assert asked() == 1


def test_a_host_that_must_sign_and_cannot_keeps_its_papers(keyed: World) -> None:
    post = keyed.post(SPROUT)
    post.put(decision(1))
    (keyed.folder / "one").rename(keyed.folder / "away")
    with pytest.raises(KeyUnusable, match="is not there"):
        post.publish("x")
    make_key(keyed.folder / "two")
    keyed.keys[SPROUT] = keyed.folder / "two"
    with pytest.raises(KeyUnusable, match="nobody expects"):
        keyed.post(SPROUT).publish("x")
    (keyed.folder / "two").write_text("no key at all")
    with pytest.raises(KeyUnusable, match="cannot be read"):
        keyed.post(SPROUT).publish("x")
    assert post.unpublished() == 1
    (keyed.folder / "away").rename(keyed.folder / "one")
    assert post.publish("x").pushed


def test_without_ssh_keygen_nothing_new_is_believed(keyed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write(keyed, 1)
    only_git = keyed.folder / "bin"
    only_git.mkdir()
    (only_git / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(only_git))
    thor = keyed.post(THOR)
    with pytest.raises(SignaturesUnchecked, match="ssh-keygen is not installed"):
        thor.receive()
    assert thor.names(SPROUT, "decisions") == ()


def test_a_key_is_read_as_ssh_keygen_reads_it(tmp_path: Path) -> None:
    from sage_edge.exchange.commit_key import public_half

    for kind in ("ed25519", "ecdsa"):
        path = tmp_path / kind
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
        assert public_half(path) == public_half(path.with_name(f"{kind}.pub"))


def test_an_unsigned_fleet_goes_on(world: World) -> None:
    write(world, 1)
    thor = world.post(THOR)
    assert rule_at(world, thor) == ""
    assert len(thor.names(SPROUT, "decisions")) == 1
