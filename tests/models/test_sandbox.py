"""The child with limits: whatever happens in there is a verdict out here."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.models.errors import ModelWorkInterrupted
from sage_edge.models.sandbox import SandboxEnding, SandboxResult, room_for, run_limited, work


def python(code: str, **limits: float) -> SandboxResult:
    return run_limited((sys.executable, "-c", code), **limits)  # type: ignore[arg-type]


def test_what_ends_well_says_what_it_said() -> None:
    outcome = python("import sys; print('out'); print('err', file=sys.stderr)")
    assert (outcome.ending, outcome.code, outcome.out, outcome.err) == (SandboxEnding.DONE, 0, "out\n", "err\n")
    assert outcome.is_good
    assert outcome.why == ""


CASES = [
    ("raise SystemExit(3)", SandboxEnding.FAILED, "it ended with 3: without a word"),
    ("raise ValueError('no model')", SandboxEnding.FAILED, "it ended with 1: ValueError: no model"),
    ("import ctypes; ctypes.string_at(0)", SandboxEnding.CRASHED, "it crashed (SIGSEGV)"),
    ("import os; os.abort()", SandboxEnding.CRASHED, "it crashed (SIGABRT)"),
    ("x = bytearray(2 << 30)", SandboxEnding.HUNGRY, "it wanted more memory than it was given"),
]


@pytest.mark.parametrize(("code", "ending", "why"), CASES)
def test_every_end_has_its_name(code: str, ending: SandboxEnding, why: str) -> None:
    outcome = python(code, memory_bytes=1 << 30)
    assert outcome.ending is ending, outcome
    assert outcome.why == why
    assert not outcome.is_good


@pytest.mark.parametrize(
    ("code", "wall_s", "ends_with"),
    [
        ("raise SystemExit(3)", 60, 3),
        ("import os; os.kill(os.getpid(), 11)", 60, -signal.SIGSEGV),
        ("import time; time.sleep(60)", 1, 124),
    ],
)
def test_long_work_is_limited_in_the_callers_own_session(code: str, wall_s: float, ends_with: int) -> None:
    program = f"import os; print(os.getsid(0), flush=True); {code}"
    done = work((sys.executable, "-c", program), wall_s=wall_s, memory_bytes=1 << 30, stop=None)
    assert done.code == ends_with
    assert done.text == str(os.getsid(0)) or wall_s == 1  # a busy machine may not get so far in a second


def test_long_work_gets_no_more_memory_than_its_files_can_need(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(1_000_000))
    assert room_for(tmp_path) == room_for(tmp_path / "weights") == (16 << 30) + 8_000_000
    done = work((sys.executable, "-c", "x = bytearray(2 << 30)"), wall_s=60, memory_bytes=1 << 30, stop=None)
    assert (done.code, done.complaint.splitlines()[-1]) == (1, "MemoryError")


def test_what_burns_the_processor_is_late() -> None:
    outcome = python("while True: pass", cpu_s=1, wall_s=60)
    assert outcome.ending is SandboxEnding.LATE
    assert outcome.code == -signal.SIGXCPU
    assert outcome.why == "it did not end within its time"


def test_what_only_waits_is_late_too() -> None:
    outcome = python("import time; time.sleep(600)", wall_s=0.5)
    assert (outcome.ending, outcome.code) == (SandboxEnding.LATE, -signal.SIGKILL)


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, time\npid = os.fork()\nif not pid: time.sleep(600)\nopen({str(note)!r}, 'w').write(str(pid))"
    assert python(code).is_good
    while is_alive(int(note.read_text())):  # the kernel delivers a kill when it comes to it
        time.sleep(0.01)


FAMILY = """
import os, signal, time
pid = os.fork()
if not pid:
    while True: time.sleep(60)
with open({note!r} + ".new", "w") as note: note.write(f"{{os.getpid()}} {{pid}}")
os.rename({note!r} + ".new", {note!r})
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True: time.sleep(60)
"""
"""A child that heeds no signal, and a child of its own."""


def stopped(stop: threading.Event, note: Path) -> None:
    """Ask to stop once the family is there."""
    until = time.monotonic() + 20
    while not note.exists() and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()


def require_ended(note: Path) -> None:
    for pid in map(int, note.read_text().split()):
        until = time.monotonic() + 10
        while is_alive(pid):  # the kernel delivers a kill when it comes to it
            assert time.monotonic() < until, "it goes on"
            time.sleep(0.01)


@pytest.mark.parametrize(
    "run",
    [
        lambda words, stop: work(words, wall_s=60, memory_bytes=1 << 30, stop=stop),
        lambda words, stop: run_limited(words, wall_s=60, stop=stop),
    ],
    ids=["work", "run_limited"],
)
def test_a_stop_request_ends_the_whole_family_at_once(
    tmp_path: Path, run: Callable[[tuple[str, ...], threading.Event], object]
) -> None:
    note, stop = tmp_path / "pids", threading.Event()
    asks = threading.Thread(target=stopped, args=(stop, note))
    asks.start()
    began = time.monotonic()
    with pytest.raises(ModelWorkInterrupted):
        run((sys.executable, "-c", FAMILY.format(note=str(note))), stop)
    asks.join()
    assert time.monotonic() - began < 15
    require_ended(note)


def test_what_has_ended_well_was_not_stopped() -> None:
    stop = threading.Event()
    stop.set()
    assert work((sys.executable, "-c", ""), wall_s=60, memory_bytes=1 << 30, stop=None).code == 0
    with pytest.raises(ModelWorkInterrupted):
        run_limited((sys.executable, "-c", "import time; time.sleep(60)"), stop=stop)


def test_a_child_ends_with_whoever_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    program = (
        f"import sys; from sage_edge.models.sandbox import run_limited; run_limited((sys.executable, '-c', {code!r}))"
    )
    with subprocess.Popen((sys.executable, "-c", program)) as parent:
        while not note.exists() or not note.read_text():
            time.sleep(0.01)
        parent.kill()
    require_ended(note)


def is_alive(pid: int) -> bool:
    """Whether a process that is not our child still runs."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_the_alarm_outlives_us() -> None:
    outcome = python("import signal; print(signal.alarm(0))", wall_s=40)
    assert 1 <= int(outcome.out) <= 41


def test_it_cannot_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "file"
    outcome = python(f"open({str(path)!r}, 'wb').write(bytes(1 << 20))", written_bytes=4096)
    assert not outcome.is_good
    assert path.stat().st_size <= 4096


def test_chatter_is_cut() -> None:
    outcome = python("import sys\nfor _ in range(10_000): sys.stdout.write('x' * 1_000)", written_bytes=1 << 20)
    assert len(outcome.out) <= 1 << 20


def test_it_leaves_no_core_and_knows_no_terminal() -> None:
    code = "import resource, sys; print(resource.getrlimit(resource.RLIMIT_CORE)[0], sys.stdin.read() == '')"
    assert python(code).out == "0 True\n"


def test_a_program_that_is_not_there() -> None:
    assert run_limited(("no-such-program-anywhere",)).ending is SandboxEnding.FAILED


def test_no_handle_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        python("pass")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.slow
def test_the_file_that_hangs_the_gguf_package_is_a_verdict(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    path = tmp_path / "hang.gguf"
    text = struct.pack("<Q", 1) + b"a"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text + struct.pack("<IIQ", 9, 4, 1 << 63))
    outcome = python(f"import gguf; gguf.GGUFReader({str(path)!r})", cpu_s=2, wall_s=120)
    assert outcome.ending is SandboxEnding.LATE
