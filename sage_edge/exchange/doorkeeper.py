"""The hub's pre-receive hook: it lets in what a host may do to its own branch, and nothing else.

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.

Whoever comes through `sage-hub` is known by key, and may push the branch of that host alone. Whoever comes another way
(a folder of this machine, a key that is bound to no host) is known by nothing: then the rules alone decide.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from sage_edge.exchange.hub_upkeep import begin_push
from sage_edge.exchange.inspection import inspect
from sage_edge.exchange.rules import BRANCHES, Folders, shown

HOSTS = "sage-hosts.json"
"""The hub's list of hosts, and the folders below which each may add papers."""

BOUND = "SAGE_HOST"
"""The variable in which `sage-hub` says whose key it was that came in."""

BUSY = "the hub is packing itself"
"""What a push is told that has waited for long enough; it may come again in a minute."""

_SHOWN_LINES = 20
_DEAD_AFTER_S = 60


def pre_receive(lines: Iterable[str], repository: Path) -> int:
    """Let a push in (0) or not (1), with one line on stderr for each broken rule. Anything unexpected is a no."""
    _forget_dead_pushes(repository)
    try:
        listed = json.loads((repository / HOSTS).read_text(encoding="utf-8"))["folders"]
        folders = {host: frozenset(names) for host, names in listed.items()}
        refusals = [refusal for line in lines for refusal in _refusals(line.rstrip("\n"), folders)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, subprocess.SubprocessError) as trouble:
        refusals = [f"sage: the hub could not check this push: {shown(str(trouble))}"]
    if not refusals and not begin_push(repository):
        refusals = [f"sage: {BUSY}"]
    for refusal in refusals[:_SHOWN_LINES]:
        sys.stderr.write(refusal + "\n")
    return 1 if refusals else 0


def _refusals(line: str, folders: Folders) -> list[str]:
    """The sentences that answer one line `<old> <new> <ref>` of a push."""
    old, new, ref = line.split(" ", 2)
    bound = os.environ.get(BOUND)
    if bound is not None and ref != BRANCHES + bound:
        return [f"sage: {shown(ref)}: this key is bound to {shown(bound)}, which may push {BRANCHES}{bound} alone"]
    if not ref.startswith(BRANCHES):
        return [f"sage: {shown(ref)}: no such name can be pushed here, only branches of hosts below {BRANCHES}"]
    host = ref[len(BRANCHES) :]
    before, after = (None if set(oid) == {"0"} else oid for oid in (old, new))
    breaches = inspect(_git_here, host, folders, before, after, may_take_back=True)
    return [f"sage: host/{shown(host)[1:-1]}: {b.rule}: {b.detail} (commit {b.commit[:12]})" for b in breaches]


def _git_here(words: Sequence[str], stdin: bytes) -> bytes:
    # The environment must stay as git made it: it leads to the objects that are waiting to be let in.
    env = dict(os.environ, GIT_NO_REPLACE_OBJECTS="1", LC_ALL="C")
    return subprocess.run(["git", *words], input=stdin, stdout=subprocess.PIPE, check=True, env=env, timeout=60).stdout


def _forget_dead_pushes(repository: Path) -> None:
    """Remove the ref locks of a hub that lost its power; a living push holds one for milliseconds.

    One of the future is dead, too: who wrote it had a clock that was ahead.
    """
    for lock in (repository / BRANCHES).glob("*.lock"):
        with contextlib.suppress(OSError):
            if abs(time.time() - lock.stat().st_mtime) > _DEAD_AFTER_S:
                lock.unlink()
