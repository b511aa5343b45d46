"""A third kind of session is one entry in one file: it is conducted, listed, shown, published, accepted and studied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sage_edge.agent import by_hand, wake
from sage_edge.cli import session as commands
from sage_edge.errors import UsageError
from sage_edge.names import HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.transcript import chain_faults
from sage_edge.sessions import archive
from sage_edge.sessions import build as wiring
from tests.agent.test_wake import on_hub, status
from tests.fakes import HandClock, Home, World

Make = Callable[..., Home]
PLACE = "sessions/probe/000/L001.json"


def declare(fleet: Path, **changes: Any) -> None:
    """Open the kind `probe` with the letter L, which nobody conducts as it is shipped."""
    path = fleet / "curriculum" / "kinds.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    probe = {"name": "probe", "letter": "L", "ability": "conduct", "has_cadence": False, "draws": "phases"}
    content["kinds"] = [kind for kind in content["kinds"] if kind["name"] != "probe"] + [{**probe, **changes}]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def probe(home: Home) -> SessionId:
    """Conduct one probe because somebody asks for it, and publish it."""
    home.post.open()
    home.post.receive()
    (transcript,) = by_hand.conduct(home.agent, home.me.fleet.kinds.named("probe"))
    home.post.publish("a probe")
    return transcript.session


def test_it_is_conducted_and_keeps_its_own_numbers(world: World, home: Make, watch: HandClock) -> None:
    declare(world.fleet)
    wake.once(home().agent)
    assert [probe(home()), probe(home())] == ["L001", "L002"]
    watch.at += timedelta(hours=6)
    wake.once(home().agent)
    papers = home().paths.papers
    assert archive.sessions(papers, "primary") == ("P001", "P002")
    assert archive.sessions(papers, "probe") == ("L001", "L002")
    first = archive.read(papers / PLACE)
    assert (first.track, first.head.kind, paper_paths.of(first)) == ("probe", "probe", PLACE)
    assert chain_faults(first) == ()
    assert first.head.lesson.unit == "phase grounding"


@pytest.mark.parametrize(("remembers", "expected"), [(None, False), ("primary", True)])
def test_what_it_remembers_is_declared(world: World, home: Make, remembers: str | None, expected: bool) -> None:
    declare(world.fleet, remembers=remembers)
    card = world.fleet / "curriculum" / "interventions" / "observe.yaml"
    content = yaml.safe_load(card.read_text(encoding="utf-8"))
    content["parameters"] = {**content.get("parameters", {}), "memory": {"kind": "switch", "default": True}}
    card.write_text(yaml.safe_dump({**content, "memory_line": "You said: {memory}"}), encoding="utf-8")
    wake.once(home().agent)
    probe(home())
    system = archive.read(home().paths.papers / PLACE).head.lesson.system
    assert ("You said: I am Sage" in system) is expected


def test_it_is_listed_and_shown(world: World, home: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(world.fleet)
    probe(home())
    monkeypatch.setattr(commands, "paths", lambda: home().paths)
    assert "L001" in CliRunner().invoke(commands.command, ["list"]).stdout
    assert "I am Sage" in CliRunner().invoke(commands.command, ["show", "L001"]).stdout
    missing = CliRunner().invoke(commands.command, ["show", "L002"])
    assert "there is no session 'L002'" in str(missing.exception)


def test_a_person_asks_for_it_by_its_name(world: World, home: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(world.fleet)
    overlay = world.fleet / "overlays" / "seedling.yaml"  # a copied world still names the hub of its template
    content = yaml.safe_load(overlay.read_text(encoding="utf-8"))
    content["fleet"]["exchange"]["remote"] = str(world.hub)
    overlay.write_text(yaml.safe_dump(content), encoding="utf-8")
    monkeypatch.setattr(commands, "paths", lambda: replace(home().paths, facts_root=Path("/")))
    monkeypatch.setattr(wiring, "make_context", lambda *words: home().context())
    asked = CliRunner().invoke(commands.command, ["run", "--track", "probe"])
    assert asked.exception is None, asked.exception
    assert (asked.exit_code, asked.stdout.strip()) == (0, str(home().paths.papers / PLACE))
    assert PLACE in on_hub(world, "sprout")
    unknown = CliRunner().invoke(commands.command, ["run", "--track", "prob"])
    assert isinstance(unknown.exception, UsageError)
    assert "there are: primary, training, probe" in str(unknown.exception)


def test_receivers_accept_it_and_a_researcher_studies_it(world: World, home: Make) -> None:
    declare(world.fleet)
    probe(home())
    assert PLACE in on_hub(world, "sprout")
    thor = home("thor")
    result = wake.once(thor.agent)
    assert (result.problems, result.quarantined, status(thor).quarantined) == ([], (), ())
    assert PLACE in thor.post.names(HostName("sprout"), "sessions")
    assert [name for name in on_hub(world, "thor") if name.startswith("findings/L001-")]


def test_a_receiver_that_does_not_know_the_kind_accepts_the_branch(world: World, home: Make) -> None:
    before = world.folder / "older"
    shutil.copytree(world.fleet, before)
    declare(world.fleet)
    probe(home())
    shutil.rmtree(world.fleet)
    before.rename(world.fleet)
    result = wake.once(home("thor").agent)
    assert result.quarantined == ()
    (problem,) = result.problems
    assert "L001 is a session of kind probe, which nobody conducts" in problem


def test_with_a_cadence_it_is_due_at_its_slots(world: World, home: Make, watch: HandClock) -> None:
    declare(world.fleet, has_cadence=True)
    path = world.fleet / "fleet.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["cadence"]["probe"] = {"every": "24h", "offset": "7h"}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    wake.once(home().agent)
    assert f"{status(home()).next_due:%H:%M}" == "07:00"
    watch.at += timedelta(hours=1)
    assert "conduct L001" in [action.what for action in wake.plan(home().agent)]
    wake.once(home().agent)
    assert archive.sessions(home().paths.papers, "probe") == ("L001",)
