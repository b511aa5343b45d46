"""The workstation's door: `python3 tasks.py TASK` on any machine, `invoke TASK` inside the environment.

As a script it needs nothing but Python, git and a C compiler. It makes `.venv` beside this file, once:

    look at .venv/setup.stamp ── as wanted ─────────────────────────────────────────────┐
      └── missing, cut off or outdated ── venv ── pip install ── write the stamp last ──┴── invoke TASK

As invoke's module it hands over the tasks of `sage_edge/workstation`.
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from sage_edge import hints
from sage_edge.errors import SageError, UsageError

ROOT = Path(__file__).resolve().parent
FLOOR = (3, 10)  # JetPack 6 ships this one
EXTRAS = ("practitioner", "fleet", "dev")
CONSTRAINTS = "requirements/constraints.txt"
LEAN, ANYWHERE = "requirements/llama.cmake", "images/shared/compiled.cmake"
STAMP, LOG = "setup.stamp", "setup.log"
APT = "on Debian or Ubuntu: apt-get install git build-essential python3-venv"


def say(line: str) -> None:
    """Print progress, for people."""
    print(line, file=sys.stderr, flush=True)


# --- the environment: standard library only from here to the hand-over ---


def wanted(root: Path) -> str:
    """Return a digest of all that decides what belongs into the environment of this folder."""
    sections = ("\n" + (root / "pyproject.toml").read_text("utf-8")).split("\n[")
    ours = [part for part in sections if part.startswith(("build-system]", "project", "tool.hatch"))]
    pieces = [*EXTRAS, *ours, *((root / name).read_text("utf-8") for name in (CONSTRAINTS, LEAN))]
    return hashlib.sha256("\0".join(pieces).encode()).hexdigest()


def reason(root: Path) -> str:
    """Return why the environment must be made or brought up to date; nothing when it is as wanted."""
    venv = root / ".venv"
    if not (venv / "bin" / "python").exists():
        return "there is no .venv yet"
    if not (venv / STAMP).is_file():
        return ".venv was not set up to its end"
    if _moved(venv):
        return "this folder was moved since .venv was made"
    stamp = (venv / STAMP).read_text("utf-8").splitlines()
    return "" if stamp[:1] == [wanted(root)] else "what belongs into .venv has changed"


def _moved(venv: Path) -> bool:
    return (venv / STAMP).is_file() and (venv / STAMP).read_text("utf-8").splitlines()[1:] != [str(venv)]


def demand_tools(which: Callable[[str], str | None], *, building: bool) -> None:
    """Raise UsageError, naming what is missing and how to get it, unless this machine can do the work."""
    if sys.version_info[:2] < FLOOR:
        raise UsageError(
            f"this is Python {sys.version_info[0]}.{sys.version_info[1]}, sage-edge needs 3.10 or newer",
            hint="name a newer one: python3.11 tasks.py …",
        )
    missing = [] if which("git") else ["git"]
    if building:
        for name, variable, usual in (
            ("a C compiler", "CC", ("cc", "gcc", "clang")),
            ("a C++ compiler", "CXX", ("c++", "g++", "clang++")),
        ):
            named = shlex.split(os.environ.get(variable, ""))[:1]
            missing += [] if any(map(which, named or usual)) else [name]
        if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
            missing.append("Python's venv module")
    if missing:
        raise UsageError(f"this machine lacks {', '.join(missing)}", hint=APT)


def build_env(root: Path) -> Mapping[str, str]:
    """Return the variables that leave out of llama.cpp what we never load; how it computes stays as by default."""
    lean = shlex.quote(f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={root / LEAN}")
    anywhere = shlex.quote(f"-DCMAKE_PROJECT_INCLUDE={root / ANYWHERE}")  # images take this wheel from pip's cache
    args = (os.environ.get("CMAKE_ARGS", ""), "-DLLAVA_BUILD=OFF", lean, anywhere)
    return {**os.environ, "CMAKE_ARGS": " ".join(filter(None, args)), "PIP_NO_INPUT": "1"}


def ensure_environment(root: Path) -> None:
    """Make `.venv`, or bring it up to date in place. Raises SageError; the next call goes on from there."""
    demand_tools(shutil.which, building=bool(reason(root)))
    with _alone(root) as lock:
        if why := reason(root):
            say(f"sage-edge: {why}, so I set it up now, once: packages, and llama-cpp-python from its source.")
            say(f"  about 4 minutes on 2 cores, half a minute where pip has that wheel already; details: .venv/{LOG}")
            started = time.monotonic()
            _install(root, lock)
            say(f"sage-edge: .venv is ready after {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[int]:
    """Hold the folder's setup lock. pip inherits it: a killed setup whose pip lives on is waited for, too."""
    with (root / "pyproject.toml").open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("sage-edge: another setup of this folder is running; I wait for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield held.fileno()


def _install(root: Path, lock: int) -> None:
    venv = root / ".venv"
    if _moved(venv) or not _usable(venv / "bin" / "python"):
        base = getattr(sys, "_base_executable", sys.executable)  # the venv's own python cannot replace itself
        made = subprocess.run([base, "-m", "venv", "--clear", venv], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise _failed("python3 -m venv", made.returncode, made.stdout + made.stderr, APT)
    (venv / STAMP).unlink(missing_ok=True)
    words = [str(venv / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off"]
    words += ["-c", CONSTRAINTS, "-e", f".[{','.join(EXTRAS)}]"]
    with (venv / LOG).open("w+b") as log:
        pip = subprocess.Popen(
            words, cwd=root, env=build_env(root), stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(lock,)
        )
        if code := _watch(pip, log):
            raise _failed("pip install", code, _text(log), f"all of it is in .venv/{LOG}; then start again")
    ours = (str(venv / "bin" / "python"), "-m", "compileall", "-q", "sage_edge")  # pip compiles only what it copies
    subprocess.run(ours, cwd=root, capture_output=True, check=False)
    fresh = venv / f"{STAMP}.new"
    fresh.write_text(f"{wanted(root)}\n{venv}\n", "utf-8")
    fresh.replace(venv / STAMP)


def _usable(python: Path) -> bool:
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] < {FLOOR})"
    return python.exists() and subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def _failed(what: str, code: int, output: str, hint: str) -> SageError:
    tail = "".join(f"\n    {line}" for line in output.strip().splitlines()[-20:])
    return SageError(f"{what} ended with {code}; its last lines:{tail}", hint=hint)


def _watch(process: subprocess.Popen[bytes], log: IO[bytes]) -> int:
    """Return its exit status; show the time and what it is at, and take it along when we are interrupted."""
    started, live = time.monotonic(), sys.stderr.isatty()
    try:
        while True:
            try:
                return process.wait(1 if live else 30)
            except subprocess.TimeoutExpired:
                minutes, seconds = divmod(int(time.monotonic() - started), 60)
                at = ([line.strip() for line in _text(log).splitlines() if line.strip()] or ["pip is starting"])[-1]
                line = f"  {minutes:02d}:{seconds:02d}  {at[:90]}"
                print(f"\r{line}\033[K" if live else line, end="" if live else "\n", file=sys.stderr, flush=True)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        if live:
            say("")


def _text(log: IO[bytes]) -> str:
    return os.pread(log.fileno(), 1 << 24, 0).decode("utf-8", "replace")


def help_text() -> str:
    """Return what this script can do, read from the tasks without importing invoke."""
    tasks = [row for path in sorted((ROOT / "sage_edge" / "workstation").glob("*_tasks.py")) for row in _tasks(path)]
    lines = "\n".join(f"  {name:<18} {about}" for name, about in sorted(tasks))
    return f"usage: python3 tasks.py TASK [OPTIONS]      python3 tasks.py TASK --help\n\n{lines}"


def _tasks(path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and first line of help for each function under `@task(…)` of a file; GROUP = "x" makes them x.*."""
    tree, group = ast.parse(path.read_text("utf-8")), ""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GROUP":
            group = f"{ast.literal_eval(node.value)}."
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "task":
                    name = next(
                        (ast.literal_eval(word.value) for word in mark.keywords if word.arg == "name"), node.name
                    )
                    yield f"{group}{name}", (ast.get_docstring(node) or "").splitlines()[0]


def script(words: Sequence[str]) -> int:
    """Make the environment and become `invoke WORDS` in it; returns only when that was not to be."""
    if not words or words[0] in ("-h", "--help"):
        print(help_text())
        return 0
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # handed on as ignored, pip's failure would read as success
    try:
        ensure_environment(ROOT)
    except SageError as refusal:
        return tell(refusal)
    except KeyboardInterrupt:
        say("sage-edge: interrupted; the next start goes on from here")
        return 130
    return become(ROOT / ".venv" / "bin", words)


def become(inside: Path, words: Sequence[str]) -> NoReturn:
    """Replace this process with `invoke WORDS`."""
    os.environ["SAGE_STARTED_BY_SCRIPT"] = "1"  # whoever types that need not have our programs on the PATH
    program = [str(inside / "python"), str(inside / "invoke"), "--search-root", str(ROOT), *words]
    os.execv(program[0], program)  # noqa: S606  the words are a list, and no shell is wanted


def tell(refusal: SageError) -> int:
    """Print what was refused and what to do next; return the exit status that belongs to it."""
    say(f"error: {refusal.message}")
    if refusal.hint:
        say(f" next: {hints.text(refusal.hint)}")
    return refusal.code


if __name__ == "__main__":
    sys.exit(script(sys.argv[1:]))

sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)  # invoke would compile all of sage_edge at every run
from sage_edge.workstation.collection import collection  # noqa: E402  the script above runs where invoke is not installed

ns = collection()
