"""Restore this host's papers from the hub when its disk has lost them.

Papers first, the own branch last: killed in between, the next receive begins again and finds most of it done.
What lies in papers/ and is newer than the hub stays; what contradicts the hub is left alone and named.
"""

from __future__ import annotations

from sage_edge import files
from sage_edge.exchange import commands, papers, repairs, rules
from sage_edge.exchange.branch_reader import here, tree_papers
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.errors import OwnBranchBroken


def restore(clone: Clone, tip: str) -> None:
    """Make papers/ hold what the commit `tip` holds, and the own branch point at it. Raises OwnBranchBroken."""
    published = tree_papers(clone, tip)
    for path, content in published:
        _require_agreement(clone, path, content)
    for path, content in published:
        _bring_back(clone, path, content)
    here(clone, commands.set_ref(clone, clone.own, tip))


def bring_back_records(clone: Clone, tip: str) -> None:
    """Let papers/ hold the records of the repairs that a commit of ours holds; no other paper is made by a commit."""
    for path, content in tree_papers(clone, tip, repairs.FOLDER):
        if _present(clone, path) is None:
            files.create_exclusive(clone.papers / path, content)


def _require_agreement(clone: Clone, path: str, content: bytes) -> None:
    here_now = _present(clone, path)
    if here_now is None or here_now == content or path in rules.REPLACED:
        return
    grown = here_now.startswith(content) or content.startswith(here_now)
    if papers.is_immutable(path) or not grown:
        raise OwnBranchBroken(
            f"{clone.papers / path} is not what this host has published",
            hint=f"move {clone.papers / path} aside, then do it again: the published one comes back",
        )


def _bring_back(clone: Clone, path: str, content: bytes) -> None:
    here_now = _present(clone, path)
    if here_now is None:
        files.create_exclusive(clone.papers / path, content)
    elif path not in rules.REPLACED and len(here_now) < len(content):
        files.write_atomic(clone.papers / path, content)


def _present(clone: Clone, path: str) -> bytes | None:
    file = clone.papers / path
    if not files.exists(file):
        return None
    with files.storing(file):  # and no paper is larger
        return files.read(file, at_most=rules.LIMIT_BYTES)
