"""What is refused, with which words and which exit code, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, World, snapshot


@pytest.fixture
def world(fresh: World, tmp_path: Path) -> World:
    return worlds.make(tmp_path, like=fresh)


def test_thor_may_not_conduct_and_nothing_is_written(world: World) -> None:
    before = snapshot(world.stage.folder)
    refused = world.run("thor", "session", "run")
    assert refused.returncode == 3
    assert "thor (researcher) lacks the ability 'conduct', which belongs to sprout" in refused.stderr
    assert "thor may: analyse, recommend, direct, answer" in refused.stderr
    assert snapshot(world.stage.folder) == before


def test_as_thor_on_a_machine_without_a_card(world: World, tmp_path: Path) -> None:
    nowhere = {"SAGE_CARD": str(tmp_path / "none"), "SAGE_STATE": str(tmp_path / "state")}
    refused = world.run("thor", "session", "run", "--as", "thor", **nowhere)
    assert refused.returncode == 3
    assert "belongs to sprout" in refused.stderr
    assert not (tmp_path / "state").exists()


def test_a_workstation_without_a_card_is_no_board(world: World, tmp_path: Path) -> None:
    refused = world.run("thor", "session", "run", "--as", "sprout", SAGE_CARD=str(tmp_path / "none"))
    assert refused.returncode == 3
    assert "orin-nano" in refused.stderr
    assert "invoke demo" in refused.stderr


def test_an_operator_has_no_agent(world: World, tmp_path: Path) -> None:
    refused = world.run("thor", "agent", "once", "--as", "desk", SAGE_CARD=str(tmp_path / "none"))
    assert refused.returncode == 3
    assert "desk (operator) lacks the ability 'analyse', which belongs to thor" in refused.stderr


def test_every_fault_of_the_fleet_at_once_with_file_and_key(world: World) -> None:
    sprout = world.stage.fleet / "hosts" / "sprout.yaml"
    sprout.write_text(sprout.read_text() + "schedule:\n  primary:\n    every: six\ncolour: green\n")
    refused = world.run("thor", "fleet", "check")
    assert refused.returncode == 2
    assert "fleet/hosts/sprout.yaml: schedule.primary.every: expected a duration like 6h, got 'six'" in refused.stderr
    assert "fleet/hosts/sprout.yaml: colour: unknown key" in refused.stderr


def test_a_card_that_cannot_be_read(world: World) -> None:
    (world.stage.folder / "sprout" / "host.yaml").write_text("format: [1")
    refused = world.run("sprout", "agent", "once", "--at", MIDNIGHT)
    assert refused.returncode == 2
    assert "host.yaml" in refused.stderr


def test_half_a_model_and_a_flipped_byte(world: World) -> None:
    weights = world.models / "random" / "random.gguf"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    half = world.run("sprout", "session", "run")
    assert half.returncode == 1
    assert "lacks" in half.stderr
    assert "bytes of random.gguf" in half.stderr
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    flipped = world.run("sprout", "session", "run")
    assert flipped.returncode == 8
    assert "has digest" in flipped.stderr
    assert not list((world.state("sprout") / "journals").glob("*"))


def test_no_command_shows_a_traceback_for_bad_words(world: World) -> None:
    for words in (["session", "show", "P1"], ["session", "show", "nosuch.json"], ["model", "verify", "x"]):
        refused = world.run("sprout", *words)
        assert refused.returncode == 2, words
        assert "Traceback" not in refused.stderr
        assert " next: " in refused.stderr
