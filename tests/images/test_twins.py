"""Two builds are one image: from two clones, in two folders, on an engine that was restarted in between."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sage_edge.image import differences
from sage_edge.image.built import BuiltImage
from sage_edge.sim import image as sim_image
from tests.images import building, own_engine
from tests.images.building import PARTS, build, inspect, order
from tests.images.own_engine import OwnEngine

pytestmark = pytest.mark.docker

WHO = ("-c", "user.name=a", "-c", "user.email=a@b")


def clones(folder: Path, count: int) -> list[Path]:
    """Clone what this checkout has now, committed or not, into folders of other names and lengths."""
    origin = folder / "origin"
    origin.mkdir()
    for name in PARTS:
        source = building.snapshot() / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, origin / name)
    for words in (("init", "-q"), ("add", "-A"), (*WHO, "commit", "-qm", "as it is")):
        subprocess.run(("git", "-C", str(origin), *words), check=True)
    roots = [folder / f"clone-{'x' * n}" for n in range(count)]
    for root in roots:
        subprocess.run(("git", "clone", "-q", str(origin), str(root)), check=True)
        building.shelved(root)
    return roots


def twins(
    name: str, roots: list[Path], engine: OwnEngine, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> list[BuiltImage]:
    """Build an image once from each root; between two builds the engine is started anew and its cache is emptied."""
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    images: list[BuiltImage] = []
    for number, root in enumerate(roots):
        if number:
            engine.stop()
            engine.start()
            engine.docker("builder", "prune", "--all", "--force")
        images.append(build(root, order(name, owner=f"sage-twin-{number}")))
        differences.require_equal(images[0].id, images[-1].id, scratch)  # or it says in which layer and file
    return images


@pytest.mark.timeout(900)
def test_the_practitioners_image_is_one_after_a_restart_and_with_an_empty_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots, base = clones(tmp_path, 2), sim_image.ensure_base(lambda line: None)
    with own_engine.serving() as engine:
        engine.take(base)
        one, other = twins("sprout", roots, engine, monkeypatch, tmp_path)
        assert one.id == other.id
        head = subprocess.run(("git", "-C", str(roots[0]), "rev-parse", "HEAD"), capture_output=True, text=True).stdout
        assert inspect(one)["Config"]["Labels"]["org.opencontainers.image.revision"] == head[:12]
        assert engine.docker("builder", "du", "--verbose").stdout, "the second one was built, not taken from a cache"


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["sprout", "thor"])
def test_every_image_is_one_five_times(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots, base = clones(tmp_path, 5), sim_image.ensure_base(lambda line: None)
    with own_engine.serving() as engine:
        engine.take(base)
        assert len({image.id for image in twins(name, roots, engine, monkeypatch, tmp_path)}) == 1
