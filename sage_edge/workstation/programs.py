"""Programs of the environment that development tasks start: their exit status, and their output where it is wanted."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from invoke import Context

ROOT = Path(__file__).parents[2]


def run(c: Context, *words: str, quiet: bool = False) -> tuple[int, str]:
    """Run a program at the root of the checkout: its exit status, and its output when `quiet`.

    Under invoke's --dry, only print the command.
    """
    if c.config.run.dry or c.config.run.echo:
        log(shlex.join(words))
    if c.config.run.dry:
        return 0, ""
    pipe = subprocess.PIPE if quiet else None
    process = subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT if quiet else None)
    try:
        out, _ = process.communicate()
    except KeyboardInterrupt:
        process.wait()  # it got the same signal, and leaves in order
        raise
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode  # as a shell says it
    return code, (out or b"").decode("utf-8", "replace")


def python(*words: str) -> tuple[str, ...]:
    """Return the words that start a module in this environment."""
    return (sys.executable, "-m", *words)


def here(path: str) -> str:
    """Return a path that the user named, seen from where the user is."""
    return str(Path(path).absolute())


def log(line: str) -> None:
    """Print progress, for people."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
