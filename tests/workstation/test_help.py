"""What `invoke --help TASK` prints fits a terminal, explains every option, and says where one host is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke import Program

import tasks
from sage_edge.workstation.collection import collection
from tests.deploy import loopback

ONE_HOST = ("audit", "explain", "lock.acquire --why x", "lock.release")


def told(name: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a task's help. invoke forgets what an option means once it has told it, so it reads all anew."""
    with pytest.raises(SystemExit):
        Program(namespace=collection()).run(["invoke", "--help", name])
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", sorted(tasks.ns.task_names))
def test_it_fits_into_80_columns_and_explains_every_option(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = told(name, capsys)
    assert [line for line in lines if len(line) > 80 and not line.startswith("Usage: ")] == []
    assert [line for line in lines if line.strip().startswith("-") and len(line.split()) < 3] == []


@pytest.mark.parametrize("task", ONE_HOST)
def test_what_is_for_one_host_says_so_and_takes_no_two(
    task: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "  --host=STRING    Which host, like sprout." in told(task.split()[0], capsys)
    done = loopback.workstation(tmp_path / "work", monkeypatch).typed(f"{task} --host sprout,thor")
    assert (done.code, done.complaint[0]) == (2, "error: no host named 'sprout,thor'; there are: desk, sprout, thor")
