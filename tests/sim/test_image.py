"""What the stand-ins are made of, and why it could not be made."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.image.engine import DockerClient
from sage_edge.image.errors import NoEngine
from sage_edge.sim import image
from sage_edge.sim.errors import SimError
from tests.sim.stub import StubDocker, StubEngine

STANZAS = """\
# made by hand
Types: deb
URIs: http://one.invalid/debian
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: http://two.invalid/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://three.invalid/tools
Suites: bookworm
Components: stable
"""
LINES = """\
# deb http://zero.invalid/debian bookworm main
deb-src http://four.invalid/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://five.invalid/debian bookworm main contrib
deb http://six.invalid/debian bookworm-backports main
"""


def silent(line: str) -> None:
    """Hear nothing."""


def test_the_mirror_is_the_machine_s_own(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    assert image.mirrors(tmp_path) == []
    (tmp_path / "sources.list.d" / "debian.sources").write_text(STANZAS)
    assert image.mirrors(tmp_path) == ["http://one.invalid/debian"]
    (tmp_path / "sources.list").write_text(LINES)
    assert image.mirrors(tmp_path) == ["http://one.invalid/debian", "http://five.invalid/debian"]


def test_another_recipe_or_base_is_another_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(image.RECIPE, tmp_path / "board")
    before = image.name("base:1")
    monkeypatch.setattr(image, "RECIPE", tmp_path / "board")
    assert image.name("base:1") == before, "wherever it lies"
    assert image.name("base:2") != before
    with (tmp_path / "board" / "init").open("a") as recipe:
        recipe.write("# more\n")
    assert image.name("base:1") != before


def has(stubbed: StubEngine, *names: str) -> None:
    """Let the engine have images of these names."""
    for name in names:
        stubbed.answers(f"GET /images/{name}/json", {"Id": "sha256:" + "ab" * 32, "Size": 5})


def test_what_is_there_is_not_made_again(stubbed: StubEngine, docker: DockerClient) -> None:
    has(stubbed, "*")
    assert image.ensure(docker, silent) == image.name(image.own_base())
    assert image.ensure_base(silent) == image.own_base()
    assert all(asked.startswith(("GET /images/", "GET /version")) for asked in stubbed.asked)


def test_a_base_that_is_not_there_is_named(docker: DockerClient) -> None:
    with pytest.raises(SimError, match="no image debian:bookworm") as refused:
        image.ensure(docker, silent, "debian:bookworm")
    assert hints.text(refused.value.hint).startswith("docker pull debian:bookworm")


def test_a_base_of_one_s_own_needs_no_debootstrap(
    stubbed: StubEngine, docker: DockerClient, command: StubDocker
) -> None:
    has(stubbed, "mine")
    assert image.ensure(docker, silent, "mine") == image.name("mine")
    (build,) = command.asked
    assert build.startswith(f"buildx build --load --quiet --build-arg BASE=mine --tag {image.name('mine')} ")


def test_no_debootstrap_is_said_with_both_ways_out(docker: DockerClient, command: StubDocker) -> None:
    with pytest.raises(SimError, match="debootstrap") as refused:
        image.ensure(docker, silent)
    assert ".ci/engine" in hints.text(refused.value.hint)
    assert "sim.up --base debian:bookworm" in hints.text(refused.value.hint)


def test_only_root_makes_a_base(docker: DockerClient, command: StubDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    (command.folder / "debootstrap").symlink_to(sys.executable)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SimError, match="only root"):
        image.ensure(docker, silent)


def test_a_failed_build_shows_its_last_lines(stubbed: StubEngine, docker: DockerClient, command: StubDocker) -> None:
    has(stubbed, "mine")
    command.answers("buildx build*", complains="E: Unable to locate package docker.io", code=1)
    with pytest.raises(SimError, match=r"E: Unable to locate package docker\.io") as refused:
        image.ensure(docker, silent, "mine")
    assert "--build-arg BASE=mine " in hints.text(refused.value.hint)


def test_a_build_without_the_command_line_is_no_engine(
    stubbed: StubEngine, docker: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(stubbed, "mine")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoEngine, match="docker is not installed"):
        image.ensure(docker, silent, "mine")
