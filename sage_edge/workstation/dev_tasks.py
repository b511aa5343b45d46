"""`invoke check|fix|test`: what a developer of this project runs all day."""

from __future__ import annotations

import sys
import time

from invoke import Context

from sage_edge import shell
from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from sage_edge.shell import Command
from sage_edge.workstation.programs import ROOT, here, log, python, run
from sage_edge.workstation.task import task

SPREAD = ("-n", "auto", "--dist", "loadfile")  # one worker a core; a file's tests share their fixtures
HOUSE = ("tests/test_house.py", "tests/test_vocabulary.py", "tests/images/test_recipes.py")
TIERS = {
    "slow": "takes longer than a second each; --slow runs it too",
    "docker": "needs a Docker engine; --docker runs it too",
    "real": "asks a real model of 93 MB, fetched once; --real runs it too",
    "full": "whole matrices and simulated years; --full runs everything",
}
"""Marks of the tests that the README's command leaves out, each with the reason that it prints."""
FULL_KILLS = "1000"


@task(help={"tests": "With --no-tests: only what reads the code, which takes seconds."})
def check(c: Context, tests: bool = True) -> int:
    """Format, lint, types, dead code, imports, house and tests; changes nothing."""
    stages = {
        "format": python("ruff", "format", "--check", "."),
        "lint": python("ruff", "check", "."),
        "types": python("mypy"),
        "unused": python("vulture"),
        "imports": python("deptry", "."),
        "house": python("pytest", "-q", *HOUSE),
    }
    if tests:
        fast = ("-m", _deselecting(tuple(TIERS)), *(f"--ignore={path}" for path in HOUSE))
        stages["tests"] = python("pytest", "-q", *SPREAD, *fast)
    codes: dict[str, int] = {}
    for name, words in stages.items():
        started = time.monotonic()
        codes[name], output = run(c, *words, quiet=name != "tests")
        _say(f"{name:<8}{'FAILED' if codes[name] else 'ok':<8}{time.monotonic() - started:6.1f} s")
        if codes[name]:
            _say("\n".join(f"    {line}" for line in output.splitlines()[-60:]))
    failed = [name for name, code in codes.items() if code]
    _say(f"failed: {', '.join(failed)}; `invoke fix` repairs format and some lint" if failed else "all is well")
    return max(codes.values())


@task()
def fix(c: Context) -> int:
    """Format the code and repair what lint can repair."""
    return max(run(c, *python("ruff", "format", "."))[0], run(c, *python("ruff", "check", "--fix", "."))[0])


@task(
    name="test",
    help={
        "slow": "Also those that take longer than a second.",
        "docker": "Also those that need a Docker engine.",
        "real": "Also those that ask a real model, which is fetched once.",
        "search": "Only property tests, which then draw new examples; a failure prints its input.",
        "seed": "Where a search begins; by default each commit has a seed of its own.",
        "full": "Everything, with thousands of kills and examples; takes hours.",
        "kills": "How many times the kill tests kill a process; they say their own default.",
        "path": "Only this file or folder.",
        "keep_going": "Do not stop after ten failures.",
        "renew_golden": "Write the texts of tests/cases/golden anew, and nothing else.",
    },
)
def run_tests(
    c: Context,
    slow: bool = False,
    docker: bool = False,
    real: bool = False,
    search: bool = False,
    seed: str = "",
    full: bool = False,
    kills: str | None = None,
    path: str = "",
    keep_going: bool = False,
    renew_golden: bool = False,
) -> int:
    """Run the tests that need seconds and no Docker, unless more is asked for."""
    if renew_golden:
        return run(c, *python("pytest", "-q", "tests/test_golden.py", "--renew-golden"))[0]
    if kills is not None and not kills.isdecimal():
        raise UsageError(f"--kills wants a whole number, not {kills!r}", hint=invoke("test", kills="200"))
    wanted = {"slow": slow or full, "docker": docker or full, "real": real or full, "full": full}
    left = tuple(tier for tier in TIERS if not wanted[tier])
    for tier in left:
        log(f"deselected: {tier:<7} {TIERS[tier]}")
    words = ["--kills", kills or FULL_KILLS] if kills or full else []
    words += [] if keep_going else ["--maxfail=10"]
    words += [here(path)] if path else []
    codes = [] if search else [run(c, *python("pytest", *SPREAD, *_chosen(_deselecting(left)), *words))[0]]
    if search or full:
        properties = " and ".join(filter(None, ("hypothesis", _deselecting(left))))
        seed = seed or str(_seed_of_commit())
        log(f"search: the same again with --seed {seed}")
        begun = ("--search", f"--hypothesis-seed={seed}")
        codes.append(run(c, *python("pytest", *SPREAD, *_chosen(properties), *begun, *words))[0])
    return max(codes)


def _seed_of_commit() -> int:
    """Return a seed that is new with each commit, so that whoever has the commit can search the same again."""
    commit = shell.attempt(Command(("git", "rev-parse", "HEAD"), cwd=ROOT))
    return int(commit.text[:8], 16) if commit.code == 0 else 0


def _deselecting(tiers: tuple[str, ...]) -> str:
    """Return the expression of pytest's -m that leaves out these tiers; empty for none."""
    return " and ".join(f"not {tier}" for tier in tiers)


def _chosen(expression: str) -> tuple[str, ...]:
    return ("-m", expression) if expression else ()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
