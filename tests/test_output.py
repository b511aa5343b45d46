"""What we print never stops the work, and results that nobody could take are no success."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

_WORK = """\
import sys
from pathlib import Path
from sage_edge import output
output.keep()
for number in range(20_000):
    print(number, "a line of results")
    print(number, "a line of progress", file=sys.stderr)
Path(sys.argv[1]).write_text("the work is done")
refusal = output.lost()
sys.exit(0 if refusal is None else 1 if output.lost() is None else 99)
"""


def worked(tmp_path: Path, redirected: str, *flags: str) -> tuple[int, bool]:
    """Return the exit code of work whose output goes there, and whether it was done to its end."""
    end, script = tmp_path / "end", tmp_path / "work.py"
    script.write_text(_WORK)
    line = f'"$0" {" ".join(flags)} "$1" "$2" {redirected}; echo ${{PIPESTATUS[0]}} >"$2.code"'
    subprocess.run(["bash", "-c", line, sys.executable, script, end], check=False, timeout=60, capture_output=True)
    return int(end.with_name("end.code").read_text()), end.is_file()


@pytest.mark.parametrize(
    ("redirected", "code"),
    [
        ("2>&1 | head -1", 0),
        ("2>/dev/null | head -c 10", 0),
        (">/dev/full", 1),
        (">/dev/full 2>&1", 1),
        ("2>/dev/full", 0),
        (">&-", 1),
        ("2>&-", 0),
        (">&- 2>&-", 1),
        (">/dev/null 2>&1", 0),
    ],
)
@pytest.mark.parametrize("flags", [(), ("-u",)], ids=["buffered", "unbuffered"])
def test_the_work_goes_to_its_end(tmp_path: Path, redirected: str, code: int, flags: tuple[str, ...]) -> None:
    assert worked(tmp_path, redirected, *flags) == (code, True)


def test_what_ends_without_asking_is_no_success_either() -> None:
    program = "from sage_edge import output; output.keep(); print('a list')"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "error: cannot write the output: No space left on device",
        " next: make room (df -h; df -i), then start again: nothing is lost",
    ]


def test_a_pipe_that_takes_little_at_a_time_gets_all() -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    program = "from sage_edge import output; output.keep()\nfor n in range(40000): print(n)\nraise SystemExit(5)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=writes) as process:
        os.close(writes)
        time.sleep(0.5)  # it is full by now
        with os.fdopen(reads) as stream:
            assert stream.read().splitlines() == [str(number) for number in range(40_000)]
    assert process.returncode == 5


def test_a_closed_stdin_has_ended() -> None:
    program = "from sage_edge import output; output.keep(); import sys; print(sys.stdin.isatty(), sys.stdin.read())"
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&-', sys.executable, program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "False \n")


def test_streams_of_others_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    program = "import io, sys; sys.stdout = own = io.StringIO()\nfrom sage_edge import output\noutput.keep()\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}assert sys.stdout is own; assert output.lost() is None"], check=False
    )
    assert done.returncode == 0
    assert (sys.stdout, sys.stderr) == before


def test_all_that_can_be_written_is_written_in_order() -> None:
    program = "from sage_edge import output; output.keep(); import sys\nfor n in range(5000): print(n)\nsys.exit(3)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [str(number) for number in range(5000)]


def test_the_error_of_a_full_disk_is_the_systems_own() -> None:
    program = "from sage_edge import output; output.keep(); print('x'); print(output.lost().message, file=sys.stderr)"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; {program}"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == f"cannot write the output: {os.strerror(errno.ENOSPC)}\n"
