"""The image around a process: made for this role, board, Jetson Linux and model, or refused before any loading."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.errors import DeclarationError
from sage_edge.hints import invoke
from sage_edge.inventory import guard, identity, image
from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.inventory.errors import NotMyRole, WrongImage
from sage_edge.inventory.image import ImageLabel
from sage_edge.inventory.load import load
from sage_edge.paths import Paths

from .machines import AGX_THOR, FLEET, LAPTOP, ORIN_NANO, paths_in

SPROUT: dict[str, Any] = {
    "format": 1,
    "role": "practitioner",
    "board": "orin-nano",
    "platform": "l4t",
    "l4t": {"from": "36.4", "below": "37"},
    "compute_capability": "8.7",
    "gpu_layers": -1,
    "model": "qwen2.5-0.5b/introspective:v2.1-q8_0",
}
THOR: dict[str, Any] = {
    "format": 1,
    "role": "researcher",
    "board": "agx-thor",
    "platform": "l4t",
    "l4t": {"from": "38.2", "below": "40"},
    "compute_capability": "11.0",
    "gpu_layers": -1,
    "model": None,
}
FOR_CPU = {"platform": "cpu", "gpu_layers": 0}
SPROUT_CPU = {**SPROUT, **FOR_CPU, "model": "sage/seedling:q8_0"}


def inside(folder: Path, label: dict[str, Any], host: str, overlay: str = "") -> Paths:
    """Paths of a process in a container: an image with this label, and a host's card."""
    (folder / "image.yaml").write_text(yaml.safe_dump(label), "utf-8")
    laid = f"overlay: {overlay}\n" if overlay else ""
    (folder / "host.yaml").write_text(f"format: 1\nhost: {host}\n{laid}", "utf-8")
    return replace(paths_in(folder), image=folder / "image.yaml")


@pytest.mark.parametrize(
    ("label", "host", "overlay", "facts"),
    [
        (SPROUT, "sprout", "", ORIN_NANO),
        (THOR, "thor", "", AGX_THOR),
        (SPROUT_CPU, "sprout", "seedling", LAPTOP),
        ({**THOR, **FOR_CPU}, "thor", "cpu", LAPTOP),
        ({**SPROUT, "model": None}, "sprout", "", ORIN_NANO),
    ],
)
def test_each_image_runs_on_its_own_host(
    label: dict[str, Any], host: str, overlay: str, facts: BoardFacts, tmp_path: Path
) -> None:
    paths = inside(tmp_path, label, host, overlay)
    ability = "conduct" if host == "sprout" else "analyse"
    assert guard.require(paths, ability, facts=facts).host.name == host  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "host", "overlay", "facts", "says"),
    [
        (THOR, "sprout", "", ORIN_NANO, "for a researcher, sprout is a practitioner; it is for the board agx-thor"),
        (SPROUT, "thor", "", AGX_THOR, "for a practitioner, thor is a researcher; it is for the board orin-nano"),
        ({**THOR, **FOR_CPU}, "sprout", "cpu", LAPTOP, "it is for a researcher, sprout is a practitioner"),
        (SPROUT_CPU, "thor", "cpu", LAPTOP, "it is for a practitioner, thor is a researcher"),
        (SPROUT, "sprout", "cpu", LAPTOP, "it is for the board orin-nano, sprout's is cpu"),
        (SPROUT_CPU, "sprout", "", ORIN_NANO, "without a GPU, and sprout's board orin-nano has one"),
        ({**THOR, **FOR_CPU}, "thor", "", AGX_THOR, "without a GPU, and thor's board agx-thor has one"),
        ({**THOR, "l4t": {"from": "39", "below": "40"}}, "thor", "", AGX_THOR, "Linux 38.4.0, it runs on 39"),
        ({**SPROUT, "model": "sage/seedling:q8_0"}, "sprout", "", ORIN_NANO, "carries sage/seedling:q8_0, sprout is"),
    ],
)
def test_what_does_not_agree_is_refused_by_name(
    label: dict[str, Any], host: str, overlay: str, facts: BoardFacts, says: str, tmp_path: Path
) -> None:
    paths = inside(tmp_path, label, host, overlay)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WrongImage) as refused:
        guard.require(paths, "conduct" if host == "sprout" else "analyse", facts=facts)
    assert says in refused.value.message
    assert refused.value.code == 3
    assert isinstance(refused.value.hint, tuple)
    assert {invoke("image.build", host=host), invoke("deploy", host=host)} <= {*refused.value.hint}
    assert sorted(tmp_path.rglob("*")) == before


def test_a_board_without_a_release_has_no_image() -> None:
    fleet = load(FLEET)
    me = identity.Me(
        fleet.host("thor"), fleet.role_of("thor"), fleet.board_of("thor"), fleet, None, replace(AGX_THOR, l4t=None)
    )
    (says,) = image.contradictions(ImageLabel.model_validate(THOR), me)
    assert says == "/etc/nv_tegra_release is missing, it runs on 38.2 up to, not including, 40"


def test_a_role_is_asked_for_before_the_image(tmp_path: Path) -> None:
    with pytest.raises(NotMyRole):
        guard.require(inside(tmp_path, SPROUT, "thor"), "conduct", facts=AGX_THOR)


def test_outside_of_an_image_nothing_is_asked(tmp_path: Path) -> None:
    paths = replace(inside(tmp_path, THOR, "sprout"), image=None)
    assert guard.require(paths, "conduct", facts=ORIN_NANO).host.name == "sprout"


@pytest.mark.parametrize("harm", ["missing", "bad", "unknown key"])
def test_a_label_that_cannot_be_read_is_no_yes(harm: str, tmp_path: Path) -> None:
    paths = inside(tmp_path, {**SPROUT, **({"gpu": 1} if harm == "unknown key" else {})}, "sprout")
    path = tmp_path / "image.yaml"
    if harm == "missing":
        path.unlink()
    elif harm == "bad":
        path.write_text("format: [", "utf-8")
    with pytest.raises(DeclarationError) as refused:
        guard.require(paths, "conduct", facts=ORIN_NANO)
    assert str(path) in refused.value.message
    assert isinstance(refused.value.hint, tuple)
    assert invoke("image.build", host="HOST") in refused.value.hint
