"""Each way in which the flake can be wrong, done to a copy and asked of a real nix, ends in an error of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from sage_edge.errors import ExitCode
from tools.nix_check import builds, errors, lockfile, outputs, syntax, units
from tools.nix_check.errors import NotProven
from tools.nix_check.flake import Flake

pytestmark = pytest.mark.slow
SKIP_ALL = ("", "\npytestmark = pytest.mark.skip(reason='not today')\n")
NO_TEST = ("def test_", "def untested_")


@dataclass(frozen=True)
class Case:
    """What is done to the copy, which step is asked, and what it must say."""

    change: Mapping[str, tuple[str, str]]
    ask: Callable[[Flake], str]
    kind: type[NotProven]
    word: str


def house(flake: Flake) -> str:
    return builds.build(flake, "checks.house")


def package(flake: Flake) -> str:
    return builds.build(flake, "packages.sage-edge")


CASES = {
    "a file is missing in the source set": Case(
        {"nix/source.nix": ("    ../README.md\n", "")}, package, errors.SourceMissing, "README.md"
    ),
    "a wheel without a module that it offers": Case(
        {"nix/package.nix": ('"sage_edge.cli"', '"sage_edge.clix"')}, package, errors.NotBuilt, "sage_edge.clix"
    ),
    "a misspelt requirement": Case(
        {"pyproject.toml": ('"pydantic>=2.11"', '"pydantik>=2.11"')},
        outputs.evaluate,
        errors.RequirementUnknown,
        "asks for pydantik,",
    ),
    "a requirement that nixpkgs does not have": Case(
        {"pyproject.toml": ('"click>=8.1"', '"click>=8.1", "sage-unheard-of"')},
        outputs.evaluate,
        errors.RequirementUnknown,
        "asks for sage-unheard-of,",
    ),
    "a requirement of an extra": Case(
        {"pyproject.toml": ('"diptest>=0.8"', '"dipptest>=0.8"')},
        outputs.evaluate,
        errors.RequirementUnknown,
        "asks for dipptest,",
    ),
    "a name that nixpkgs does not have": Case(
        {"nix/package.nix": ("  git,\n", "  git,\n  gitt,\n")}, outputs.evaluate, errors.NotEvaluated, "gitt"
    ),
    "a program without a name": Case(
        {"nix/package.nix": ('    mainProgram = "sage-edge";\n', "")},
        outputs.evaluate,
        errors.NotEvaluated,
        "mainProgram",
    ),
    "a path of the source set that is not there": Case(
        {"nix/source.nix": ("../README.md", "../READ.md")}, outputs.evaluate, errors.NotEvaluated, "READ.md"
    ),
    "an output for one system alone": Case(
        {"flake.nix": ('[ "x86_64-linux" "aarch64-linux" ]', '[ "x86_64-linux" ]')},
        outputs.evaluate,
        errors.NotEvaluated,
        "aarch64-linux",
    ),
    "an unknown unit key": Case(
        {"nix/hardening.nix": ("{\n", "{\n  ProtectEverything = true;\n")},
        units.verify,
        errors.UnitsRefused,
        "ProtectEverything",
    ),
    "a unit key with a wrong value": Case(
        {"nix/hardening.nix": ('ProtectSystem = "strict"', 'ProtectSystem = "strickt"')},
        units.verify,
        errors.UnitsRefused,
        "strickt",
    ),
    "a unit that may do too much": Case(
        {"nix/hardening.nix": ('  CapabilityBoundingSet = "";\n  LockPersonality = true;\n', "")},
        units.verify,
        errors.UnitsRefused,
        "exposure level for sage-",
    ),
    "a check whose tests are all skipped": Case(
        {"tests/test_house.py": SKIP_ALL, "tests/test_vocabulary.py": SKIP_ALL}, house, errors.NothingTested, "skipped"
    ),
    "a .nix file that does not parse": Case(
        {"nix/source.nix": ("{ lib }:", "{ lib ]:")}, syntax.parse, errors.SyntaxRefused, "source.nix:2"
    ),
    "a variable that nobody defines": Case(
        {"nix/source.nix": ("lib.fileset.unions", "lob.fileset.unions")}, syntax.parse, errors.SyntaxRefused, "'lob'"
    ),
    "a name that nothing uses": Case(
        {"nix/source.nix": ("let\n", "let\n  idle = 1;\n")}, syntax.use, errors.Unused, "source.nix:4: idle"
    ),
    "a stale lock": Case(
        {"flake.nix": ("nixos-26.05", "nixos-27.05")}, lockfile.check, errors.LockStale, "input nixpkgs"
    ),
    "an input that is not locked": Case(
        {"flake.nix": ("inputs.nixpkgs.url", 'inputs.more.url = "github:a/b";\n  inputs.nixpkgs.url')},
        lockfile.check,
        errors.LockStale,
        "input more",
    ),
    "a lock of another revision": Case(
        {"flake.lock": ('"rev": "7', '"rev": "8')}, lockfile.check, errors.LockEdited, "rev changed without narHash"
    ),
    "a lock of another form": Case(
        {"flake.lock": ('"version": 7', '"version": 8')}, lockfile.check, errors.LockEdited, "version 8"
    ),
    "a lock with a word of its own": Case(
        {"flake.lock": ('"version": 7', '"trusted": true,\n  "version": 7')},
        lockfile.check,
        errors.LockEdited,
        "flake.lock",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_wrong_has_a_name(case: Case, spoilt: Callable[[Mapping[str, tuple[str, str]]], Flake]) -> None:
    with pytest.raises(case.kind) as caught:
        case.ask(spoilt(case.change))
    assert type(caught.value) is case.kind
    assert case.word in caught.value.message
    assert caught.value.hint
    assert caught.value.code == ExitCode.NOT_VERIFIED
