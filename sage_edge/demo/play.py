"""The story that the demo plays, and what came of it as read from the hub."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.demo import stage as stages
from sage_edge.demo.stage import Stage
from sage_edge.errors import CommandFailed
from sage_edge.shell import Command, run

_DAY = "2026-01-01"
STORY = (
    ("sprout", "00:00", "the first primary session"),
    ("sprout", "03:00", "the first training session"),
    ("thor", "03:30", "measures both, and recommends"),
    ("sprout", "06:00", "decides, and conducts the second primary session"),
    ("thor", "06:30", "checks its prediction"),
)
"""Who wakes when on the demo's day, and what is to come of it."""

_FOLDERS = {
    "transcripts": ("sprout", "sessions"),
    "findings": ("thor", "findings"),
    "recommendations": ("thor", "recommendations"),
    "decisions": ("sprout", "decisions"),
    "predictions": ("thor", "checks"),
}


@dataclass(frozen=True)
class Done:
    """What happened: rows for people (when, host, what), whom its transcripts name, and where the summary lies."""

    story: tuple[tuple[str, str, str], ...]
    subject: str
    summary: Path


def play(
    declarations: Path,
    into: Path,
    tell: Callable[[str], None],
    overlay: str = stages.SUBJECT,
    models: Path | None = None,
) -> Done:
    """Play the story with the real commands, each a process of its own.

    overlay: names the subject. models: the store that has it. Raises CommandFailed, UsageError.
    """
    began = time.monotonic()
    stage = stages.make(declarations, into, overlay, models)
    _sage_edge(stage, "thor", "exchange", "init", str(stage.hub))
    for number, (host, at, what) in enumerate(STORY, start=1):
        tell(f"\n[{number}/{len(STORY)}] {at} {host}: {what}")
        _sage_edge(stage, host, "agent", "once", "--at", f"{_DAY}T{at}:00Z")
    counts = {kind: len(_published(stage, *where)) for kind, where in _FOLDERS.items()}
    summary = {**counts, "seconds": round(time.monotonic() - began, 1)}
    files.write_atomic(stage.summary, (json.dumps(summary, indent=1) + "\n").encode())
    return Done(_worklogs(stage), _subject(stage), stage.summary)


def _sage_edge(stage: Stage, host: str, *words: str) -> None:
    command = (sys.executable, "-m", "sage_edge", *words)
    done = subprocess.run(command, env=stage.environment(host), stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise CommandFailed(("sage-edge", *words), done.returncode, f"as {host}; its own words stand above")


def _published(stage: Stage, host: str, folder: str) -> list[str]:
    """Names of the papers that the hub holds of one host."""
    words = ("git", "--git-dir", str(stage.hub), "ls-tree", "-r", "--name-only", f"host/{host}", f"{folder}/")
    return run(Command(words)).text.splitlines()


def _subject(stage: Stage) -> str:
    """The model that answered, and the digest of its weights, as the first transcript names them."""
    name = _published(stage, "sprout", "sessions")[0]
    words = ("git", "--git-dir", str(stage.hub), "show", f"host/sprout:{name}")
    model = json.loads(run(Command(words)).text)["head"]["model"]
    return f"{model['ref']}, {model['digest']}"


def _worklogs(stage: Stage) -> tuple[tuple[str, str, str], ...]:
    rows = []
    for host in stages.HOSTS:
        for name in _published(stage, host, "worklog"):
            words = ("git", "--git-dir", str(stage.hub), "show", f"host/{host}:{name}")
            rows += [json.loads(line) for line in run(Command(words)).text.splitlines()]
    return tuple((row["at"][11:19], row["host"], row["text"]) for row in sorted(rows, key=lambda row: str(row["at"])))
