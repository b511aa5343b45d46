"""What a session is called: from its file's `session`, else from the file's name (legacy §4, rule 3).

    21, 21.0, "21", "session_021"     S021   primary, or training below tracks/training or with exercises
    "T024"                            T024   training
    "R14B_010"                        R14B_010, number 10, of no track of ours
    nothing                           the file's name, no number

The track comes from the id or from the folder, never from the number alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import JsonValue

from sage_edge.legacy.host_names import label
from sage_edge.names import Track

_KEYS = ("session", "session_number", "session_id", "session_num")
_TEXT = re.compile(r"([A-Za-z][A-Za-z0-9]*?)[ _-]?(\d{1,9})")
_STEM = re.compile(r"(session(?=[ _-]?\d)|[SPT](?=\d{3})|R\d+B)[ _-]?(\d{1,4})(?![0-9])(.*)", re.IGNORECASE | re.DOTALL)
_INSIDE = re.compile(r"(?<![A-Za-z])(session)[ _-]?(\d{1,4})(?![0-9])(.*)", re.IGNORECASE | re.DOTALL)
_STAMP = re.compile(r"[_.-]?\d{8}([T_.-]?\d{4,6})?")
_PLAIN = {"SESSION"}
_TRACKS: Mapping[str, Track] = {"T": "training", "S": "primary", "P": "primary"}
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
    """A prefix in capitals and a number, as read from a key or a name."""

    prefix: str
    number: int
    text: str
    suffix: str = ""


def identify(chain: Sequence[Mapping[str, JsonValue]], source: str, *, has_exercises: bool, place: str | None) -> Id:
    """Return what a session is called. chain: the objects around its turns, nearest first; source: the file's path."""
    path = PurePosixPath(source)
    stem = _ENDING.sub("", path.name)
    named = _from_stem(stem)
    raw = next((level[key] for level in chain for key in _KEYS if level.get(key) is not None), None)
    stored = _from_key(raw)
    name = stored or named
    track = _track(name, path.parts[:-1], has_exercises, chain)
    repair = (
        None
        if raw is None or stored or isinstance(raw, (dict, list))
        else f"its session is called {raw!r:.60}, which has no number"
    )
    if name is None:
        words = f"{stem}.{place}" if place else stem
        own = label(raw) if isinstance(raw, str) else None
        return Id(own or label(words) or "unnamed", None, track, repair=repair)
    letter = "T" if track == "training" else "S"
    text = f"{letter}{name.number:03d}" if name.prefix in _PLAIN | set(_TRACKS) | {""} else label(name.text)
    differs = stored is not None and named is not None and stored.number != named.number
    return Id(text or "unnamed", name.number, track, named.suffix if named else "", differs, repair)


def claims(value: Mapping[str, JsonValue], source: str) -> bool:
    """Whether a document is called a session, by a key of its own or by its file's name."""
    return any(key in value for key in _KEYS) or _from_stem(_ENDING.sub("", PurePosixPath(source).name)) is not None


def _from_key(raw: JsonValue) -> _Named | None:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _Named("", raw, "") if 0 <= raw < 10**9 else None
    if not isinstance(raw, str):
        return None
    text = raw.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return _Named("", int(text), "")
    match = _TEXT.fullmatch(text)
    return _Named(match[1].upper(), int(match[2]), text) if match else None


def _from_stem(stem: str) -> _Named | None:
    match = _STEM.fullmatch(stem) or _INSIDE.search(stem)
    if match is None:
        return None
    suffix = _STAMP.sub("", match[3]).strip("_.- ")
    return _Named(match[1].upper(), int(match[2]), f"{match[1]}_{match[2]}", suffix)


def _track(
    named: _Named | None, folders: Sequence[str], has_exercises: bool, chain: Sequence[Mapping[str, JsonValue]]
) -> Track | None:
    prefix = named.prefix if named else ""
    if prefix in _TRACKS:
        return _TRACKS[prefix]
    if prefix and prefix not in _PLAIN:
        return None
    names = [folder.lower() for folder in folders]
    if has_exercises or "training" in _after(names, "tracks") or "training" in _after(names, "instances"):
        return "training"
    if "tracks" in names or any("experiment" in name for name in names) or named is None:
        return None
    is_session = prefix in _PLAIN or "sessions" in names or any("phase" in level for level in chain)
    return "primary" if is_session else None


def _after(names: Sequence[str], name: str) -> Sequence[str]:
    return names[names.index(name) + 1 :] if name in names else ()
