"""`sage-edge replay`: what Sprout's model said is drawn again on Thor, to the token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sage_edge.records.base import parse
from sage_edge.records.transcript import Transcript
from tests.builders import seal
from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, fresh: World) -> World:
    """Sprout has conducted its first session, and Thor has read it."""
    here = worlds.make(tmp_path_factory.mktemp("replay"), like=fresh)
    for host in ("sprout", "thor"):
        done = here.run(host, "agent", "once", "--at", MIDNIGHT)
        assert done.returncode == 0, done.stderr
    return here


def kept(world: World) -> Transcript:
    return parse(Transcript, world.hub("show", "host/sprout:sessions/primary/000/P001.json").encode())


def test_the_researcher_draws_the_same_tokens(world: World) -> None:
    done = world.run("thor", "replay", "P001")
    assert (done.returncode, done.stderr.count("the same")) == (0, len(kept(world).turns)), done.stderr
    assert done.stdout.startswith(f"P001 of sprout: the same in each of {len(kept(world).turns)} turns; ")
    assert "differ by 0 at most" in done.stdout


def test_a_paper_of_other_seeds_differs_and_the_likely_cause_is_named(world: World, tmp_path: Path) -> None:
    paper = kept(world)
    engine = paper.head.engine.model_copy(update={"version": "0.0.1"})
    turns = [turn.model_copy(update={"seed": turn.seed ^ 1}) for turn in paper.turns]
    other = tmp_path / "P001.json"
    other.write_bytes(seal(paper.head.model_copy(update={"engine": engine}), turns).pretty())
    done = world.run("thor", "replay", str(other), "--json")
    assert done.returncode == 8, done.stderr
    content = json.loads(done.stdout)["content"]
    first = next(turn for turn in content["turns"] if turn["sameness"] == "differs")
    assert first["kept"] != first["reply"]
    assert content["likely"][0].startswith("the engine is llamacpp 0.0.1 there, ")


def test_other_weights_of_that_name_are_told(world: World, tmp_path: Path) -> None:
    paper = kept(world)
    model = paper.head.model.model_copy(update={"digest": f"sha256:{'0' * 64}"})
    other = tmp_path / "P001.json"
    other.write_bytes(seal(paper.head.model_copy(update={"model": model}), paper.turns).pretty())
    done = world.run("thor", "replay", str(other))
    assert done.returncode == 8
    assert "in P001 spoke bench/random:q8_0 sha256:000000000000…" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("P999",), "the clone of the exchange has no session P999"),
        (("P001", "--host", "rose"), "the clone of the exchange has no session P001 of rose"),
        (("../P001",), "there is no file ../P001"),
        (("nonsense",), "there is no session 'nonsense'"),
    ],
)
def test_what_nobody_has_is_told(world: World, words: tuple[str, ...], message: str) -> None:
    done = world.run("thor", "replay", *words)
    assert done.returncode == 2
    assert message in done.stderr
