"""A board that hangs: its sshd answers nothing, the kernel still acknowledges. Nobody waits for it for hours."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sage_edge.deploy import rollout
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.errors import ExitCode, Unreachable
from sage_edge.names import HostName
from sage_edge.remote.ssh import client, keepalive
from tests.deploy.boards import needs_ssh

SPROUT = HostName("sprout")
pytestmark = needs_ssh


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three answers that do not come, within three seconds: a machine with other work to do answers sooner."""
    monkeypatch.setattr(keepalive, "ALIVE_S", 1.0)


_FREEZER = """
import os, signal, sys, time
time.sleep(0.3)
os.kill(int(sys.argv[1]), signal.SIGSTOP)
time.sleep(10)
os.kill(int(sys.argv[1]), signal.SIGCONT)
"""
"""Stops the sshd that serves a connection for ten seconds."""


def test_a_command_on_a_board_that_hangs_ends_with_exit_4(fleet: Path) -> None:
    began = time.monotonic()
    with (
        client.connect(fleet, SPROUT) as remote,
        subprocess.Popen((sys.executable, "-c", _FREEZER, remote.run("echo $PPID").text)),
    ):
        with pytest.raises(Unreachable, match=r"it hangs, and has said nothing for 3 s") as told:
            remote.run("sleep 60", timeout_s=10800)
        ended = time.monotonic()
    assert told.value.code == ExitCode.UNREACHABLE
    assert ended - began < 10


def test_a_board_that_works_in_silence_is_waited_for(fleet: Path) -> None:
    with client.connect(fleet, SPROUT) as remote:
        assert remote.run("sleep 5; echo done").text == "done"


def test_ports_are_forwarded_while_it_is_asked(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are global requests of SSH, whose answers carry no name."""
    monkeypatch.setattr(keepalive, "ALIVE_S", 0.002)
    monkeypatch.setattr(keepalive, "ALIVE_COUNT", 5_000)
    with client.connect(fleet, SPROUT) as remote:
        for _ in range(30):
            with remote.reached_back(9) as port:
                assert 1024 <= port <= 65535


def test_it_says_when_the_board_goes_back_by_itself() -> None:
    with (
        pytest.raises(Unreachable) as told,
        rollout._taken_back_alone("ab12", RolloutTimeouts(revert_s=900)),
    ):
        raise Unreachable("sprout does not answer", hint="is it on?")
    said = re.fullmatch(
        r"sprout does not answer; if it had begun to switch to ab12, it takes itself back at (\d\d:\d\d:\d\d) UTC",
        told.value.message,
    )
    assert said is not None
    assert (told.value.code, told.value.hint) == (4, "is it on?")
