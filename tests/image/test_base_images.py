"""What an image is built upon: pinned for a board, any known Debian or Ubuntu for a CPU, nothing that is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import UsageError
from sage_edge.image import base_images, spec
from sage_edge.image.base_images import UnknownBase
from sage_edge.image.spec import BaseUnresolved
from tests.sim.stub import StubDocker

IMAGES = Path(__file__).parents[2] / "images"


def test_a_board_takes_what_is_locked_and_nothing_else() -> None:
    cards = spec.read_cards(IMAGES)
    upon = base_images.chosen(IMAGES, cards["thor"], "l4t", None)
    assert upon.builder.startswith("docker.io/nvidia/cuda:13.2.1-devel-ubuntu24.04@sha256:")
    assert upon.runtime.startswith("docker.io/nvidia/cuda:13.2.1-base-ubuntu24.04@sha256:")
    with pytest.raises(BaseUnresolved, match="sprout-runtime"):
        base_images.chosen(IMAGES, cards["sprout"], "l4t", None)
    with pytest.raises(UsageError, match="built upon thor-builder and thor-runtime alone"):
        base_images.chosen(IMAGES, cards["thor"], "l4t", "debian:12")


def test_a_cpu_takes_what_is_named_or_locked() -> None:
    card = spec.read_cards(IMAGES)["sprout"]
    assert base_images.chosen(IMAGES, card, "cpu", "debian:12") == base_images.Upon("debian:12", "debian:12")
    with pytest.raises(BaseUnresolved, match="cpu"):
        base_images.chosen(IMAGES, card, "cpu", None)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubDocker:
    """A `docker` that answers as it is told."""
    return StubDocker(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("release", "python"), [("bookworm", "3.11"), ("noble", "3.12"), ('"jammy"', "3.10"), ("trixie", "3.13")]
)
def test_the_release_tells_the_python(release: str, python: str, docker: StubDocker) -> None:
    docker.answers("run *", rf"ID=x\nVERSION_CODENAME={release}\nNAME=y\n")
    assert base_images.python_of("a-base:1") == python
    assert docker.asked == ["run --rm --network=none --entrypoint=cat a-base:1 /etc/os-release"]


@pytest.mark.parametrize(
    ("says", "complains", "code", "message"),
    [
        (r"VERSION_CODENAME=sarge\n", "", 0, "a-base:1 is sarge, whose Python is not known here; known: bookworm"),
        (r"ID=alpine\n", "", 0, "a-base:1 is no release that it names"),
        ("", r"docker: Error response: no such image.\n\nRun more\n", 125, "cannot build upon a-base:1: Run more"),
        ("", r"docker: no such image.\n\nRun .docker run --help. for more\n", 125, "cannot build upon a-base:1"),
        ("", "", 1, "the engine says nothing"),
    ],
)
def test_an_unknown_base_stops(says: str, complains: str, code: int, message: str, docker: StubDocker) -> None:
    docker.answers("run *", says, complains=complains, code=code)
    with pytest.raises(UnknownBase) as refused:
        base_images.python_of("a-base:1")
    assert message in refused.value.message
    assert refused.value.code == 2
    assert "--base IMAGE" in hints.text(refused.value.hint)
