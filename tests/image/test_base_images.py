"""What an image is built upon: pinned for a board, any known Debian or Ubuntu for a CPU, nothing that is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import ExitCode, UsageError
from sage_edge.image import base_images, spec
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import BaseUnresolved, UnknownBase
from tests.sim.stub import StubEngine

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
    assert base_images.chosen(IMAGES, card, "cpu", "debian:12") == base_images.BuildBases("debian:12", "debian:12")
    with pytest.raises(BaseUnresolved, match="cpu"):
        base_images.chosen(IMAGES, card, "cpu", None)


@pytest.mark.parametrize(
    ("release", "python"), [("bookworm", "3.11"), ("noble", "3.12"), ('"jammy"', "3.10"), ("trixie", "3.13")]
)
def test_the_release_tells_the_python(release: str, python: str, stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.runs(f"ID=x\nVERSION_CODENAME={release}\nNAME=y\n")
    assert base_images.python_of(docker, "a-base:1") == python
    body = stubbed.bodies["POST /containers/create"]
    assert (body["Image"], body["Entrypoint"], body["Cmd"]) == ("a-base:1", ["cat"], ["/etc/os-release"])
    assert body["HostConfig"]["NetworkMode"] == "none"


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("VERSION_CODENAME=sarge\n", "a-base:1 is sarge, whose Python is not known here; known: bookworm"),
        ("ID=alpine\n", "a-base:1 is no release that it names"),
    ],
)
def test_an_unknown_base_stops(says: str, message: str, stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.runs(says)
    with pytest.raises(UnknownBase) as refused:
        base_images.python_of(docker, "a-base:1")
    assert message in refused.value.message
    assert refused.value.code == ExitCode.USAGE
    assert "--base IMAGE" in hints.text(refused.value.hint)


def test_a_base_that_the_engine_cannot_run_stops(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.refuses("POST /containers/create*", "no such image", 404)
    with pytest.raises(UnknownBase, match="cannot build upon a-base:1: no such image") as refused:
        base_images.python_of(docker, "a-base:1")
    assert refused.value.code == ExitCode.USAGE


def test_a_base_that_can_be_had_nowhere_stops(stubbed: StubEngine, docker: DockerClient) -> None:
    stubbed.instead("GET /images/*", {"message": "No such image"}, 404)
    stubbed.refuses("POST /images/create*", "pull access denied", 404)
    with pytest.raises(UnknownBase, match="pull access denied"):
        base_images.python_of(docker, "a-base:1")
