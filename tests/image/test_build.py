"""Building: what is refused before anything is fetched, what the command line says, and what is written down."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from sage_edge.errors import SageError
from sage_edge.image import build, build_record, spec
from sage_edge.image import wheels as wheelhouse
from sage_edge.image.build import Order
from sage_edge.image.engine import NoEngine
from sage_edge.image.spec import BaseUnresolved
from sage_edge.names import ModelRef
from tests.sim.stub import StubDocker

ROOT = Path(__file__).parents[2]
SPROUT = spec.read_cards(ROOT / "images")["sprout"]
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def test_an_order_carries_what_its_card_says_unless_told_otherwise() -> None:
    assert Order(SPROUT, "cpu").models == ("sage/seedling:q8_0",)
    assert Order(SPROUT, "cpu").tag == "sage/sprout:cpu"
    other = ModelRef("a/b:c")
    assert Order(SPROUT, "l4t", bake=(other,)).models == (other,)
    assert Order(SPROUT, "l4t", bake=()).models == ()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A root with the real declarations."""
    (tmp_path / "root").mkdir()
    for name in ("images", "requirements", "pyproject.toml", "README.md", "sage_edge"):
        (tmp_path / "root" / name).symlink_to(ROOT / name)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("order", "refusal"),
    [(Order(SPROUT, "l4t"), BaseUnresolved), (Order(SPROUT, "cpu"), BaseUnresolved),
     (Order(SPROUT, "cpu", "a-base:1"), NoEngine)],
)  # fmt: skip
def test_nothing_is_fetched_or_written_before_the_base_and_the_engine_are_known(
    order: Order, refusal: type[SageError], checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    docker = StubDocker(tmp_path / "bin", monkeypatch)
    docker.answers("version *", complains="no daemon", code=1)
    monkeypatch.setattr(wheelhouse, "ensure", lambda *words: pytest.fail("wheels were fetched"))
    with pytest.raises(refusal):
        build.build(checkout, ROOT / "fleet", tmp_path / "store", order, lambda line: None)
    assert not (checkout / ".sage").exists()
    assert all(line.startswith("version") for line in docker.asked)


def test_a_build_hands_over_bases_labels_and_contexts(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words only: the engine and pip are stand-ins."""
    (tmp_path / "bin").mkdir()
    digest = "sha256:" + "ab" * 32
    docker = StubDocker(tmp_path / "bin", monkeypatch)
    docker.tool("git")
    docker.answers("version *", "26.1.5")
    docker.answers("run --rm --network=none --entrypoint=cat *", r"VERSION_CODENAME=bookworm\n")
    docker.answers("run *", '{"ok": true}')
    docker.answers("image inspect *", json.dumps([{"Id": digest, "Size": 541}]))
    wheels = tmp_path / "wheels"
    monkeypatch.setattr(wheelhouse, "ensure", lambda root, card, target, tell: wheels / target.python)
    monkeypatch.setattr(wheelhouse, "pack_own", lambda root, folder: None)
    told: list[str] = []
    image = build.build(checkout, ROOT / "fleet", tmp_path / "store", Order(SPROUT, "cpu", "a-base:1"), told.append)
    (built,) = (line for line in docker.asked if line.startswith("buildx build"))
    for words in (
        "--build-arg=RUNTIME=a-base:1", "--build-arg=BUILDER=a-base:1", "--build-arg=PLATFORM=cpu",
        "--build-arg=ROLE=practitioner", "--build-arg=BOARD=orin-nano", "--build-arg=MODEL=sage/seedling:q8_0",
        "--build-arg=MODEL_DIGEST=sha256:", f"--build-context=wheels={wheels}/3.11", "--provenance=false",
        f"--build-context=steps={checkout}/images/shared/steps", "--tag sage/sprout:cpu",
    ):  # fmt: skip
        assert words in built, words
    assert "--platform" not in built, "a CPU image is for the machine that builds it"
    smoke = docker.asked[-1]
    assert "--network=none --read-only --cap-drop=ALL" in smoke
    assert "--entrypoint=sage-smoke sage/sprout:cpu" in smoke
    assert told[-1] == '{"ok": true}'
    assert build_record.find(checkout, "sprout", "cpu") == image
    assert build_record.find(checkout, "sprout", "l4t") is None
    assert (image.id, image.bytes, image.model) == (digest, 541, "sage/seedling:q8_0")
    assert list((checkout / ".sage" / "building").iterdir()) == [], "nothing of 30 GB is left behind"


def commit(root: Path, path: str, when: int) -> None:
    """Change a file and commit it at a moment."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(str(when), "utf-8")
    env = {**os.environ, **GIT, "GIT_AUTHOR_DATE": f"@{when} +0000", "GIT_COMMITTER_DATE": f"@{when} +0000"}
    for words in (("add", "-A"), ("commit", "-qm", path)):
        subprocess.run(("git", "-C", str(root), *words), env=env, check=True)


def test_only_a_commit_that_touches_what_is_built_makes_a_new_image(tmp_path: Path) -> None:
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    assert (build.revision(tmp_path, "sprout"), build.epoch(tmp_path, "sprout")) == ("unknown", 315532800)
    commit(tmp_path, "sage_edge/a.py", 1_000_000_000)
    first = build.revision(tmp_path, "sprout")
    assert len(first) == 12
    commit(tmp_path, "tests/test_a.py", 1_100_000_000)
    commit(tmp_path, "images/thor/Dockerfile", 1_200_000_000)
    assert (build.revision(tmp_path, "sprout"), build.epoch(tmp_path, "sprout")) == (first, 1_000_000_000)
    assert build.epoch(tmp_path, "thor") == 1_200_000_000
    commit(tmp_path, "images/shared/steps/base", 1_300_000_000)
    assert build.revision(tmp_path, "sprout") != first
    (tmp_path / "README.md").write_text("new", "utf-8")
    assert not build.revision(tmp_path, "sprout").endswith("-dirty")
    (tmp_path / "sage_edge" / "a.py").write_text("new", "utf-8")
    assert build.revision(tmp_path, "sprout").endswith("-dirty")


def test_a_folder_without_git_has_no_revision(tmp_path: Path) -> None:
    assert (build.revision(tmp_path, "sprout"), build.epoch(tmp_path, "sprout")) == ("unknown", 315532800)
