"""Commands are values; what becomes of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sage_edge.errors import CommandFailed
from sage_edge.shell import ELSEWHERE, Command, attempt, run


def python(code: str, **named: object) -> Command:
    return Command((sys.executable, "-c", code), **named)  # type: ignore[arg-type]


def test_a_command_sees_its_input_folder_and_environment(tmp_path: Path) -> None:
    code = "import os,sys; print(os.getcwd(), os.environ['X_Y'], sys.stdin.read())"
    result = run(python(code, cwd=tmp_path, stdin=b"word", env={"X_Y": "value"}))
    assert result.text == f"{tmp_path} value word"
    assert result.code == 0


def test_git_is_in_the_folder_that_it_is_given_whichever_repository_a_hook_is_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git gives its hooks GIT_DIR and the like, which count more than `-C`."""
    for name in ("ours", "theirs"):
        run(Command(("git", "init", "--quiet", str(tmp_path / name))))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "theirs" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "theirs" / ".git" / "index"))
    asked = ("git", "-C", str(tmp_path / "ours"), "rev-parse", "--absolute-git-dir")
    assert run(Command(asked)).text == str(tmp_path / "ours" / ".git")
    monkeypatch.setenv("GIT_DIR", ".")  # as in a bare hub's hook
    assert run(Command(asked)).text == str(tmp_path / "ours" / ".git")
    theirs = {"GIT_DIR": str(tmp_path / "theirs" / ".git")}
    assert run(Command(asked, env=theirs)).text == theirs["GIT_DIR"]


def test_every_variable_that_git_says_is_of_one_repository_is_kept_from_it_or_holds_settings() -> None:
    settings = {"GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_NO_REPLACE_OBJECTS"}
    own = set(run(Command(("git", "rev-parse", "--local-env-vars"))).text.split())
    assert own - settings <= ELSEWHERE


def test_a_failure_is_a_result_or_an_error() -> None:
    failing = python("import sys; sys.stderr.write('so sorry\\n'); sys.exit(3)")
    assert (attempt(failing).code, attempt(failing).complaint) == (3, "so sorry")
    with pytest.raises(CommandFailed, match="so sorry") as refused:
        run(failing)
    assert refused.value.exit_code == 3


def test_a_command_past_its_time_is_ended() -> None:
    late = attempt(python("import signal; signal.pause()", timeout_s=1.0))
    assert late.code == 124
    assert late.complaint == "no end within 1 s"


def test_a_stop_request_ends_a_command() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    stopped = attempt(python("import time; print('begun', flush=True); time.sleep(60)"), stop=stop)
    assert (stopped.code, stopped.complaint) == (130, "it was stopped")
    assert time.monotonic() - began < 10


def test_what_may_be_stopped_is_heard_whole_and_has_its_time() -> None:
    much = "import sys, time; sys.stdout.write('a' * 999_999); sys.stdout.flush(); time.sleep(0.3); print('b')"
    assert attempt(python(much), stop=threading.Event()).text == "a" * 999_999 + "b"
    with pytest.raises(ValueError, match="cannot be stopped"):
        attempt(python("", stdin=b"word"), stop=threading.Event())
    late = attempt(python("import signal; signal.pause()", timeout_s=0.5), stop=threading.Event())
    assert (late.code, late.complaint) == (124, "no end within 0.5 s")


def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    deep = "sh -c 'echo $$ >deep; exec sleep 60' & wait"
    late = attempt(Command(("sh", "-c", 'sh -c "$0" & wait', deep), timeout_s=0.9, cwd=tmp_path))
    assert late.code == 124
    until = time.monotonic() + 10
    while (
        status := Path("/proc", (tmp_path / "deep").read_text().strip(), "stat")
    ).exists() and b") Z " not in status.read_bytes():
        assert time.monotonic() < until, "it goes on"
        time.sleep(0.01)


def test_a_program_that_may_not_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("no program")
    with pytest.raises(CommandFailed, match="may not be started") as caught:
        attempt(Command((str(tmp_path / "program"),)))
    assert caught.value.exit_code == 126


def test_an_absent_program_is_named() -> None:
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        attempt(Command(("no-such-program",)))


def test_words_are_never_a_shell_line() -> None:
    command = Command((sys.executable, "-c", "import sys; print(sys.argv[1])", "$(id); *"))
    assert run(command).text == "$(id); *"


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    assert run(python("import sys; sys.stdout.buffer.write(b'a\\xff\\n')")).text == "a\ufffd"


def test_a_command_never_runs_without_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes until we go on after its start."""

    class Late(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **named: Any) -> None:
            super().__init__(*words, **named)
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(subprocess, "Popen", Late)
    code = "import resource; print(*resource.getrlimit(resource.RLIMIT_FSIZE))"
    assert run(python(code, largest_file_bytes=1 << 20)).text == f"{1 << 20} {1 << 20}"


def test_a_limited_command_is_ended_by_what_it_writes_and_passes_its_words(tmp_path: Path) -> None:
    words = ("sh", "-c", 'head -c 4096 /dev/zero >much && echo "$0"', "a 'b' $c")
    assert run(Command(words, cwd=tmp_path, largest_file_bytes=4096)).text == "a 'b' $c"
    assert attempt(Command(words, cwd=tmp_path, largest_file_bytes=1024)).code != 0
    assert (tmp_path / "much").stat().st_size == 1024
    attempt(Command(words, cwd=tmp_path, largest_file_bytes=1000))
    assert (tmp_path / "much").stat().st_size == 1024, "at least what was asked for, so that it can be told by its size"
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        attempt(Command(("no-such-program",), largest_file_bytes=1024))
