"""What a build is given: the image's own word about itself, and a model as layers that a store can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import UsageError
from sage_edge.image import build_context, spec
from sage_edge.inventory.image import Platform, read_label
from sage_edge.models import manifest as manifest_file
from sage_edge.models.errors import DigestMismatch
from sage_edge.models.resolve import Library
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.benchmarks.random_gguf import Shape, shelf
from tests.models import shelving
from tests.models.shelving import FILES, REF, SHARDS, digest

ROOT = Path(__file__).parents[2]
IMAGES = ("sprout", "thor")
STEP = "from=models"


@pytest.mark.parametrize("platform", ["l4t", "cpu"])
@pytest.mark.parametrize("name", IMAGES)
def test_what_an_image_says_of_itself_is_read_back_as_declared(name: str, platform: Platform, tmp_path: Path) -> None:
    card = spec.read_cards(ROOT / "images")[name]
    (tmp_path / "image.yaml").write_text(build_context.label(card, platform, card.baked(platform)), "utf-8")
    label = read_label(tmp_path / "image.yaml")
    assert (label.role, label.board, label.platform, label.l4t) == (card.role, card.board, platform, card.l4t)
    assert label.model == (card.baked(platform)[0] if card.baked(platform) else None)
    assert label.gpu_layers == card.platforms[platform].gpu_layers


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("name", IMAGES)
def test_the_weights_step_stands_once_for_each_layer_and_nothing_else_changes(name: str, count: int) -> None:
    text = build_context.dockerfile(ROOT / "images", name)
    layers = [f"layer-{number:03d}" for number in range(count)]
    written = build_context.recipe(text, layers)
    assert [part.split(",")[0] for part in written.split("from=models,source=")[1:]] == layers
    assert written.count("/steps/weights") == count
    assert build_context.recipe(text, ["layer-000"]) == text
    assert _without_weights(written) == _without_weights(text)


def _without_weights(text: str) -> list[str]:
    steps = text.replace("\\\n", "").splitlines()
    return [step for step in steps if STEP not in step]


def test_a_recipe_without_that_step_is_a_mistake_of_ours() -> None:
    with pytest.raises(RuntimeError):
        build_context.recipe("FROM scratch\n", [])


def test_the_seedling_comes_with_the_code(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    build_context.take_model(
        Library(ROOT / "fleet", tmp_path / "store"), ModelRef("sage/seedling:q8_0"), tmp_path / "models"
    )
    assert list((tmp_path / "models").iterdir()) == []


def merged(layers: Path, into: Path) -> Store:
    """What an image's store holds after all layers: links have become the files that they name."""
    for layer in sorted(layers.iterdir()):
        for path in sorted(layer.rglob("*")):
            there = into / path.relative_to(layer)
            there.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                there.hardlink_to(into / "blobs" / path.resolve().name)
            elif path.is_file():
                there.write_bytes(path.read_bytes())
    return Store(into)


def test_a_gguf_is_a_layer_and_its_listing_another(tmp_path: Path) -> None:
    library = shelving.library(tmp_path / "here", FILES)
    (tmp_path / "layers").mkdir()
    build_context.take_model(library, REF, tmp_path / "layers")
    found = [
        sorted(p.name for p in layer.rglob("*") if p.is_file()) for layer in sorted((tmp_path / "layers").iterdir())
    ]
    assert found == [[f"sha256-{digest(FILES['model.gguf'])[7:]}"], ["q8_0.json"]]
    inside = Library(library.fleet, merged(tmp_path / "layers", tmp_path / "image").root)
    inside.resolve(REF, deep=True)


def test_a_model_that_was_prepared_at_two_times_is_baked_as_one(tmp_path: Path) -> None:
    baked = []
    for day in ("2026-11-20", "2027-01-01"):
        library = shelving.library(tmp_path / day, FILES, created=f"{day}T06:00:00Z")
        (tmp_path / day / "layers").mkdir()
        build_context.take_model(library, REF, tmp_path / day / "layers")
        (listing,) = (tmp_path / day / "layers").rglob("q8_0.json")
        baked.append(listing.read_bytes())
        manifest = library.store.manifest(REF)
        assert manifest is not None
        assert manifest_file.parse(baked[-1]).digest() == manifest.digest()
    assert baked[0] == baked[1]


def test_each_shard_is_a_layer_and_the_folder_is_there_without_writing(tmp_path: Path) -> None:
    library = shelving.library(tmp_path / "here", SHARDS, container="safetensors")
    (tmp_path / "layers").mkdir()
    build_context.take_model(library, REF, tmp_path / "layers")
    layers = sorted((tmp_path / "layers").iterdir())
    assert [layer.name for layer in layers] == ["layer-000", "layer-001", "layer-002"]
    for layer, shard in zip(
        layers, ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"), strict=False
    ):
        assert [path.name for path in (layer / "blobs").iterdir()] == [f"sha256-{digest(SHARDS[shard])[7:]}"]
        assert [path.name for path in layer.rglob("*") if path.is_symlink()] == [shard]
    store = merged(tmp_path / "layers", tmp_path / "image")
    before = sorted(store.root.rglob("*"))
    model = Library(library.fleet, store.root).resolve(REF, deep=True)
    assert sorted(store.root.rglob("*")) == before, "the tree was there"
    assert {path.name: path.read_bytes() for path in model.path.iterdir()} == SHARDS


def test_changed_bytes_are_not_baked(tmp_path: Path) -> None:
    library = shelving.library(tmp_path / "here", FILES)
    blob = library.store.blob(digest(FILES["model.gguf"]))
    blob.chmod(0o644)
    blob.write_bytes(bytes(reversed(FILES["model.gguf"])))
    (tmp_path / "layers").mkdir()
    with pytest.raises(DigestMismatch):
        build_context.take_model(library, REF, tmp_path / "layers")
    assert list((tmp_path / "layers").iterdir()) == []


def test_what_lies_beside_the_store_is_refused(tmp_path: Path) -> None:
    tiny = Shape(hidden=64, intermediate=128, layers=2, heads=4, kv_heads=2, vocabulary=300, context=128)
    library, ref = Library(ROOT / "fleet", shelf(tmp_path / "store", tiny)), ModelRef("bench/random:q8_0")
    with pytest.raises(UsageError, match="lies beside the store") as refused:
        build_context.take_model(library, ref, tmp_path)
    assert f"--ref {ref}" in hints.text(refused.value.hint)
