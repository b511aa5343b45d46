"""`sage-edge trial`, by the real commands: offered, refused, declined for a while, accepted, given, explained."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from sage_edge.cli import main
from tests.cli import world as worlds
from tests.cli.world import World

FLEET = Path(__file__).parents[2] / "fleet"
DAY = [f"2026-01-01T{hour:02}:00:00Z" for hour in (0, 6, 12, 18)]


def at(*times: str) -> list[str]:
    return [word for time in times for word in ("--at", time)]


@pytest.fixture(scope="module")
def offered(fresh: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose practitioner leaves trials to a person, and was offered one after a day."""
    world = worlds.make(tmp_path_factory.mktemp("offered"), like=fresh)
    world.overlay({"hosts": {"sprout": {"policy": {"trials": "manual"}}}})
    assert done(world.run("sprout", "agent", "once", *at(*DAY))).stdout == "published\n" * 4
    done(world.run("thor", "agent", "once", "--at", "2026-01-01T20:00:00Z"))
    done(world.run("sprout", "agent", "once", "--at", "2026-01-01T21:00:00Z"))
    return world


def done(ran: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert ran.returncode == 0, ran.stderr
    return ran


@pytest.mark.slow
def test_what_the_researcher_holds_to_be_so_is_listed_and_explained(offered: World) -> None:
    listed = [line.split() for line in done(offered.run("sprout", "theory", "list")).stdout.splitlines()]
    assert listed[0][:5] == ["theory", "stands", "for", "against", "version"]
    assert ["d5-d9-coupling", "not", "supported", "0", "0", "1"] in [row[:6] for row in listed]
    shown = done(offered.run("sprout", "theory", "show", "d5")).stdout
    assert "Trust (D5) and identity (D9) move together" in shown
    assert "claim d5-d9-coupling: supported, sessions with more of one have more of the other" in shown
    (paper,) = json.loads(done(offered.run("thor", "theory", "show", "d5", "--json")).stdout)["content"]
    assert (paper["author"], paper["version"], paper["replaces"]) == ("thor", 1, None)
    unknown = offered.run("sprout", "theory", "show", "nothing")
    assert (unknown.returncode, "there is no theory 'nothing'" in unknown.stderr) == (2, True)


@pytest.mark.slow
def test_it_is_listed_explained_and_decided_on(offered: World) -> None:
    listed = done(offered.run("sprout", "trial", "list")).stdout.splitlines()
    assert listed[0].split() == ["id", "trial", "to", "sessions", "state"]
    assert listed[1].split()[1:] == ["name-anchoring", "sprout", "primary", "offered"]
    digest = listed[1].split()[0]

    shown = done(offered.run("sprout", "trial", "show", "name-anchoring")).stdout
    assert "Does a mind that is told its name give it as its own?" in shown
    assert "nameless (control): observe v2; named: identity-anchored v2 exemplars=0 memory=False name=Sage" in shown
    assert "none yet; it may be accepted until" in shown
    assert len(shown.splitlines()) <= 10
    document = json.loads(done(offered.run("sprout", "trial", "show", digest[:4], "--json")).stdout)
    assert document["schema"] == "sage-edge/trial/1"
    assert document["content"]["id"].startswith(f"sha256:{digest}")

    unknown = offered.run("sprout", "trial", "show", "nothing")
    assert (unknown.returncode, "there is no trial 'nothing'" in unknown.stderr) == (2, True)
    not_mine = offered.run("thor", "trial", "accept", digest, "--because", "I want to")
    assert not_mine.returncode == 3

    wrong = offered.run("sprout", "trial", "decline", digest, "--because", "x", "--until", "soon")
    assert (wrong.returncode, "expected a day like 2026-12-31, a time like 14d, or never" in wrong.stderr) == (2, True)
    done(offered.run("sprout", "trial", "decline", digest, "--because", "not now", "--until", "2026-02-01"))
    again = offered.run("sprout", "trial", "accept", digest, "--because", "yes")
    assert (again.returncode, "there is no trial" in again.stderr) == (2, True)
    after = done(offered.run("sprout", "trial", "show", digest)).stdout
    assert "declined by person: not now" in after


def test_a_declared_trial_is_simulated_before_anybody_is_asked() -> None:
    ran = CliRunner().invoke(main, ["trial", "simulate", "name-anchoring", "--trials", "200"])
    assert ran.exit_code == 0, ran.output
    nulls = [line.split()[2] for line in ran.stdout.splitlines() if line.startswith("no effect")]
    assert nulls == ["nothing", "drift", "autocorrelation", "after-control", "after-others"]
    assert "200 trials of each, looked at after every block; fooled at worst in" in ran.stdout


def test_a_trial_that_cannot_find_what_it_states_is_refused_with_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = Path(shutil.copytree(FLEET, tmp_path / "fleet"))
    monkeypatch.setenv("SAGE_FLEET", str(fleet))
    path = fleet / "trials" / "name-anchoring.yaml"
    card = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**card, "sessions": 10}))
    ran = CliRunner().invoke(main, ["trial", "simulate", "name-anchoring", "--trials", "200"])
    assert ran.exit_code == 2
    assert "fleet/trials/name-anchoring.yaml: an effect of 0.45 is found in 0.0% of trials, it states 75%" in ran.stderr
