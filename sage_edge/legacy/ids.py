"""What a session is called: from its file's `session`, else from the file's name (legacy §4, rule 3).

    21, 21.0, "21", "session_021"     S021   primary, where nothing speaks for another kind
    "T024", "L018"                    the same, and of that kind
    autonomous_s018                   C018   a conversation about session 18
    "R14B_010"                        R14B_010, number 10, an experiment
    nothing                           the file's name, no number

Which kind of session it is, `tracks` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import JsonValue

from sage_edge.legacy import tracks
from sage_edge.legacy.host_names import label
from sage_edge.names import Track
from sage_edge.records.legacy import Shape

_KEYS = ("session", "session_number", "session_id", "session_num")
_TEXT = re.compile(r"([A-Za-z][A-Za-z0-9]*?)[ _-]?(\d{1,9})")
_WORD = "|".join(sorted((*tracks.WORDS, "primary"), key=len, reverse=True))
_STEMS = tuple(
    re.compile(rf"(?<![A-Za-z0-9])({prefix})[ _-]?(\d{{1,4}})(?![{after}])", re.IGNORECASE)
    for prefix, after in (
        (r"session(?=[ _-]?\d)", "0-9"),
        (r"[SPTLCX](?=\d{3})|E(?=\d\d)|R\d+B", "A-Za-z0-9"),
        (rf"(?:{_WORD})(?=[ _-]?\d)", "0-9"),
    )
)
"""What stands before the number in a file's name, the plainest first; another letter only where the name begins."""
_OTHER = re.compile(r"([A-Z](?=\d{3}))(\d{3,4})(?![0-9])", re.IGNORECASE)
_STAMP = re.compile(r"[_.-]?\d{8}([T_.-]?\d{4,6})?")
_ENDING = re.compile(r"\.json\w*(?=\.|\Z)|\.(bak|backup|old|orig|tmp)\w*", re.IGNORECASE)


@dataclass(frozen=True)
class Id:
    """What a session is called. label: part of the paper's name.

    suffix: what the file's name says after the number. disagrees: the name says another number than the key.
    """

    label: str
    number: int | None
    track: Track | None
    suffix: str = ""
    disagrees: bool = False
    repair: str | None = None


@dataclass(frozen=True)
class _Named:
    """A prefix in capitals and a number, as read from a key or a name; before, suffix: what stands around them."""

    prefix: str
    number: int
    before: str = ""
    suffix: str = ""


def identify(
    chain: Sequence[Mapping[str, JsonValue]],
    source: str,
    *,
    place: str | None,
    shape: Shape = "conversation",
) -> Id:
    """Return what a session is called. chain: the objects around its turns, nearest first; source: the file's path."""
    path = PurePosixPath(source)
    stem = _ENDING.sub("", path.name)
    named = _from_stem(stem)
    raw = next((level[key] for level in chain for key in _KEYS if level.get(key) is not None), None)
    stored = _from_key(raw)
    names = [name for name in (stored, named) if name is not None]
    track = _said(names, named.before if named else stem, path.parts[:-1], shape)
    track = track or _primary(names, path.parts[:-1], shape, chain)
    repair = (
        None
        if raw is None or stored or isinstance(raw, (dict, list))
        else f"its session is called {raw!r:.60}, which has no number"
    )
    if not names:
        words = f"{stem}.{place}" if place else stem
        own = label(raw) if isinstance(raw, str) else None
        return Id(own or label(words) or "unnamed", None, track, repair=repair)
    differs = stored is not None and named is not None and stored.number != named.number
    suffix = named.suffix if named else ""
    return Id(_label(names, track), names[0].number, track, suffix, differs, repair)


def claims(value: Mapping[str, JsonValue], source: str) -> bool:
    """Whether a document is called a session, by a key of its own or by its file's name."""
    return any(key in value for key in _KEYS) or _from_stem(_ENDING.sub("", PurePosixPath(source).name)) is not None


def is_numbered(raw: JsonValue) -> bool:
    """Whether an id says the number of a session, as `session_004` does."""
    return _from_key(raw) is not None


def _from_key(raw: JsonValue) -> _Named | None:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _Named("", raw) if 0 <= raw < 10**9 else None
    if not isinstance(raw, str):
        return None
    text = raw.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return _Named("", int(text))
    match = _TEXT.fullmatch(text)
    return _Named(match[1].upper(), int(match[2])) if match else None


def _from_stem(stem: str) -> _Named | None:
    match = next(filter(None, (pattern.search(stem) for pattern in _STEMS)), None) or _OTHER.match(stem)
    if match is None:
        return None
    suffix = _STAMP.sub("", stem[match.end() :]).strip("_.- ")
    return _Named(match[1].upper(), int(match[2]), stem[: match.start()], suffix)


def _said(names: Sequence[_Named], before: str, folders: Sequence[str], shape: Shape) -> Track | None:
    """Return the kind that id, exercises, folder, name or probes say outright. before: the number, in the name."""
    by_id = next(filter(None, (tracks.of_prefix(name.prefix) for name in names)), None)
    if shape == "exercises":
        return by_id or "training"
    by_shape: Track | None = "probe" if shape == "probe-set" else None
    return by_id or tracks.of_folders(folders) or tracks.of_name(before) or by_shape


def _primary(
    names: Sequence[_Named], folders: Sequence[str], shape: Shape, chain: Sequence[Mapping[str, JsonValue]]
) -> Track | None:
    """Return `primary` where a plain number stands among sessions; a battery that names none is an experiment."""
    around = {folder.lower() for folder in folders}
    if not names and shape == "test-battery":
        return "experiment"
    if not names or "tracks" in around or not all(tracks.is_plain(name.prefix) for name in names):
        return None
    is_session = any(name.prefix for name in names) or "sessions" in around or any("phase" in level for level in chain)
    return "primary" if is_session else None


def _label(names: Sequence[_Named], track: Track | None) -> str:
    """`S021`, `C018`; `R14B_010` where more than a letter stands before the number, and is no word for its kind."""
    number, prefix = names[0].number, next((name.prefix for name in names if not tracks.is_plain(name.prefix)), "")
    if not prefix or prefix.lower() in tracks.WORDS:
        return f"{tracks.letter(track)}{number:03d}"
    return f"{prefix}{number:03d}" if len(prefix) == 1 else label(f"{prefix}_{number:03d}") or "unnamed"
