"""What was built last, written down on the workstation.

.sage/images/<name>-<platform>.json    format 1: the image's id, tag, labels, size and the model inside
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from sage_edge import files
from sage_edge.deploy.wanted import Image
from sage_edge.names import Digest


def find(root: Path, name: str, platform: str) -> Image | None:
    """Return what was built last from a folder of images/ for a platform; None if nothing was."""
    path = _record(root, name, platform)
    if not path.is_file():
        return None
    told = json.loads(path.read_text("utf-8"))
    told.pop("format")
    return Image(**{**told, "id": Digest(told["id"])})


def keep(root: Path, image: Image) -> None:
    """Write down what was built."""
    path = _record(root, image.name, image.platform)
    files.make_folder(path.parent)
    files.write_atomic(path, (json.dumps({"format": 1, **asdict(image)}, indent=1) + "\n").encode())


def _record(root: Path, name: str, platform: str) -> Path:
    return root / ".sage" / "images" / f"{name}-{platform}.json"
