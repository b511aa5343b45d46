"""What images/ declares: read whole or not at all, and a base without a digest is no base."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.errors import DeclarationError, UsageError
from sage_edge.image import spec
from sage_edge.image.errors import BaseUnresolved
from sage_edge.inventory import load
from sage_edge.names import Digest, Slug

ROOT = Path(__file__).parents[2]
OTHER = Digest("sha256:" + "cd" * 32)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """The real declarations, copied."""
    for path in (ROOT / "images").glob("*/image.yaml"):
        shutil.copytree(path.parent, tmp_path / "images" / path.parent.name)
    shutil.copy(ROOT / "images" / "images.lock", tmp_path / "images")
    return tmp_path / "images"


def test_every_role_that_runs_on_a_board_has_an_image_for_that_board() -> None:
    fleet = load.load(ROOT / "fleet")
    for host in fleet.hosts.values():
        board = fleet.board_of(host.name)
        if board.l4t is None:
            continue
        card = spec.card_for(ROOT / "images", host.role)
        assert (card.board, card.compute_capability) == (host.board, board.compute_capability)
        assert board.l4t.since.parts >= card.l4t.since.parts
        assert board.l4t.below.parts <= card.l4t.below.parts, "no release that the board may have is beyond the image"


def test_what_differs_from_platform_to_platform() -> None:
    cards = spec.read_cards(ROOT / "images")
    sprout, thor = cards["sprout"], cards["thor"]
    assert sprout.baked("l4t") == ("qwen2.5-0.5b/introspective:v2.1-q8_0",)
    assert sprout.baked("cpu") == ("smollm2-135m/instruct:q4_1", "sage/seedling:q8_0")
    assert thor.baked("l4t") == thor.baked("cpu") == ()
    assert sprout.brings("l4t") == sprout.brings("cpu") == ("practitioner",)
    assert thor.brings("l4t") == ("researcher", "analysis", "serve")
    assert "researcher" not in thor.brings("cpu")
    assert all(card.platforms["cpu"].gpu_layers == 0 and card.platforms["l4t"].gpu_layers for card in cards.values())


def test_a_role_without_an_image() -> None:
    with pytest.raises(UsageError, match="no image for the role operator; there are: sprout for practitioners"):
        spec.card_for(ROOT / "images", "operator")


def test_all_faults_of_all_cards_are_said_at_once(images: Path) -> None:
    sprout, thor = images / "sprout" / "image.yaml", images / "thor" / "image.yaml"
    sprout.write_text(sprout.read_text("utf-8").replace("gpu_layers: -1", "gpu_layers: many"), "utf-8")
    thor.write_text(thor.read_text("utf-8").replace("name: thor", "name: loki"), "utf-8")
    with pytest.raises(DeclarationError) as refused:
        spec.read_cards(images)
    said = refused.value.message.splitlines()
    assert any("images/sprout/image.yaml: platforms.l4t.gpu_layers: expected a whole number" in line for line in said)
    assert any("images/thor/image.yaml: name: expected 'thor', the folder's name" in line for line in said)
    assert refused.value.code == 2


def test_a_base_is_named_by_digest() -> None:
    bases = spec.read_lock(ROOT / "images")
    assert spec.require_pinned(bases, Slug("sprout-builder")) == (
        "nvcr.io/nvidia/l4t-jetpack:r36.4.0@sha256:34ccf0f3b63c6da9eee45f2e79de9bf7fdf3beda9abfd72bbf285ae9d40bb673"
    )


@pytest.mark.parametrize(("name", "another_way"), [("sprout-runtime", False), ("cpu", True)])
def test_an_unresolved_base_is_refused_with_what_resolves_it(name: str, another_way: bool, images: Path) -> None:
    with pytest.raises(BaseUnresolved) as refused:
        spec.require_pinned(spec.read_lock(images), Slug(name))
    assert refused.value.code == 2
    assert hints.text(refused.value.hint).startswith(f"invoke image.lock --base {name}")
    assert ("--base IMAGE" in hints.text(refused.value.hint)) == another_way
    with pytest.raises(UsageError, match="knows no base 'loki'"):
        spec.require_pinned(spec.read_lock(images), Slug("loki"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("digest: unresolved", "digest: latest"),
        ("image: nvcr.io/nvidia/l4t-jetpack:r36.4.0", "image: l4t-jetpack"),
        ("format: 1", "format: 2"),
        ("    source: facts §2.1\n", ""),
    ],
)
def test_a_bad_lock_is_refused(old: str, new: str, images: Path) -> None:
    path = images / "images.lock"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(DeclarationError, match=r"images\.lock"):
        spec.read_lock(images)


@given(name=st.sampled_from(sorted(spec.read_lock(ROOT / "images"))))
def test_resolving_changes_one_digest_its_source_and_no_other_character(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    images = tmp_path_factory.mktemp("images")
    shutil.copy(ROOT / "images" / "images.lock", images)
    before = (images / "images.lock").read_text("utf-8")
    was = spec.read_lock(images)[Slug(name)]
    spec.resolve_in_place(images, name, OTHER, "its registry, asked on 2026-11-20")
    after = (images / "images.lock").read_text("utf-8")
    assert spec.read_lock(images)[Slug(name)].digest == OTHER
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]
    assert changed == [
        (f"    digest: {was.digest}", f"    digest: {OTHER}"),
        (f"    source: {was.source}", "    source: its registry, asked on 2026-11-20"),
    ]


def test_a_lock_that_is_written_in_another_way_is_left_alone(images: Path) -> None:
    path = images / "images.lock"
    path.write_text(f"format: 1\nbases: {{cpu: {{image: 'a.b/c:d', digest: {OTHER}, source: them}}}}\n", "utf-8")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="no lines for the digest and source of cpu"):
        spec.resolve_in_place(images, "cpu", OTHER, "us")
    assert path.read_bytes() == before
