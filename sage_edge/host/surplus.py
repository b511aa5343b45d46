"""What a board keeps of releases that served before: the last five, and whatever is pinned. All else may go.

Kept are the newest KEEP releases that served and are still here, the one that serves, those that a rollback left (so
that the way forward needs nothing sent), and those that an open deployment is about; and every image that one of them
or a container needs. Images are ours by their label `sage.role`; no other is touched.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any, NamedTuple

from sage_edge.host import durable, machine, release_store, served_line
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.journal import DeployJournal
from sage_edge.host.machine import LocalEngine

KEEP = 5
_GONE = ".gone"


class Surplus(NamedTuple):
    """Releases and images that nothing needs any more. bytes: of the images, by the engine's own word."""

    releases: tuple[str, ...]
    images: tuple[str, ...]
    bytes: int

    def as_json(self) -> Mapping[str, object]:
        """For whoever asks."""
        return {"releases": list(self.releases), "images": list(self.images), "bytes": self.bytes}


def of(places: Places, journal: DeployJournal, engine: LocalEngine, *, all_images: bool = True) -> Surplus:
    """Return what may go. all_images: also images of ours that no release names; else those of surplus releases alone.

    Raises Refusal where the journal cannot be read or the engine does not answer: nobody knows then what is needed.
    """
    here = release_store.all_of(places)
    kept = _kept(places, journal, here, engine)
    gone = [short for short in here if short not in kept]
    images = {str(image["Id"]): image for image in engine.images() if "sage.role" in (image.get("Labels") or {})}
    needed = {_image(places, short) for short in kept} | {str(box.get("ImageID")) for box in engine.containers()}
    unnamed = set(images) if all_images else {_image(places, short) for short in gone} & set(images)
    surplus = sorted(unnamed - needed)
    return Surplus(tuple(gone), tuple(surplus), sum(int(images[image].get("Size") or 0) for image in surplus))


def remove(places: Places, surplus: Surplus) -> Surplus:
    """Remove it, and return what is gone: an image that its engine keeps, for whatever reason, is left out."""
    for short in surplus.releases:
        folder = places.releases / short
        passing = folder.with_name(f"{short}{_GONE}")
        shutil.rmtree(passing, ignore_errors=True)
        folder.replace(passing)  # at once: half a release is none
    if surplus.releases:
        durable.sync_folder(places.releases)
    for short in surplus.releases:
        (places.base / "deploy/permits" / f"{short}.json").unlink(missing_ok=True)
    for left in places.releases.glob(f"*{_GONE}"):  # also of a removal that was cut off
        shutil.rmtree(left, ignore_errors=True)
    removed = [image for image in surplus.images if machine.run(("docker", "rmi", "--force", image)).code == 0]
    return surplus._replace(images=tuple(removed))


def _kept(places: Places, journal: DeployJournal, here: list[str], engine: LocalEngine) -> set[str]:
    entries = journal.entries()
    served = [short for short in journal.served() if short in here]
    pin = served_line.of(entries).pin
    kept = {*served[:KEEP], release_store.current(places), journal.should_serve()}
    kept.update(pin.away_from if pin else ())
    if entries and not entries[-1].is_over:
        kept.update((entries[-1].release, entries[-1].previous))
    kept.update(_released(engine))
    return {short for short in kept if short is not None}


def _released(engine: LocalEngine) -> list[str]:
    """The releases that containers say they are of."""
    full = [engine.container(str(box["Id"])) or {} for box in engine.containers()]
    pairs: list[Any] = [pair.partition("=") for box in full for pair in (box.get("Config") or {}).get("Env") or ()]
    return [value for key, _, value in pairs if key == "SAGE_RELEASE"]


def _image(places: Places, short: str) -> str:
    return str(release_store.summary(places, short).get("image", ""))


def tidy(places: Places, journal: DeployJournal, engine: LocalEngine) -> Surplus | None:
    """Remove what releases left behind, once a release serves; None where nobody can say what is needed."""
    try:
        surplus = of(places, journal, engine, all_images=False)
    except Refusal:
        return None
    return remove(places, surplus) if surplus.releases else None
