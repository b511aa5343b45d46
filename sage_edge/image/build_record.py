"""What was built last, written down on the workstation.

.sage/images/<name>-<platform>.json    format 1: the image's id, tag, labels, size and the model inside;
                                       <name>-<platform>-<processor>.json for another processor than this machine's
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sage_edge import files
from sage_edge.image.built import BuiltImage
from sage_edge.names import Digest

_SKEW_S = 60.0
"""A disk of another machine may be ahead by so much."""


def find(root: Path, name: str, platform: str, processor: str = "") -> BuiltImage | None:
    """Return what was built last from a folder of images/ for a platform; None if nothing was.

    processor: another than this machine's.
    """
    path = _record(root, name, platform, processor)
    if not path.is_file():
        return None
    record = json.loads(path.read_text("utf-8"))
    record.pop("format")
    return BuiltImage(**{**record, "id": Digest(record["id"])})


def keep(root: Path, image: BuiltImage) -> None:
    """Write down what was built."""
    path = _record(root, image.name, image.platform, image.processor)
    files.make_folder(path.parent)
    files.write_atomic(path, (json.dumps({"format": 1, **asdict(image)}, indent=1) + "\n").encode())


def sources(name: str) -> tuple[str, ...]:
    """The paths of a checkout that an image is made of; a change elsewhere makes no new image."""
    return ("sage_edge", f"images/{name}", "images/shared", "images/images.lock", "requirements", "pyproject.toml")


def outdated(root: Path, image: BuiltImage, now: datetime) -> str | None:
    """Return why an image may not be what its sources make, and what a new build is for; None: nothing says so.

    What bears a date of the future was written by a clock that was ahead, and nothing follows from it.
    """
    latest = now.timestamp() + _SKEW_S
    built = _record(root, image.name, image.platform, image.processor).stat().st_mtime
    if built > latest:
        return "its image was built by a clock that was ahead, so nobody can tell what was changed since; to ship that"
    for path in _files(root, sources(image.name)):
        written = os.stat(path).st_mtime  # noqa: PTH116 - hundreds of files, at every deploy
        if written > built:
            name = os.path.relpath(path, root)
            if written > latest:
                return f"{name} bears a date of the future, so nobody can tell whether it was built; touch it, then"
            return f"{name} was changed after its image was built; to ship it"
    return None


def _files(root: Path, paths: Iterable[str]) -> Iterator[str]:
    for path in (str(root / path) for path in paths):
        if os.path.isfile(path):  # noqa: PTH113
            yield path
        for folder, _, names in os.walk(path):
            if not folder.endswith("__pycache__"):
                yield from (f"{folder}/{name}" for name in names)


def _record(root: Path, name: str, platform: str, processor: str) -> Path:
    return root / ".sage" / "images" / f"{'-'.join(filter(None, (name, platform, processor)))}.json"
