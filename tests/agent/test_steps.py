"""A wake is its list of steps: what is in the list is planned and carried out, what is not in it does not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from click.testing import CliRunner

from sage_edge.agent import steps, wake
from sage_edge.agent.build import Agent
from sage_edge.agent.steps import Wake, WakeAction, WakeStep
from sage_edge.agent.steps.base import holders_of
from sage_edge.cli import agent as commands
from sage_edge.engines import Message
from sage_edge.errors import SageError
from tests.agent.test_wake import status, worklog
from tests.fakes import HashEngine, Home

Make = Callable[..., Home]


def tidy_up(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Look for the one thing that this added step does."""
    yield WakeAction("tidy up", "a test asked for it", lambda: agent.record("tidied", "tidied up"))


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a step for hosts that may decide: one value in one list."""
    step = WakeStep("tidy", tidy_up, holders_of("decide"))
    monkeypatch.setattr(steps, "STEPS", (*steps.STEPS[:-2], step, *steps.STEPS[-2:]))


def names(home: Home) -> list[str]:
    """The steps of a host's wake."""
    return [step.name for step in wake.steps_for(home.agent)]


def test_a_role_decides_which_steps_there_are(home: Make) -> None:
    assert names(home()) == ["receive", "resume", "decide", "decide-trials", "conduct", "status", "publish"]
    assert names(home("thor")) == ["receive", "study", "status", "publish"]


@pytest.mark.usefixtures("added")
def test_an_added_step_is_planned_and_carried_out(home: Make) -> None:
    assert [action.what for action in wake.plan(home().agent)] == [
        "receive",
        "conduct P001",
        "tidy up",
        "write the status",
        "publish",
    ]
    assert wake.once(home().agent).failure is None
    assert worklog(home()) == ["session-conducted", "tidied"]
    assert "tidy up" not in [action.what for action in wake.plan(home("thor").agent)]


@pytest.mark.usefixtures("added")
def test_both_commands_ask_the_same_list(home: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_agent", lambda *words: home().agent)
    planned = CliRunner().invoke(commands.command, ["plan"])
    assert "tidy up" in planned.stdout
    assert worklog(home()) == []
    assert CliRunner().invoke(commands.command, ["once"]).exit_code == 0
    assert worklog(home()) == ["session-conducted", "tidied"]


def failing(messages: Sequence[Message]) -> None:
    """Fail as a full disk does, in the middle of a session."""
    raise SageError("the disk is full")


@pytest.mark.usefixtures("added")
def test_after_a_failure_only_what_tells_of_it_is_carried_out(home: Make) -> None:
    result = wake.once(home(engine=HashEngine(failing)).agent)
    assert result.failure is not None
    assert result.published
    assert worklog(home()) == []
    assert status(home()).problems == ("the disk is full",)
