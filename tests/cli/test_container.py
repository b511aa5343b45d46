"""What the commands of a device take from the container around them: for whom its image is, and which one it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from sage_edge.cli import environment, main
from tests.inventory.machines import FLEET
from tests.inventory.test_image import FOR_CPU, SPROUT_CPU, THOR

IMAGE = "sha256:" + "ab" * 32


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container on a laptop with Sprout's card, in which nothing has happened yet."""
    (tmp_path / "host.yaml").write_text("format: 1\nhost: sprout\noverlay: laptop\n", "utf-8")
    (tmp_path / "etc").mkdir()
    places = {"FLEET": FLEET, "CARD": "host.yaml", "STATE": "state", "MODELS": "models", "IMAGE_CARD": "image.yaml"}
    for name, place in places.items():
        monkeypatch.setenv(f"SAGE_{name}", str(tmp_path / str(place)))
    return tmp_path


def said(folder: Path, label: dict[str, object], *words: str) -> tuple[int, str]:
    """Run a command in a container whose image says this; return the exit status and both streams."""
    (folder / "image.yaml").write_text(yaml.safe_dump(label), "utf-8")
    done = CliRunner().invoke(main, list(words))
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "words",
    [
        ("agent", "run"),
        ("agent", "once"),
        ("agent", "plan"),
        ("session", "run"),
        ("recommendation", "accept", "x", "--because", "y"),
    ],
)
def test_the_image_of_another_role_does_nothing(words: tuple[str, ...], laptop: Path) -> None:
    code, told = said(laptop, {**THOR, **FOR_CPU}, *words)
    assert code == 3, told
    assert "error: this image was not made for sprout: it is for a researcher, sprout is a practitioner" in told
    assert " next: at the workstation: invoke image.build --host sprout" in told
    assert not (laptop / "state").exists()
    assert not (laptop / "models").exists()


def test_a_refused_agent_leaves_the_reason_where_the_board_sees_it(laptop: Path) -> None:
    (laptop / "state").mkdir()
    code, _ = said(laptop, {**THOR, **FOR_CPU}, "agent", "run")
    assert code == 3
    beat = json.loads((laptop / "state" / "heartbeat.json").read_bytes())
    assert beat["failing"].startswith("this image was not made for sprout")


def test_its_own_image_is_let_through(laptop: Path) -> None:
    code, told = said(laptop, {**SPROUT_CPU, "model": "smollm2-135m/instruct:q4_1"}, "agent", "plan")
    assert code == 0, told


@pytest.mark.parametrize(("named", "known"), [(IMAGE, IMAGE), ("sage/sprout:cpu", None), ("", None), (None, None)])
def test_an_image_is_known_by_its_digest_or_not_at_all(
    named: str | None, known: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named is not None:
        monkeypatch.setenv("SAGE_IMAGE", named)
    assert environment.image() == known
