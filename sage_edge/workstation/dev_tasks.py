"""`invoke check|fix|test`: what a developer of this project runs all day."""

from __future__ import annotations

import sys
import time

from invoke import Context

from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from sage_edge.workstation.programs import here, log, python, run
from sage_edge.workstation.task import task

SPREAD = ("-n", "auto", "--dist", "loadfile")  # one worker a core; a file's tests share their fixtures


@task(help={"tests": "With --no-tests: only what reads the code, which takes seconds."})
def check(c: Context, tests: bool = True) -> int:
    """Format, lint, types, house and tests in one word; changes nothing."""
    stages = {
        "format": python("ruff", "format", "--check", "."),
        "lint": python("ruff", "check", "."),
        "types": python("mypy"),
        "house": python("pytest", "-q", "tests/test_house.py", "tests/images/test_recipes.py"),
    }
    if tests:
        fast = ("-m", "not slow and not docker", "--ignore=tests/test_house.py")
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
        "slow": "Also those that take minutes.",
        "docker": "Also those that need a Docker engine.",
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
    kills: str | None = None,
    path: str = "",
    keep_going: bool = False,
    renew_golden: bool = False,
) -> int:
    """Run the tests that need seconds and no Docker, unless more is asked for."""
    if renew_golden:
        return run(c, *python("pytest", "-q", "tests/test_golden.py", "--renew-golden"))[0]
    left = [] if slow else [("slow", "takes minutes; --slow runs it too")]
    left += [] if docker else [("docker", "needs a Docker engine; --docker runs it too")]
    for name, why in left:
        log(f"deselected: {name:<7} {why}")
    words = ["-m", " and ".join(f"not {name}" for name, _ in left)] if left else []
    if kills is not None and not kills.isdecimal():
        raise UsageError(f"--kills wants a whole number, not {kills!r}", hint=invoke("test", kills="200"))
    words += ["--kills", kills] if kills else []
    words += [] if keep_going else ["--maxfail=10"]
    return run(c, *python("pytest", *SPREAD, *words, *([here(path)] if path else [])))[0]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
