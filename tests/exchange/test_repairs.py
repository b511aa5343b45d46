"""Commits of somebody else on a host's own branch: named, lived with, passed over by all, and kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.exchange import branch_state, own_branch, rules
from sage_edge.exchange.branch_state import BranchState
from sage_edge.exchange.errors import ForeignCommits, OwnBranchBroken, RepairUndecided
from sage_edge.exchange.own_branch import Whose
from sage_edge.exchange.post import Post
from sage_edge.inventory.signers import COMMITS, START, Signer
from sage_edge.records.base import parse
from sage_edge.records.worklog import Repair
from tests.keys import make_key

from .world import SPROUT, THOR, Stranger, World, decision, git, line, status

pytestmark = pytest.mark.slow  # many pushes each

Entries = dict[str, tuple[str, bytes] | None]
FORGED: Entries = {"decisions/forged.json": ("100644", b"{}")}


@dataclass
class Scene:
    """A hub that lets everything in, a sprout that has published, and somebody who writes in its name."""

    world: World
    sprout: Post
    thor: Post
    stranger: Stranger

    def forge(self, *, mail: str = "sprout", entries: Entries | None = None, merge: bool = False) -> str:
        """One more commit on sprout's branch."""
        tip = self.stranger.tip(SPROUT)
        who = f"{mail}@sage-edge.invalid"
        words = {"author": who, "committer": who, "message": "sprout: x\n\nSage-Host: sprout\n"}
        parents = [tip] if tip else []
        if merge:
            parents.append(self.stranger.commit([], {"status.json": ("100644", b"x")}, **words))
        commit = self.stranger.commit(parents, entries or FORGED, **words)
        code, said = self.stranger.push(commit, "refs/heads/host/sprout")
        assert code == 0, said
        return commit

    def write(self, number: int) -> None:
        """Sprout keeps one more decision and publishes, if the hub lets it."""
        self.sprout.put(decision(number))
        self.sprout.log(line(str(number)))


@pytest.fixture
def scene(world: World) -> Scene:
    shutil.rmtree(world.hub)
    world.open_hub(doorkeeper=False)
    return begun(world)


def begun(world: World) -> Scene:
    stranger = Stranger(world.folder / "stranger", world.hub)
    made = Scene(world, world.post(SPROUT), world.post(THOR), stranger)
    made.write(1)
    made.sprout.set_status(status())
    made.sprout.publish("one")
    assert made.thor.receive().updated == (SPROUT,)
    return made


def at_peace(scene: Scene) -> None:
    """Everybody reads what sprout has written, and it writes on."""
    assert scene.thor.receive().quarantined == ()
    assert scene.world.on_hub(SPROUT) == scene.world.in_papers(SPROUT)
    assert dict(scene.thor.read(SPROUT, "decisions")) == dict(scene.sprout.read(SPROUT, "decisions"))
    scene.write(90)
    assert scene.sprout.publish("on we go").pushed
    assert scene.thor.receive().updated == (SPROUT,)
    fresh = World(scene.world.folder, signers=scene.world.signers)
    shutil.rmtree(fresh.state("desk"), ignore_errors=True)
    desk = fresh.post(type(SPROUT)("desk"))
    assert desk.receive().quarantined == (), "a reader that begins at the root agrees"
    assert dict(desk.read(SPROUT, "decisions")) == dict(scene.sprout.read(SPROUT, "decisions"))


def _changed_paper(scene: Scene) -> str:
    [paper] = [path for path in scene.world.on_hub(SPROUT) if path.startswith("decisions/")]
    return scene.forge(entries={paper: ("100644", b"forged")})


BREAKS: Mapping[str, Callable[[Scene], str]] = {
    "foreign-author": lambda scene: scene.forge(mail="thor"),
    "immutable": _changed_paper,
    "not-a-plain-file": lambda scene: scene.forge(entries={"decisions/x.json": ("120000", b"/etc/passwd")}),
    "merge": lambda scene: scene.forge(merge=True),
    "foreign-path": lambda scene: scene.forge(entries={"findings/x.json": ("100644", b"{}")}),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_foreign_commits_are_named_lived_with_and_passed_over(scene: Scene, rule: str) -> None:
    first = BREAKS[rule](scene)
    last = scene.forge(mail="mallory", entries={"worklog/2026-11.jsonl": ("100644", b"")})

    with pytest.raises(ForeignCommits) as told:
        scene.sprout.receive()
    assert told.value.code == 8
    assert rule in told.value.message
    assert first[:12] in told.value.message
    assert "'none'" not in told.value.message
    assert hints.text(told.value.hint).endswith("sage-edge exchange repair --because REASON")
    assert branch_state.look(scene.sprout._clone).foreign == last
    scene.write(2)
    with pytest.raises(Exception, match="host/sprout"):
        scene.sprout.publish("work goes on")
    assert decision(2).pretty() in scene.world.in_papers(SPROUT).values()
    assert git(scene.world.clone(SPROUT), "rev-parse", f"refs/foreign/{last[:12]}") == last
    [quarantined] = scene.thor.receive().quarantined
    assert quarantined.rule == rule
    assert branch_state.look(scene.thor._clone) == BranchState(None, ("sprout",), 0)

    done = scene.sprout.repair("somebody else's")
    assert (done.kept, done.passed_over >= 2) == (0, True)
    assert git(scene.world.hub, "rev-parse", "host/sprout^") == last, "the hub only goes forward"
    record = parse(Repair, scene.world.on_hub(SPROUT)[f"repairs/{last[:12]}.json"])
    assert (record.foreign, record.rule, record.because) == (last, rule, "somebody else's")
    assert scene.sprout.receive().quarantined == ()
    assert branch_state.look(scene.sprout._clone).foreign is None
    at_peace(scene)
    assert branch_state.look(scene.thor._clone) == BranchState(None, (), 1)
    assert scene.sprout.repair("again") == own_branch.Repaired()


def test_the_hook_lets_a_repair_in(scene: Scene) -> None:
    """The hub got its doorkeeper when the damage was done."""
    scene.forge(mail="thor")
    scene.world.open_hub()
    with pytest.raises(ForeignCommits):
        scene.sprout.receive()
    assert scene.sprout.repair("x").passed_over == 1
    at_peace(scene)


def test_a_branch_that_begins_with_somebody_else(world: World) -> None:
    shutil.rmtree(world.hub)
    world.open_hub(doorkeeper=False)
    scene = Scene(world, world.post(SPROUT), world.post(THOR), Stranger(world.folder / "stranger", world.hub))
    scene.forge(mail="thor")
    with pytest.raises(ForeignCommits, match="foreign-author"):
        scene.sprout.receive()
    assert not scene.sprout.known()
    assert scene.sprout.repair("x").passed_over == 1
    assert scene.sprout.known()
    assert json.loads(next(iter(scene.sprout.read(SPROUT, "repairs")))[1])["good"] is None
    at_peace(scene)


def test_twice_and_a_forged_repair_among_the_foreign(scene: Scene) -> None:
    scene.forge(mail="thor")
    scene.sprout.repair("once")
    scene.write(2)
    scene.sprout.publish("two")
    scene.thor.receive()
    before = scene.stranger.tip(SPROUT)
    who = "sprout@sage-edge.invalid"
    message = f"sprout: x\n\nSage-Repair: start {before}\nSage-Host: sprout\n"
    made = scene.stranger.commit([str(before)], {}, author=who, committer=who, message=message)
    scene.stranger.push(made, "refs/heads/host/sprout")
    [quarantined] = scene.thor.receive().quarantined
    assert quarantined.rule == "repudiated"
    assert scene.sprout.repair("twice").passed_over == 1
    at_peace(scene)


def test_what_looks_like_its_own_is_for_a_person_to_decide(scene: Scene) -> None:
    scene.forge()
    with pytest.raises(ForeignCommits, match="they break no rule"):
        scene.sprout.receive()
    with pytest.raises(RepairUndecided) as asked:
        scene.sprout.repair("x")
    assert "exchange repair --keep --because REASON" in hints.text(asked.value.hint)
    scene.sprout.repair("x", "foreign")
    assert not any("forged" in path for path in scene.world.on_hub(SPROUT))
    at_peace(scene)


def test_a_reader_that_has_believed_it_leaves_it_to_a_person(scene: Scene) -> None:
    """Else whoever may push could make papers disappear by calling them foreign."""
    forged = scene.forge()
    assert scene.thor.receive().updated == (SPROUT,)
    scene.sprout.repair("x", "foreign")
    [quarantined] = scene.thor.receive().quarantined
    assert (quarantined.rule, quarantined.trusted) == ("repudiated", forged)


@pytest.mark.parametrize("whose", ["own", "signed"])
def test_a_state_that_was_put_back_takes_its_own_commits(scene: Scene, whose: str) -> None:
    kept = scene.world.folder / "backup"
    shutil.copytree(scene.world.state(SPROUT), kept)
    scene.write(2)
    scene.sprout.publish("two")
    if whose == "signed":
        key = scene.world.folder / "key"
        before = git(scene.world.hub, "rev-parse", "host/sprout^")
        scene.world.signers = (Signer(SPROUT, (COMMITS,), make_key(key), before),)
        scene.world.keys[SPROUT] = key
        # written anew, signed
        git(scene.world.hub, "update-ref", "refs/heads/host/sprout", before)
        shutil.rmtree(scene.world.clone(SPROUT))
        scene.world.post(SPROUT).publish("two")
    ahead = scene.world.on_hub(SPROUT)
    shutil.rmtree(scene.world.state(SPROUT))
    shutil.copytree(kept, scene.world.state(SPROUT))
    again = scene.world.post(SPROUT)
    again.put(decision(3))
    with pytest.raises(ForeignCommits):
        again.receive()
    choice: Whose = "own" if whose == "own" else ""
    assert again.repair("a backup", choice).passed_over == 0
    assert ahead.items() <= scene.world.in_papers(SPROUT).items()
    assert again.publish("three").pushed
    assert scene.world.on_hub(SPROUT) == scene.world.in_papers(SPROUT)


def test_own_papers_that_were_changed_are_not_published_by_a_repair(scene: Scene) -> None:
    scene.forge(mail="thor")
    paper = next(scene.world.papers(SPROUT).glob("decisions/*"))
    whole = paper.read_bytes()
    paper.write_text("{}")
    with pytest.raises(OwnBranchBroken, match="breaks the rule 'immutable'"):
        scene.sprout.repair("x")
    paper.write_bytes(whole)
    scene.sprout.repair("x")
    at_peace(scene)


def test_a_repair_that_was_killed_before_it_kept_its_record(scene: Scene) -> None:
    scene.forge(mail="thor")
    scene.sprout.repair("x")
    [record] = scene.world.papers(SPROUT).glob("repairs/*")
    whole = record.read_bytes()
    record.unlink()
    scene.write(2)
    assert scene.sprout.publish("two").pushed
    assert record.read_bytes() == whole
    at_peace(scene)


def signed_scene(world: World) -> Scene:
    shutil.rmtree(world.hub)
    world.open_hub(doorkeeper=False)
    key = world.folder / "key"
    world.signers = (Signer(SPROUT, (COMMITS,), make_key(key), START),)
    world.keys[SPROUT] = key
    return begun(world)


def test_with_signatures_what_is_not_signed_is_passed_over(world: World) -> None:
    scene = signed_scene(world)
    scene.forge()
    with pytest.raises(ForeignCommits, match="unsigned"):
        scene.sprout.receive()
    assert [case.rule for case in scene.thor.receive().quarantined] == ["unsigned"]
    assert scene.sprout.repair("x").passed_over == 1
    at_peace(scene)


def test_with_signatures_nobody_takes_back_what_it_signed(world: World) -> None:
    """Not the host itself either: what was published stays published."""
    scene = signed_scene(world)
    early = str(scene.stranger.tip(SPROUT))
    scene.write(2)
    scene.sprout.publish("two")
    tip = str(scene.stranger.tip(SPROUT))
    seen = own_branch.StrangeTip(tip, early, early, early, rules.Breach(tip, "merge", "x"), 1)
    git(scene.world.clone(SPROUT), "update-ref", "refs/heads/host/sprout", early)
    for path in scene.world.papers(SPROUT).glob("decisions/*"):
        if path.read_bytes() == decision(2).pretty():
            path.unlink()
    sender = scene.sprout._sender
    own_branch.repair(
        scene.sprout._clone, sender.folders, sender.signing, seen, "x", "foreign", scene.world.clock.now()
    )
    git(scene.world.clone(SPROUT), "push", str(scene.world.hub), "host/sprout")
    fresh = scene.world.folder / "fresh"
    fresh.mkdir()
    shutil.rmtree(scene.world.state(THOR))
    [quarantined] = scene.world.post(THOR).receive().quarantined
    assert (quarantined.rule, quarantined.commit) == ("repudiated", tip)


BAD = {
    "no record": ("Sage-Repair: {good} {last}", {}),
    "another range": (
        "Sage-Repair: {good} {last}",
        {"repairs/{last12}.json": b'{{"good": null, "foreign": "{last}"}}'},
    ),
    "not behind it": ("Sage-Repair: {good} {good}", {}),
}


@pytest.mark.parametrize("how", BAD)
def test_a_repair_that_is_none(scene: Scene, how: str) -> None:
    good = str(scene.stranger.tip(SPROUT))
    last = scene.forge(mail="thor")
    names = {"good": good, "last": last, "last12": last[:12]}
    trailer, entries = BAD[how]
    who = "sprout@sage-edge.invalid"
    made = scene.stranger.commit(
        [last],
        {path.format(**names): ("100644", body.decode().format(**names).encode()) for path, body in entries.items()},
        author=who,
        committer=who,
        message=f"sprout: x\n\n{trailer.format(**names)}\nSage-Host: sprout\n",
    )
    scene.stranger.push(made, "refs/heads/host/sprout")
    [quarantined] = scene.thor.receive().quarantined
    assert (quarantined.rule, quarantined.commit) == ("repair", made)


def test_a_record_without_a_repair_is_no_paper(scene: Scene) -> None:
    scene.forge(entries={"repairs/x.json": ("100644", b"{}")})
    assert [case.rule for case in scene.thor.receive().quarantined] == ["foreign-path"]


def test_where_a_key_was_stolen_its_commits_are_passed_over(world: World) -> None:
    """What the thief signed does not count behind the end of the key, so the host may call it foreign."""
    scene = signed_scene(world)
    end = str(scene.stranger.tip(SPROUT))
    thief = Stranger(world.folder / "thief", world.hub, world.folder / "key")
    Scene(world, scene.sprout, scene.thor, thief).forge()
    fresh: Path = world.folder / "fresh"
    old = world.signers[0]
    world.signers = (
        Signer(SPROUT, (COMMITS,), old.key, START, end),
        Signer(SPROUT, (COMMITS,), make_key(fresh), end),
    )
    world.keys[SPROUT] = fresh
    scene.sprout, scene.thor = world.post(SPROUT), world.post(THOR)
    with pytest.raises(ForeignCommits, match="foreign-key"):
        scene.sprout.receive()
    scene.sprout.repair("the old key was stolen")
    at_peace(scene)
