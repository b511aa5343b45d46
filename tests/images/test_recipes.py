"""The recipes of our images, read but not built: hadolint, the steps, and what every one of them has to say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sage_edge.image import build_context, spec
from sage_edge.names import Slug

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "images"
CARDS = spec.read_cards(IMAGES)
DOCKERFILES = sorted(IMAGES.glob("*/Dockerfile"))
STEPS = sorted((IMAGES / "shared" / "steps").iterdir())
PUBLISHED = {
    # facts §2.1, with where each was read
    "sprout-builder": "34ccf0f3b63c6da9eee45f2e79de9bf7fdf3beda9abfd72bbf285ae9d40bb673",
    "thor-builder": "0e1392f431f89f143d0d6d0fa397a2b9a6a236f8b3628cfd3afbf21e15ab4a98",
    "thor-runtime": "92cbb7faec7ee66153c8ae0b35fec57f697ff4cfa1b25d2f6aab44bc3b7ffac2",
    "omni-server": "b587dd56b4cb076209ad5156a626ac75f5a976d0e8e7d1e6a9fccd56d1bd65e8",
}


def hadolint(text: str) -> list[str]:
    """Return what hadolint finds in a Dockerfile."""
    program = Path(sys.executable).with_name("hadolint")
    words = (str(program), "--no-color", "--config", str(IMAGES / ".hadolint.yaml"), "-")
    return subprocess.run(words, input=text, capture_output=True, text=True, check=False).stdout.splitlines()


def whole(path: Path) -> str:
    """A Dockerfile of ours with the half that it includes."""
    return build_context.dockerfile(IMAGES, path.parent.name)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: p.parent.name)
def test_hadolint_finds_nothing(path: Path) -> None:
    assert hadolint(whole(path)) == []


def test_hadolint_finds_nothing_in_the_recipe_of_the_stand_ins() -> None:
    assert hadolint((ROOT / "sage_edge/sim/board/Dockerfile").read_text("utf-8")) == []


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: p.parent.name)
def test_what_images_share_is_written_once(path: Path) -> None:
    """An image's own half names what it starts from, what it brings along, and when it counts as healthy."""
    own = path.read_text("utf-8")
    assert own.count("# include: images/shared/runtime.Dockerfile\n") == 1
    for line in ("ENTRYPOINT", "USER", "LABEL", "ENV SAGE_", "/steps/settle"):
        assert line not in own.partition("ARG RUNTIME")[2], line
    assert "\nFROM" in own
    assert " AS engine\n" in own


def test_hadolint_would_find_something() -> None:
    said = hadolint("FROM debian:latest\nRUN cd /tmp && apt-get install -y git\n")
    assert {"DL3007", "DL3003", "DL3015"} <= {line.split()[1] for line in said}


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: p.parent.name)
def test_an_image_does_what_its_card_says(path: Path) -> None:
    (said,) = (line for line in whole(path).splitlines() if line.startswith("CMD "))
    assert tuple(json.loads(said.removeprefix("CMD "))) == CARDS[path.parent.name].entry


def test_each_image_has_all_of_its_parts() -> None:
    assert [path.parent.name for path in DOCKERFILES] == sorted(CARDS) == ["sprout", "thor"]
    for card in CARDS.values():
        named = {"Dockerfile", "image.yaml", "smoke.py", *(one.requirements for one in card.platforms.values())}
        named |= {one.compiler.requirements for one in card.platforms.values() if one.compiler}
        assert {path.name for path in (IMAGES / card.name).iterdir()} == named


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda p: p.parent.name)
def test_what_every_recipe_says(path: Path) -> None:
    """What runs is made by settled steps alone, needs no root, hands signals on and is looked at."""
    last = whole(path).partition("AS base\n")[2].replace("\\\n", "")
    steps = [line for line in last.splitlines() if re.match("RUN|COPY|ADD", line)]
    assert len(steps) == 5
    assert all("/steps/settle /steps/" in step and "--mount=type=tmpfs,target=/tmp" in step for step in steps)
    assert steps[-1].endswith("/steps/program"), "what changes most is the last layer"
    for line in (
        "USER 10001:10001", 'ENTRYPOINT ["/usr/bin/tini", "--", "sage-edge"]', 'CMD ["agent", "run"]',
        "HEALTHCHECK --interval=5s", 'LABEL sage.role="${ROLE}"', 'sage.board="${BOARD}"',
        'sage.model.digest="${MODEL_DIGEST}"', 'org.opencontainers.image.revision="${REVISION}"',
    ):  # fmt: skip
        assert line in last, line
    assert "SAGE_IMAGE_CARD=/etc/sage/image.yaml" in last
    assert "://" not in whole(path), "a recipe names no place to fetch from"


@pytest.mark.parametrize("step", STEPS, ids=lambda p: p.name)
def test_a_step_is_a_program_that_stops_at_the_first_failure(step: Path) -> None:
    text = step.read_text("utf-8")
    assert text.startswith("#!/bin/sh\n# ")
    assert "\nset -eu\n" in text
    assert step.stat().st_mode & 0o111
    subprocess.run(("sh", "-n", str(step)), check=True)


def test_the_compiler_gets_the_flags_that_it_cannot_guess() -> None:
    """Facts §3.2: the defaults hold neither sm_87 nor sm_110, and BuildKit gives no GPU to look at."""
    text = (IMAGES / "sprout" / "Dockerfile").read_text("utf-8")
    for flag in ("-DGGML_CUDA=ON", "-DGGML_NATIVE=OFF", "-DCMAKE_CUDA_ARCHITECTURES=87", "-DGGML_CUDA_NCCL=OFF"):
        assert flag in text
    assert "LIBRARY_PATH=/usr/local/cuda/lib64/stubs" in text
    assert "LD_LIBRARY_PATH" not in text, "the stub is for the linker alone"
    assert CARDS["sprout"].compute_capability.replace(".", "") == "87"


def test_the_locked_bases_are_the_published_ones() -> None:
    lock = spec.read_lock(IMAGES)
    known = {name: base.digest for name, base in lock.items() if base.pinned}
    assert {name: digest for name, digest in known.items() if name in PUBLISHED} == {
        name: f"sha256:{digest}" for name, digest in PUBLISHED.items()
    }
    assert all(base.source.startswith(("facts", "any")) for base in lock.values())
    assert {card.builder for card in CARDS.values()} | {card.runtime for card in CARDS.values()} <= set(lock)


def test_compose_runs_the_server_that_is_locked() -> None:
    omni = yaml.safe_load((ROOT / "compose" / "thor.yaml").read_text("utf-8"))["services"]["omni"]["image"]
    base = spec.read_lock(IMAGES)[Slug("omni-server")]
    assert omni == f"{base.image.rpartition(':')[0]}@{base.digest}"
