"""No trouble of the net ends work that needs no net: whatever it is, the session is conducted and the paper waits."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.agent import wake
from sage_edge.agent.build import Agent
from sage_edge.errors import ExitCode
from sage_edge.exchange import commands
from sage_edge.names import SessionId
from sage_edge.records.paper_paths import of_session
from sage_edge.sessions import archive, build
from tests.agent.net_troubles import SAMPLE, TROUBLES, Net
from tests.agent.test_wake import on_hub, status, worklog
from tests.deploy import boards
from tests.fakes import HandClock, Home, World

Make = Callable[..., Home]


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[boards.Board, Path]]:
    """A hub's sshd, and the key that it takes."""
    folder = tmp_path_factory.mktemp("sshd")
    boards.keygen(folder / "key")
    with boards.board("hub", folder / "hub", (folder / "key.pub").read_text(), bare=False) as board:
        yield board, folder / "key"


@pytest.fixture(scope="module")
def lived(template: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world whose sprout has published a session."""
    folder = tmp_path_factory.mktemp("lived") / "world"
    shutil.copytree(template.folder, folder)
    assert wake.once(Home(World(folder, folder / "fleet"), clock=HandClock()).agent).published
    return folder


@pytest.fixture
def world(lived: Path, tmp_path: Path) -> World:
    shutil.copytree(lived, tmp_path / "world")
    return World(tmp_path / "world", tmp_path / "world" / "fleet")


def at(home: Home, remote: str) -> Agent:
    """The agent of a host whose hub has this address."""
    me = replace(home.me, fleet=replace(home.me.fleet, remote=remote))
    return replace(home.agent, me=me, post=build.post(home.paths, me, home.clock))


@boards.needs_ssh
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SAMPLE else pytest.mark.full) for name in TROUBLES]
)
def test_the_session_is_conducted_and_its_paper_waits(
    name: str,
    world: World,
    home: Make,
    watch: HandClock,
    sshd: tuple[boards.Board, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trouble, event = TROUBLES[name]
    monkeypatch.setattr(commands, "TIMEOUT_S", 3.0)
    watch.at += timedelta(hours=3)
    with trouble(Net(world, *sshd, monkeypatch)) as remote:
        result = wake.once(at(home(), remote), attempts=1)
        assert (result.failure, result.published) == (None, False)
        assert result.trouble is not None
        assert result.trouble.hint
        assert result.trouble.code in {ExitCode.REFUSED, ExitCode.UNREACHABLE, ExitCode.NOT_VERIFIED}
        assert archive.sessions(home().paths.papers, "training") == ("T001",)
        assert result.trouble.message in status(home()).problems
        [begun] = [word for word in worklog(home()) if word.startswith("exchange-")]
        assert begun in ({f"exchange-{event}"} if event else {"exchange-away", "exchange-refused"})
        watch.at += timedelta(minutes=5)
        again = wake.once(at(home(), remote), attempts=1)
        assert again.trouble is not None
        assert [word for word in worklog(home()) if word.startswith("exchange-")] == [begun]
    watch.at += timedelta(minutes=5)
    assert wake.once(home().agent).published
    assert of_session(SessionId("T001")) in on_hub(world, "sprout")
    assert status(home()).problems == ()
    assert [word for word in worklog(home()) if word.startswith("exchange-")] == [begun, "exchange-well"]
