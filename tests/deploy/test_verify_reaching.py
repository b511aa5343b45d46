"""testinfra comes in over one ssh connection that trusts the fleet's keys alone, and leaves none behind."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import testinfra

from sage_edge.errors import Unreachable
from sage_edge.inventory import load
from sage_edge.names import HostName
from sage_edge.remote.errors import AccessDenied, KeyChanged, KeyUnknown
from sage_edge.workstation import verify_service
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.errors import NotDeclared
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh
from tests.fleet import reaching

ROOT = Path(__file__).parents[2]
SPROUT = HostName("sprout")


def checked(fleet: Path, words: str) -> int:
    """Whether the shared connection is there, as ssh says."""
    line = (*reaching.shared(fleet, Path("none"))[:1], *shlex.split(words), "-O", "check", SPROUT)
    return subprocess.run(line, capture_output=True, check=False).returncode


@needs_ssh
def test_all_questions_pass_through_one_connection(fleet: Path) -> None:
    with reaching.one_connection(fleet, SPROUT) as words:
        host = testinfra.get_host("ssh://sprout", ssh_extra_args=words)
        assert host.run("printf '%%s' %s", "it's $HOME").stdout == "it's $HOME"
        clients = {host.check_output("echo ${SSH_CONNECTION% * *}") for _ in range(3)}
        assert len(clients) == 1, "the same port of ours each time"
        assert checked(fleet, words) == 0
    assert checked(fleet, words) != 0, "it is closed"


@needs_ssh
def test_another_key_is_refused(fleet: Path, sprout: Board, thor: Board) -> None:
    (fleet / "known_hosts").write_text(f"sprout {thor.public_key}\n")
    with pytest.raises(KeyChanged), reaching.one_connection(fleet, SPROUT):
        pass


@needs_ssh
def test_an_unknown_key_is_refused(fleet: Path, sprout: Board) -> None:
    (fleet / "known_hosts").write_text("")
    with pytest.raises(KeyUnknown), reaching.one_connection(fleet, SPROUT):
        pass


@needs_ssh
def test_a_stranger_is_not_let_in(fleet: Path, sprout: Board, tmp_path: Path) -> None:
    boards.keygen(tmp_path / "other")
    boards.fleet(fleet, (sprout,), tmp_path / "other")
    with pytest.raises(AccessDenied), reaching.one_connection(fleet, SPROUT):
        pass


@needs_ssh
def test_nobody_home_is_4(fleet: Path, sprout: Board) -> None:
    config = (fleet / "ssh_config").read_text().replace(f"Port {sprout.port}", "Port 1")
    (fleet / "ssh_config").write_text(config)
    with pytest.raises(Unreachable), reaching.one_connection(fleet, SPROUT):
        pass


def test_the_shared_connection_is_as_strict_as_every_other(tmp_path: Path) -> None:
    words = reaching.shared(tmp_path, tmp_path / "socket")
    options = dict(word.split("=", 1) for word in words[4::2])
    assert options["StrictHostKeyChecking"] == "yes"
    assert options["UserKnownHostsFile"] == f'"{tmp_path}/known_hosts"'
    assert options["ControlPath"] == str(tmp_path / "socket")
    assert "ControlMaster" not in options


@pytest.mark.slow
def test_without_a_host_nothing_is_collected() -> None:
    words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", "tests/fleet")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stdout
    assert "no tests collected" in done.stdout


def test_a_host_that_nobody_declared_is_said_in_our_words() -> None:
    here = FleetContext(ROOT, load.load(ROOT / "fleet"))
    with pytest.raises(NotDeclared, match="no host named 'nobody'; there are: desk, sprout, thor"):
        verify_service.full(here, HostName("nobody"))
