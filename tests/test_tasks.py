"""The workstation's door: the chores that invoke lists."""

from __future__ import annotations

import inspect
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import invoke
import pytest

import tasks
from sage_edge.cli import main
from sage_edge.workstation import (
    bench_tasks,
    dev_tasks,
    findings_tasks,
    introspective_tasks,
    programs,
    seedling_tasks,
)

ROOT = Path(tasks.__file__).parent
INVOKE = [sys.executable, "-m", "invoke"]
ALL = {name: tasks.ns[name] for name in tasks.ns.task_names}
HELP = {name: dict(task.help) for name, task in ALL.items()}  # invoke empties the original when it parses
HEAVY = {
    "pydantic",
    "yaml",
    "click",
    "rich",
    "httpx",
    "numpy",
    "llama_cpp",
    "torch",
    "transformers",
    "fabric",
    "pytest",
}


class Recorder:
    """Stands in for `programs.run`: keeps the words, starts nothing, answers with the given exit statuses."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.calls = list(codes), list[list[str]]()

    def __call__(self, c: invoke.Context, *words: str, quiet: bool = False) -> tuple[int, str]:
        self.calls.append([word for word in words if word not in (sys.executable, "-m")])
        return (self.codes.pop(0) if self.codes else 0), "what it said"


def replaced(monkeypatch: pytest.MonkeyPatch, run: Callable[..., tuple[int, str]]) -> None:
    """Put something in the place of what starts programs."""
    for module in (dev_tasks, bench_tasks, findings_tasks, introspective_tasks, seedling_tasks):
        monkeypatch.setattr(module, "run", run)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    replaced(monkeypatch, recorder)
    return recorder


def door(*words: str) -> int:
    """Run invoke in this process; return its exit status."""
    try:
        invoke.Program(namespace=tasks.ns, version="0").run(["invoke", *words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_list_is_there_at_once() -> None:
    """Counted in the processor's time, which other tests beside it do not take away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*INVOKE, "--list"], cwd=ROOT, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5
    assert set(ALL) <= set(done.stdout.split())
    own = {
        "check",
        "fix",
        "test",
        "demo",
        "findings",
        "seedling.train",
        "introspective.train",
        "bench.spine",
        "bench.models",
        "bench.analysis",
        "bench.fleet",
        "bench.engines",
        "provision",
        "sync",
        "plan",
        "deploy",
        "rollback",
        "status",
        "verify",
        "logs",
        "audit",
        "explain",
        "backup",
        "restore",
        "prune",
        "retire",
    }
    rooms = {
        "sim": {"up", "down", "status"},
        "image": {"build", "push", "lock", "requirements", "compare", "sbom"},
        "lock": {"acquire", "release", "status"},
        "nix": {"check"},
        "key": {"enrol", "rotate", "lost", "revoke", "serving"},
        "recommendation": {"list", "accept", "decline", "withdraw"},
        "trial": {"list", "accept", "decline", "withdraw"},
    }
    assert set(ALL) == own | {f"{room}.{verb}" for room, verbs in rooms.items() for verb in verbs}


@pytest.mark.parametrize("words", [["--list"], ["--help", "deploy"], ["explain", "--host", "sprout"]])
def test_a_reader_that_has_gone_is_no_error(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run([*INVOKE, *words], cwd=ROOT, stdout=gone, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""


def test_no_verb_is_in_both_programs() -> None:
    assert set(ALL).isdisjoint(main.list_commands(click.Context(main)))
    groups = set(main.list_commands(click.Context(main))) - {"recommendation", "trial"}  # on a board, and from afar
    assert not any(task.startswith(f"{group}.") for task in ALL for group in groups)


def test_the_list_loads_nothing_heavy() -> None:
    code = "import sys, invoke; own = set(sys.modules); import tasks; print(*sorted(set(sys.modules) - own))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "tasks" in loaded
    assert HEAVY.isdisjoint(loaded)


@pytest.mark.parametrize(("forbidden", "kept"), [("", "True"), ("1", "False")])
def test_what_was_compiled_is_kept_unless_a_person_forbids_it(forbidden: str, kept: str) -> None:
    """invoke turns that off for all that it loads; compiling took half of a short task's time."""
    code = "import sys; sys.dont_write_bytecode = True; import tasks; print(not sys.dont_write_bytecode)"
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": forbidden}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == kept


@pytest.mark.parametrize("name", ALL)
def test_no_parameter_can_swallow_a_flag(name: str) -> None:
    task = ALL[name]
    parameters = list(inspect.signature(task.body).parameters.values())[1:]
    assert list(task.positional) == []
    assert task.auto_shortflags is False
    assert set(HELP[name]) == {parameter.name for parameter in parameters}
    assert all(HELP[name].values())
    assert all(parameter.default is not inspect.Parameter.empty for parameter in parameters)
    assert task.__doc__


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("name", sorted(ALL))
def test_asking_for_help_runs_nothing(
    name: str, flag: str, started: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert door(name, flag) == 0
    assert started.calls == []
    assert "Usage:" in capsys.readouterr().out


PROPERTIES = "hypothesis and not slow and not docker and not real and not full"
SEVEN = ("--search", "--hypothesis-seed=7")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [["not slow and not docker and not real and not full", "--maxfail=10"]]),
        (["--slow"], [["not docker and not real and not full", "--maxfail=10"]]),
        (["--docker", "--keep-going"], [["not slow and not real and not full"]]),
        (["--real"], [["not slow and not docker and not full", "--maxfail=10"]]),
        (["--slow", "--docker", "--real", "--kills", "200"], [["not full", "--kills", "200", "--maxfail=10"]]),
        (["--path", str(ROOT)], [["not slow and not docker and not real and not full", "--maxfail=10", str(ROOT)]]),
        (["--search", "--seed", "7", "--keep-going"], [[PROPERTIES, "--search", "--hypothesis-seed=7"]]),
        (["--full", "--seed", "7", "--keep-going"], [["--kills", "1000"], ["hypothesis", *SEVEN, "--kills", "1000"]]),
    ],
)
def test_tiers(words: list[str], expected: list[list[str]], started: Recorder) -> None:
    assert door("test", *words) == 0
    calls = [[word for word in call if word != "-m"] for call in started.calls]
    assert calls == [["pytest", *dev_tasks.SPREAD, *words] for words in expected]


def test_a_search_begins_where_the_commit_says(started: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    door("test", "--search")
    (seed,) = (word.partition("=")[2] for word in started.calls[0] if word.startswith("--hypothesis-seed="))
    assert f"search: the same again with --seed {seed}" in capsys.readouterr().err


def test_what_is_left_out_is_said(started: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    door("test")
    printed = capsys.readouterr().err
    assert [f"deselected: {tier:<7} {why}" in printed for tier, why in dev_tasks.TIERS.items()] == [True] * 4


@pytest.mark.parametrize("kills", ["many", "-3", "1.5", ""])
def test_kills_is_a_number(kills: str, started: Recorder) -> None:
    assert door("test", f"--kills={kills}") == 2
    assert started.calls == []


@pytest.mark.parametrize("code", [0, 1, 3, 8, 130])
def test_the_program_s_exit_status_is_ours(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["test"], ["bench.spine"]):
        replaced(monkeypatch, Recorder(code))
        assert door(*words) == code


def test_training_the_adapter_hands_on_folder_and_steps(started: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introspective_tasks, "TRAIN_NEEDS", ("no_such_library",))
    assert door("introspective.train") == 2
    monkeypatch.setattr(introspective_tasks, "TRAIN_NEEDS", ("sys",))
    assert door("introspective.train", "--into", "/x", "--steps", "3") == 0
    assert door("introspective.train") == 0
    assert started.calls == [
        ["tools.introspective", "/x", "--steps", "3"],
        ["tools.introspective", "tools/introspective/adapter"],
    ]


def test_training_says_what_it_needs(
    started: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(seedling_tasks, "TRAIN_NEEDS", ("sys", "no_such_library"))
    assert door("seedling.train") == 2
    assert started.calls == []
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "error: training needs no_such_library, which the demo and the tests do not"
    assert told[1].startswith(" next: .venv/bin/python -m pip install")
    assert told[1].endswith("'.[researcher]'")
    monkeypatch.setattr(seedling_tasks, "TRAIN_NEEDS", ("sys",))
    assert door("seedling.train", "--into", "/x") == 0
    assert door("seedling.train") == 0
    assert [call[:2] for call in started.calls] == [
        ["tools.seedling", "/x"],
        ["tools.seedling", "sage_edge/models/seedling"],
    ]


def test_a_study_of_ones_own_leaves_the_page_in_docs_alone(started: Recorder) -> None:
    assert door("findings") == 0
    assert door("findings", "--sessions", "2", "--overlay", "seedling", "--into", "/x") == 0
    assert door("findings", "--sessions", "few") == 2
    (usual, own) = started.calls
    assert usual == ["tools.findings", "--into", f"{ROOT}/.sage/findings", "--out", f"{ROOT}/docs"]
    assert own == [
        *("tools.findings", "--into", "/x", "--out", "/x/page"),
        *("--sessions", "2", "--overlay", "seedling"),
    ]


def test_check_runs_every_stage_and_ends_with_the_worst(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder(0, 1, 2, 0, 0, 0, 0)
    replaced(monkeypatch, recorder)
    assert door("check") == 2
    assert [call[0] for call in recorder.calls] == ["ruff", "ruff", "mypy", "vulture", "deptry", "pytest", "pytest"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if line.endswith(" s")] == [
        ["format", "ok"],
        ["lint", "FAILED"],
        ["types", "FAILED"],
        ["unused", "ok"],
        ["imports", "ok"],
        ["house", "ok"],
        ["tests", "ok"],
    ]
    assert "    what it said" in lines
    assert lines[-1].startswith("failed: lint, types")


def test_check_can_leave_the_tests_out(started: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    assert door("check", "--no-tests") == 0
    assert len(started.calls) == 6
    assert capsys.readouterr().out.splitlines()[-1] == "all is well"


def context(**run: Any) -> invoke.Context:
    return invoke.Context(invoke.Config(overrides={"run": run}))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(8)", 8),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL),
        ("import os, signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGINT)", 130),
    ],
)
def test_go_hands_the_exit_status_on(code: str, expected: int) -> None:
    assert programs.run(context(), sys.executable, "-c", code)[0] == expected


def test_go_keeps_the_output_when_quiet() -> None:
    code = "import sys; print('é'); sys.stdout.flush(); sys.stderr.buffer.write(b'\\xff')"
    assert programs.run(context(), sys.executable, "-c", code, quiet=True) == (0, "é\n�")


def test_a_dry_run_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"open({str(tmp_path / 'made')!r}, 'w')"
    assert programs.run(context(dry=True), sys.executable, "-c", code) == (0, "")
    assert list(tmp_path.iterdir()) == []
    assert "open(" in capsys.readouterr().err


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> tuple[int, str]:
        raise KeyboardInterrupt

    replaced(monkeypatch, interrupted)
    assert door("fix") == 130


def test_ci_calls_what_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert " python3 tasks.py test\n" in script
    assert "python3 tasks.py test\n" in (ROOT / "README.md").read_text("utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
