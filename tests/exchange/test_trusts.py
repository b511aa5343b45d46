"""A quarantine ends by a person's word, up to a commit, with a reason that everybody can read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sage_edge.exchange.errors import NotTrustable
from sage_edge.exchange.post import Post
from sage_edge.inventory.signers import COMMITS, Signer
from sage_edge.names import HostName
from sage_edge.records.base import parse
from sage_edge.records.worklog import BranchTrust
from tests.keys import make_key

from .world import SPROUT, THOR, Stranger, World, decision, git, line

pytestmark = pytest.mark.slow  # many pushes each


@pytest.fixture
def forger(world: World) -> Stranger:
    """Somebody who puts on sprout's branch, at a hub that lets everything in, what he likes."""
    shutil.rmtree(world.hub)
    world.open_hub(doorkeeper=False)
    sprout = world.post(SPROUT)
    sprout.put(decision(1))
    sprout.publish("one")
    return Stranger(world.folder / "stranger", world.hub)


def forge(forger: Stranger, number: int = 1, *, mail: str = "thor", anew: bool = False) -> str:
    who, tip = f"{mail}@sage-edge.invalid", str(forger.tip(SPROUT))
    words = {"author": who, "committer": who, "message": "sprout: x\n\nSage-Host: sprout\n"}
    entry = {f"decisions/forged{number}.json": ("100644", b"{}")}
    commit = forger.commit([] if anew else [tip], entry, **words)
    assert forger.push(commit, "refs/heads/host/sprout")[0] == 0
    return commit


def rules(post: Post) -> list[str]:
    return [case.rule for case in post.receive().quarantined]


def test_a_word_ends_a_quarantine_and_stays(world: World, forger: Stranger) -> None:
    thor = world.post(THOR)
    assert rules(thor) == []
    commit = forge(forger)
    assert rules(thor) == ["foreign-author"]
    trust, left = thor.trust(SPROUT, commit[:12], "it was a test of ours")
    assert (trust.commit, trust.rule, left) == (commit, "foreign-author", ())
    assert rules(thor) == []
    assert "decisions/forged1.json" in thor.names(SPROUT, "decisions")
    assert thor.publish("the word").pushed
    published = world.on_hub(THOR)[f"trusts/sprout/{commit[:12]}.json"]
    assert parse(BranchTrust, published).because == "it was a test of ours"
    shutil.rmtree(world.clone(THOR))
    assert rules(world.post(THOR)) == [], "a clone that is made anew knows it, too"
    desk = world.post(HostName("desk"))
    assert rules(desk) == ["foreign-author"], "another reader has its own word"
    assert "sprout" not in [case.host for case in desk.quarantined() if case.host == THOR], "and accepts thor's paper"


def test_what_comes_behind_is_judged_as_ever(world: World, forger: Stranger) -> None:
    thor = world.post(THOR)
    thor.receive()
    first = forge(forger)
    second = forge(forger, 2)
    rules(thor)
    _, left = thor.trust(SPROUT, first, "the first is ours")
    assert [(case.rule, case.commit, case.trusted) for case in left] == [("foreign-author", second, first)]
    assert thor.trust(SPROUT, second, "the second, too")[1] == ()
    third = forge(forger, 3)
    [case] = thor.receive().quarantined
    assert (case.commit, case.trusted) == (third, second)


def test_a_branch_that_was_begun_anew(world: World, forger: Stranger) -> None:
    thor = world.post(THOR)
    thor.receive()
    commit = forge(forger, mail="sprout", anew=True)
    assert rules(thor) == ["rewritten"]
    assert thor.trust(SPROUT, commit, "sprout lost its disk and its hub")[1] == ()
    assert thor.names(SPROUT, "decisions") == ("decisions/forged1.json",)


def test_a_repair_of_what_was_believed(world: World, forger: Stranger) -> None:
    """The one quarantine that a repair leaves behind."""
    thor = world.post(THOR)
    thor.receive()
    forge(forger, mail="sprout")
    assert rules(thor) == []
    sprout = world.post(SPROUT)
    sprout.repair("not ours", "foreign")
    [case] = thor.receive().quarantined
    assert case.rule == "repudiated"
    thor.trust(SPROUT, case.commit, "asked sprout's operator")
    assert thor.names(SPROUT, "decisions") == sprout.names(SPROUT, "decisions")
    sprout.log(line("on"))
    sprout.publish("on")
    assert rules(thor) == []


def test_an_unsigned_commit(world: World, forger: Stranger) -> None:
    key = world.folder / "key"
    tip = str(forger.tip(SPROUT))
    world.signers = (Signer(SPROUT, (COMMITS,), make_key(key), tip),)
    thor = world.post(THOR)
    assert rules(thor) == []
    commit = forge(forger, mail="sprout")
    assert rules(thor) == ["unsigned"]
    assert thor.trust(SPROUT, commit, "its key was not yet there")[1] == ()
    assert rules(world.post(THOR)) == []
    forge(forger, 2, mail="sprout")
    assert rules(world.post(THOR)) == ["unsigned"], "behind it is signed as before"
    (Path(world.clone(THOR)) / "signed" / "sprout.json").unlink()
    assert rules(world.post(THOR)) == ["unsigned"]
    assert len(world.post(THOR).names(SPROUT, "decisions")) == 2


def test_words_that_help_nobody(world: World, forger: Stranger) -> None:
    thor = world.post(THOR)
    thor.receive()
    good = str(forger.tip(SPROUT))
    for commit, why in ((good, "is not in quarantine"),):
        with pytest.raises(NotTrustable, match=why) as refused:
            thor.trust(SPROUT, commit, "x")
        assert refused.value.code == 2
    bad = forge(forger)
    rules(thor)
    for commit in ("HEAD", "--all", "0" * 40, "", "refs/heads/host/thor", bad[:6]):
        with pytest.raises(NotTrustable, match="is no commit of it"):
            thor.trust(SPROUT, commit, "x")
    with pytest.raises(NotTrustable, match=f"breaks foreign-author behind {good[:12]}"):
        thor.trust(SPROUT, good, "x")
    assert not (world.papers(THOR) / "trusts").exists()


@pytest.mark.parametrize("rule", ["undeclared-host", "removed-branch", "unrooted"])
def test_what_no_word_ends(world: World, forger: Stranger, rule: str) -> None:
    thor = world.post(THOR)
    thor.receive()
    tip = str(forger.tip(SPROUT))
    host: str = SPROUT
    if rule == "undeclared-host":
        host = "ghost"
        git(world.hub, "update-ref", "refs/heads/host/ghost", tip)
    elif rule == "removed-branch":
        git(world.hub, "update-ref", "-d", "refs/heads/host/sprout")
    else:
        world.signers = (Signer(SPROUT, (COMMITS,), make_key(world.folder / "key"), "1" * 40),)
        thor = world.post(THOR)
    assert rules(thor) == [rule]
    with pytest.raises(NotTrustable, match=rule):
        thor.trust(host, tip, "x")
