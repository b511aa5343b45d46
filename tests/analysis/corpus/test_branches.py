"""Papers are read from the hosts' branches by git's objects: of a hub, of an agent's clone; only in their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sage_edge.analysis.corpus import Branches, Corpus
from sage_edge.errors import UsageError
from sage_edge.records import dialogue, paper_paths
from sage_edge.records.transcript import Transcript
from tests import corpora
from tests.analysis.corpus.counting import SCORERS, look, seen
from tests.builders import transcript
from tests.exchange.world import SPROUT, THOR, Stranger, World, git


def publish(world: World, *papers: Transcript) -> None:
    post = world.post(SPROUT)
    for paper in papers:
        post.put(paper)
    post.publish("sessions")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.open_hub()
    return made


def of(repository: Path, cache: Path | None = None, **more: Any) -> dict[str, Any]:
    with Corpus.open(Branches.at(repository), cache, scorers=SCORERS, **more) as corpus:
        return seen(corpus)


def test_a_hub_and_a_clone_say_what_the_papers_say(world: World, tmp_path: Path) -> None:
    publish(world, *corpora.sessions(9))
    right = look(world.papers("sprout"))
    assert len(right["dialogues"]) == 9
    assert of(world.hub) == right
    assert of(world.clone("sprout")) == right
    thor = world.post(THOR)
    thor.receive()
    assert of(world.clone("thor")) == right
    git(tmp_path, "clone", "--quiet", "--bare", str(world.hub), "mirror.git")
    assert of(tmp_path / "mirror.git") == right


def test_only_what_is_new_is_read(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache.sqlite"
    publish(world, *corpora.sessions(3))
    of(world.hub, cache)
    publish(world, corpora.session("primary", 3))
    heard: list[tuple[int, int]] = []
    asked: list[int] = []
    kept = Branches.entries

    def entries(self: Branches, groups: Any) -> Any:
        asked.append(len(groups))
        return kept(self, groups)

    monkeypatch.setattr(Branches, "entries", entries)
    found = of(world.hub, cache, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 1)]
    assert asked == [3]  # sessions, sessions/primary, sessions/primary/000: not the training's
    assert found == look(world.papers("sprout"))


def test_a_session_can_be_read_again(world: World) -> None:
    paper = transcript()
    publish(world, paper)
    with Corpus.open(Branches.at(world.hub)) as corpus:
        assert corpus.read(paper.seal) == dialogue.of(paper)


def test_what_does_not_belong_to_its_place_is_refused(world: World) -> None:
    world.open_hub(doorkeeper=False)
    good, other, foreign = transcript("P001"), transcript("P002"), transcript("P003", host="willow")
    shard = "sessions/primary/000"
    stranger = Stranger(world.folder / "stranger.git", world.hub)
    entries = {
        f"{shard}/P001.json": ("100644", good.pretty()),
        f"{shard}/P007.json": ("100644", other.pretty()),
        f"{shard}/P003.json": ("100644", foreign.pretty()),
        f"{shard}/P004.json": ("120000", b"P001.json"),
        f"{shard}/P005.json": ("160000", b""),
        f"{shard}/P006.json": ("100644", b" " * 5_000_000),
        f"{shard}/P008.json": ("100644", b""),
        f"{shard}/P009.txt": ("100644", b"no paper"),
        "sessions/odd \x1b[31m.json": ("100644", good.pretty()),
        "findings/P001.json": ("100644", b"{"),
    }
    commit = stranger.commit((), entries, author="x", committer="x", message="x")
    stranger.push(commit, "refs/heads/host/sprout")
    found = of(world.hub)
    assert [one.label for one in found["dialogues"]] == ["P001"]
    told = {one.place.rpartition("/")[2]: one.reason for one in found["refused"]}
    assert told == {
        "P007.json": "this is not the place of P002",
        "P003.json": "it says that willow conducted it",
        "P004.json": "it is no plain file",
        "P005.json": "it is no plain file",
        "P006.json": "it has 5000000 bytes, more than a paper may have (4000000)",
        "P008.json": "it is empty",
        "odd \\x1b[31m.json": "this is not the place of P001",
    }


def test_two_hosts_are_two_hosts(world: World) -> None:
    world.open_hub(doorkeeper=False)
    for host in ("sprout", "willow"):
        paper = transcript("P001", host=host)
        stranger = Stranger(world.folder / f"{host}-stranger.git", world.hub)
        entries = {paper_paths.of_session(paper.session): ("100644", paper.pretty())}
        stranger.push(stranger.commit((), entries, author="x", committer="x", message="x"), f"refs/heads/host/{host}")
    with Corpus.open(Branches.at(world.hub)) as corpus:
        assert corpus.hosts == ("sprout", "willow")
        assert len(corpus.of("willow").sessions("primary")) == 1


def test_an_object_that_is_not_there_is_told_and_never_fetched(world: World) -> None:
    paper = transcript()
    publish(world, paper, transcript("P002"))
    blob = git(world.hub, "rev-parse", "host/sprout:" + paper_paths.of_session(paper.session))
    git(world.hub, "config", "extensions.partialClone", "origin")
    git(world.hub, "config", "remote.origin.url", f"ext::touch {world.folder}/fetched")
    git(world.hub, "config", "remote.origin.promisor", "true")
    git(world.hub, "config", "protocol.ext.allow", "always")
    (world.hub / "objects" / blob[:2] / blob[2:]).unlink()
    found = of(world.hub)
    assert [one.reason for one in found["refused"]] == ["git does not have its content"]
    assert not (world.folder / "fetched").exists()


def test_there_must_be_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no git repository"):
        Branches.at(tmp_path)


def test_an_exchange_without_a_session_is_empty(world: World) -> None:
    assert of(world.hub)["dialogues"] == ()
