"""What was built last, written down on the workstation.

.sage/images/<name>-<platform>.json    format 1: the image's id, tag, labels, size and the model inside;
                                       <name>-<platform>-<processor>.json for another processor than this machine's
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from sage_edge import files
from sage_edge.image.built import BuiltImage
from sage_edge.names import Digest


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


def newer_source(root: Path, image: BuiltImage) -> str | None:
    """Return a source, as a path from the checkout, that was written after an image was built; None without any."""
    built = _record(root, image.name, image.platform, image.processor).stat().st_mtime
    for path in _files(root, sources(image.name)):
        if os.stat(path).st_mtime > built:  # noqa: PTH116 - hundreds of files, at every deploy
            return os.path.relpath(path, root)
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
