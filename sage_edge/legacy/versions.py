"""Which file a version is of, and where it stands among the others: all of it from its path.

history/<commit>/a/state.json, a/backups/state.json, a/state.json.bak       of a/state.json
a/snapshots/archive/state_20260301_003742.json                               of a/state.json, by its stamp
history/0007-c7f9a963/a/state.json, a/state_v7.json, a/versions/7.json       by its number
a/state.json                                                                 the newest of them

Digits in its own name make a file a version only where it is a state file: `session_003.json` is none of session 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OLDER = frozenset(("history", "archive", "archives", "backup", "backups", "old", "previous")).union(
    ("snapshot", "snapshots", "version", "versions", "revisions", "commits")
)
"""Folders that hold older contents of what lies around them."""

_STAMP = r"(?:19|20)\d\d-?\d\d-?\d\d(?:[T_.-]?\d\d[:-]?\d\d(?:[:-]?\d\d)?)?"
_COMMIT = r"(?=[a-f]*\d)[0-9a-f]{7,40}"
_HASH = re.compile("[0-9a-f]{7,40}")
"""A commit may be all letters where a folder of older contents holds it; elsewhere that is a word."""
_WORD = r"bak|backup|old|copy|orig|previous|prev|snapshot"
_MARK = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?P<stamp>{_STAMP})|(?P<commit>{_COMMIT})|(?:v|rev)?(?P<number>\d{{1,6}})|(?P<word>{_WORD}))"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_ENDING = re.compile(r"\.(jsonl?|ndjson)(?![a-z])(.*)", re.IGNORECASE | re.DOTALL)
_BETWEEN = "_-. ()#"


@dataclass(frozen=True)
class VersionPath:
    """What a path says. file: the path of the newest one. number, stamp: of this version; stamp in digits alone.

    is_newest: nothing in its path speaks of an older content.
    """

    file: str
    number: int | None = None
    stamp: str | None = None
    is_newest: bool = True


def of(source: str, *, is_state: bool = True) -> VersionPath:
    """Return what a path with slashes says of the version that lies there.

    is_state: digits in its own name count, and in that of a folder which lies in no folder of older contents.
    """
    *folders, name = source.split("/")
    marks: list[re.Match[str]] = []
    kept = []
    for place, folder in enumerate(folders):
        is_below = place > 0 and folders[place - 1].lower() in OLDER
        is_commit = is_below and _HASH.fullmatch(folder) is not None
        is_mark = (is_state or is_below) and not _without(folder, [])
        rest = "" if is_commit else _without(folder, marks) if is_mark else folder
        if rest and rest.lower() not in OLDER:
            kept.append(rest)
    ending = _ENDING.search(name)
    stem, tail = (name[: ending.start()], ending[2]) if ending else (name, "")
    plain = _without(stem, marks, by_digits=is_state) or "*"
    number = next((int(mark["number"]) for mark in marks if mark["number"]), None)
    stamps = [re.sub(r"\D", "", mark["stamp"]) for mark in (*marks, *_MARK.finditer(tail)) if mark["stamp"]]
    is_newest = not marks and len(kept) == len(folders) and not tail
    return VersionPath("/".join((*kept, f"{plain}.json")), number, max(stamps, default=None), is_newest)


def _without(text: str, marks: list[re.Match[str]], *, by_digits: bool = True) -> str:
    """Return a name without the marks of a version, which are appended."""
    counted = [mark for mark in _MARK.finditer(text) if by_digits or mark["word"]]
    if not counted:
        return text.strip(_BETWEEN)
    marks += counted
    rest = _MARK.sub(lambda mark: "" if by_digits or mark["word"] else mark[0], text)
    return re.sub(rf"[{re.escape(_BETWEEN)}]{{2,}}", "_", rest).strip(_BETWEEN)
