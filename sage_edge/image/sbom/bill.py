"""Making the document of an image that was built here, or checking one that somebody else has written.

.sage/images/<name>-<platform>.spdx.json    the document
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.image import engine, repack, saved_image
from sage_edge.image.built import BuiltImage
from sage_edge.image.errors import ImageAbsent, SbomUnreadable
from sage_edge.image.sbom import comparison, contents, document
from sage_edge.models import cards


@dataclass(frozen=True)
class WrittenBill:
    """Where a document is, and how many parts of each kind it names."""

    path: Path
    counts: Counter[str]


def make(root: Path, fleet: Path, scratches: Path, image: BuiltImage, *, unasked: bool) -> WrittenBill:
    """Write the document of an image. unasked: do not compare it with what the image says when it runs.

    Raises ImageAbsent, ImageUnreadable, SbomUnreadable, SbomDiffers, OtherArchitecture; then nothing is written.
    """
    with engine.connect() as docker:
        if docker.image(image.id) is None:
            raise ImageAbsent(image.tag)
        with repack.saved(docker, image.id, scratches) as here, saved_image.opened(here) as opened:
            inside = contents.read(opened, cards.read_cards(fleet))
            created = str(opened.config.get("created") or "")
        text = document.text(image.tag, image.id, created, inside.distribution, inside.parts)
        if not unasked:
            comparison.require_equal(docker, image.tag, image.id, document.parts_of(text))
    path = (
        root / ".sage" / "images" / f"{'-'.join(filter(None, (image.name, image.platform, image.processor)))}.spdx.json"
    )
    files.make_folder(path.parent)
    files.write_atomic(path, text.encode())
    return WrittenBill(path, Counter(part.kind for part in inside.parts))


def check(path: Path, image: BuiltImage) -> WrittenBill:
    """Compare a document with what an image says. Raises as `make`; SbomUnreadable for what is no document."""
    try:
        with path.open("rb") as file:
            text = file.read(document.MOST_BYTES + 1)
    except OSError as odd:
        raise SbomUnreadable(str(path), odd.strerror or "cannot be read") from None
    if len(text) > document.MOST_BYTES:
        raise SbomUnreadable(str(path), f"it has more than {document.MOST_BYTES} bytes")
    named = document.parts_of(text.decode("utf-8", "replace"))
    with engine.connect() as docker:
        if docker.image(image.id) is None:
            raise ImageAbsent(image.tag)
        comparison.require_equal(docker, image.tag, image.id, named)
    return WrittenBill(path, Counter(part.kind for part in named))
