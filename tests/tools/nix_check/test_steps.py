"""The walk over the steps, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.errors import ExitCode
from sage_edge.hints import Surroundings
from tests import nixes
from tools.nix_check import outputs, report, steps
from tools.nix_check.errors import LockStale
from tools.nix_check.flake import SYSTEM, Flake
from tools.nix_check.program import Nix
from tools.nix_check.steps import Outcome, Step

FLAKE = Flake(Path("/nowhere"), Nix(Path("/nowhere/nix")))
HERE = Surroundings()


def broken(flake: Flake) -> str:
    raise LockStale("flake.lock is\nold")


WALK = (
    Step("first", "that it walks", lambda flake: f"walked in {flake.folder}"),
    Step("second", "nothing", broken),
    Step("third", "that it waits", lambda _: "must not run", needs=("second",)),
    Step("fourth", "that it waits, too", lambda _: "must not run", needs=("first", "third")),
    Step("fifth", "that it goes on", lambda _: "", needs=("first",)),
)


@pytest.fixture
def outcomes() -> list[Outcome]:
    return list(steps.walk(FLAKE, WALK))


def test_a_step_is_not_tried_without_what_it_needs(outcomes: list[Outcome]) -> None:
    assert [outcome.holds for outcome in outcomes] == [True, False, False, False, True]
    assert [outcome.kept_by for outcome in outcomes] == [(), (), ("second",), ("third",), ()]
    assert outcomes[0].seen == "walked in /nowhere"


def test_people_read_reason_and_next_step(outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]) -> None:
    for outcome in outcomes:
        report.line(outcome, HERE)
    report.end(outcomes)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("walked in /nowhere")
    assert lines[1].startswith("FAIL second")
    assert lines[2:4] == ["       flake.lock is", "       old"]
    assert lines[4] == " next: where nix reaches the network: nix flake lock"
    assert lines[5].split() == ["kept", "third", "needs", "second"]
    assert lines[7].startswith("ok   fifth")
    assert lines[8].startswith("2 of 5 steps hold")
    assert [line.removeprefix("  - ") for line in lines[10:]] == list(report.UNPROVEN)


def test_machines_read_the_same(outcomes: list[Outcome]) -> None:
    content = report.content(outcomes, ["flake.nix"], HERE)
    assert content["ok"] is False
    assert content["changed"] == ["flake.nix"]
    entries = {entry["step"]: entry for entry in content["steps"]}  # type: ignore[attr-defined]
    assert entries["second"]["error"] == "LockStale"
    assert entries["second"]["next"] == "where nix reaches the network: nix flake lock"
    assert entries["fourth"]["needs"] == ["third"]
    assert entries["fifth"]["holds"] is True


def test_it_ends_as_not_verified_unless_all_hold(outcomes: list[Outcome]) -> None:
    assert report.code(outcomes) == ExitCode.NOT_VERIFIED
    assert report.code(outcomes[2:3]) == ExitCode.NOT_VERIFIED
    assert report.code(outcomes[:1]) == ExitCode.OK


def test_each_step_needs_what_comes_before_it() -> None:
    names = [step.name for step in steps.STEPS + steps.FULL]
    assert len(set(names)) == len(names)
    for number, step in enumerate(steps.STEPS + steps.FULL):
        assert set(step.needs) <= set(names[:number]), step.name


@pytest.mark.slow
def test_each_check_of_the_flake_is_built_by_a_step(nix: Nix) -> None:
    built = {step.output for step in steps.STEPS + steps.FULL}
    names = outputs.names(Flake(nixes.ROOT, nix), "checks")[SYSTEM]
    twins = {"package-default": "packages.sage-edge"}  # one package by two names
    wanted = {twins.get(name, f"checks.{name}".replace("checks.package-", "packages.")) for name in names}
    assert wanted == built - {""}
