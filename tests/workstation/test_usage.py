"""What nobody can make sense of is refused as everything else is: two lines, exit code 2."""

from __future__ import annotations

import subprocess
import sys

import invoke
import pytest

from sage_edge.workstation import usage
from sage_edge.workstation.collection import collection
from tests.source_files import REPOSITORY


@pytest.mark.parametrize(
    ("words", "says", "step"),
    [
        (["nosuch"], "nosuch is no task", "invoke --list"),
        (["plan", "--hosts", "sprout"], "plan has no option --hosts", "invoke plan --help"),
        (["plan", "sprout"], "sprout is no task", "invoke --list"),
        (["plan", "--host"], "--host of plan wants a value", "invoke plan --help"),
        (["sim.up", "--nosuch=3"], "sim.up has no option --nosuch", "invoke sim.up --help"),
        (["--nosuch"], "--nosuch is no option of invoke", "invoke --list"),
        (["--help", "nosuch"], "nosuch is no task", "invoke --list"),
        (
            ["--list", "nosuch"],
            "not understood: Sub-collection 'nosuch' not found!",
            "invoke --list",
        ),
    ],
)
def test_what_is_no_task_and_no_option_is_a_wrong_usage(
    words: list[str], says: str, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        invoke.Program(namespace=collection(), version="0").run(["invoke", *words])
    out, err = capsys.readouterr()
    assert (end.value.code, out, err) == (2, "", f"error: {says}\n next: {step}\n")


@pytest.mark.parametrize("words", [["--list"], ["--help"], ["--version"], ["plan", "--help"]])
def test_what_invoke_knows_stays_as_it_is(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        invoke.Program(namespace=collection(), version="0").run(["invoke", *words])
    out, err = capsys.readouterr()
    assert (end.value.code, err) == (0, "")
    assert out


@pytest.mark.slow
def test_the_program_that_people_type_refuses_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "nosuch"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n"), done.stderr[:24]) == (2, 2, "error: nosuch is no task")


def test_other_words_of_invoke_are_passed_on() -> None:
    refused = usage.refusal(invoke.ParseError("it is Tuesday!"))
    assert refused.message == "not understood: it is Tuesday!"
