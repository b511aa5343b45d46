"""Only a model's own weights reach the tools: what else lies there is neither listed nor linked, from any source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files
from sage_edge.clock import SystemClock
from sage_edge.models.card import listing
from sage_edge.models.download.hub import Hub
from sage_edge.models.errors import ModelError
from sage_edge.models.inspect.classify import classify
from sage_edge.models.manifest import ListedFile, Manifest, role_of
from sage_edge.models.prepare import gguf_tools, import_folder, merge, own_files, parity, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.models import building, quick, tiny
from tests.models.hub_server import HubServer

OTHER = {"safetensors": {"of": "qwen2", "shapes": {"more": [2, 2]}}}
STRAYS = {
    "model_before.safetensors": OTHER,
    "consolidated.safetensors": OTHER,
    "checkpoint-500/model.safetensors": OTHER,
    "checkpoint-500/config.json": {"config": {"of": "qwen2", "hidden_size": 64}},
    "lora/adapter_model.safetensors": {"safetensors": {"of": "adapter"}},
    "lora/adapter_config.json": {"config": {"of": "adapter"}},
}
WEIGHTS = [name for name in STRAYS if role_of(name) in ("weights", "adapter")]


def listed(manifest: Manifest | None) -> set[str]:
    assert manifest is not None
    return {file.path for file in manifest.files}


def kept(folder: Path, names: list[str], store: Store) -> list[ListedFile]:
    """Files of a folder, in the store and listed."""
    return [
        ListedFile(
            path=name, size_bytes=(folder / name).stat().st_size, digest=store.add(folder / name), role=role_of(name)
        )
        for name in names
    ]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What lay in each folder that a tool was given: base and adapter, what was converted, what it is held against."""
    quick.doubles(monkeypatch)
    folders: list[set[str]] = []

    def watched(module: Any, name: str, inputs: int) -> None:
        real = getattr(module, name)

        def look(*words: Any, **more: Any) -> Any:
            for folder in words[:inputs]:
                folders.append({path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()})
            return real(*words, **more)

        monkeypatch.setattr(module, name, look)

    watched(merge, "merge", 2)
    watched(gguf_tools, "convert", 1)
    watched(parity, "compare", 1)
    return folders


def require_own(folders: list[set[str]]) -> None:
    """A base, an adapter and twice the merged folder, and no more in them than belongs there."""
    base, adapter, merged, original = folders
    assert base == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert adapter == {"adapter_config.json", "adapter_model.safetensors"}
    assert merged == original == base


def test_from_a_folder(tmp_path: Path, seen: list[set[str]]) -> None:
    quick.fleet(tmp_path)
    building.plant(tmp_path / "base", STRAYS)
    building.plant(tmp_path / "adapter", {f"checkpoint-9/{name}": kind for name, kind in quick.ADAPTER.items()})
    told: list[str] = []
    context = quick.context(tmp_path, log=told.append)
    run.prepare(tiny.REF, context)
    require_own(seen)
    assert not listed(context.store.manifest(tiny.BASE)) & set(WEIGHTS)
    assert listed(context.store.manifest(ModelRef(f"{tiny.REF}.adapter"))) == set(quick.ADAPTER)
    (line,) = (line for line in told if "model_before" in line)
    assert line.startswith("  left out, because it is none of the model's own weights: ")
    assert all(name in line for name in WEIGHTS if "/" not in name)  # what lies deeper is not wanted at all


def test_without_a_merge(tmp_path: Path, seen: list[set[str]]) -> None:
    """The road on which a second set of weights once became the locked GGUF."""
    quick.fleet(tmp_path)
    building.plant(tmp_path / "base", STRAYS)
    plain = {"base": ..., "adapter": ..., "base_weights": ..., "steps": ["convert", {"quantise": "q8_0"}]}
    content = tiny.cards(
        {"directory": "base"}, {"directory": "adapter"}, quick.SIZES, **{**plain, "source": {"directory": "base"}}
    )
    tiny.declare(tmp_path / "fleet", content)
    run.prepare(tiny.REF, quick.context(tmp_path))
    assert seen == [{"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}] * 2


def test_from_the_hub(tmp_path: Path, seen: list[set[str]]) -> None:
    quick.fleet(tmp_path)
    content = {name: building.content(kind) for name, kind in {**quick.BASE, **STRAYS}.items()}
    content["._config.json"] = bytes.fromhex("00051607")  # what macOS keeps beside it, sent along
    with HubServer() as hub:
        revision = hub.add("tiny/base", content)
        pinned = str(files.digest_file(tmp_path / "base" / "model.safetensors"))
        sources = {"hub": f"tiny/base@{revision}"}, {"directory": "adapter"}
        tiny.declare(tmp_path / "fleet", tiny.cards(*sources, quick.SIZES, base_weights=pinned))
        context = replace(quick.context(tmp_path), hub=Hub(hub.endpoint))
        run.prepare(tiny.REF, context)
    require_own(seen)
    assert not listed(context.store.manifest(tiny.BASE)) & {"._config.json", *WEIGHTS}


def test_from_another_board_whose_listing_is_kept_as_it_is(tmp_path: Path, seen: list[set[str]]) -> None:
    """It was made before anybody looked for strays, and the lock speaks of it."""
    quick.fleet(tmp_path)
    folder = building.plant(tmp_path / "base", STRAYS)
    store = Store(tmp_path / "store")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    whole = listing(
        quick.context(tmp_path).cards[tiny.BASE],
        kept(folder, names, store),
        source="a test",
        created=SystemClock().now(),
    )
    sources = {"host": "sprout"}, {"directory": "adapter"}
    tiny.declare(tmp_path / "fleet", tiny.cards(*sources, quick.SIZES, base_weights=str(whole.weights_digest())))
    context = quick.context(tmp_path, copy=lambda source, ref: whole)
    run.prepare(tiny.REF, context)
    require_own(seen)
    assert context.store.manifest(tiny.BASE) == whole
    assert set(WEIGHTS) <= listed(whole)


def test_by_import(tmp_path: Path) -> None:
    folder = building.plant(tmp_path / "base", {**quick.BASE, **STRAYS})
    quick.fleet(tmp_path / "place")
    context: PrepareContext = quick.context(tmp_path / "place")
    card = context.cards[tiny.BASE].model_copy(update={"parameters": 20_000})
    made = import_folder.import_folder(folder, card, context.store, context.clock.now())
    assert not listed(made) & set(WEIGHTS)
    assert set(quick.BASE) <= listed(made)


def test_shards_come_with_their_index_and_with_no_other(tmp_path: Path) -> None:
    tree = {
        **{name: kind for name, kind in quick.BASE.items() if name != "model.safetensors"},
        "model.safetensors.index.json": {"json": building.index(total=2)},
        "model-00001-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [1, 2]}},
        "model-00002-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [2, 2]}},
        "old.safetensors.index.json": {"json": building.index(total=2, stem="old")},
        "old-00001-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [1, 2]}},
    }
    folder = building.plant(tmp_path / "sharded", tree)
    quick.fleet(tmp_path / "place")
    context = quick.context(tmp_path / "place")
    names = sorted(tree)
    assert own_files.strays(names, folder, classify(folder)) == ("old-00001-of-00002.safetensors",)
    taken = kept(folder, names, context.store)
    manifest = listing(context.cards[tiny.BASE], taken, source="a test", created=context.clock.now())
    view = own_files.view(manifest, context.store, tmp_path / "view")
    assert {path.name for path in view.iterdir()} == set(tree) - {name for name in tree if name.startswith("old")}


def test_what_is_no_model_has_no_files_of_its_own(tmp_path: Path) -> None:
    quick.fleet(tmp_path)
    context = quick.context(tmp_path)
    folder = building.plant(tmp_path / "odd", {"model.safetensors": OTHER})
    one = kept(folder, ["model.safetensors"], context.store)
    manifest = listing(context.cards[tiny.BASE], one, source="a test", created=context.clock.now())
    with pytest.raises(ModelError, match=r"lacks config\.json"):
        own_files.view(manifest, context.store, tmp_path / "view")


@pytest.mark.slow
def test_what_is_loaded_is_the_same_with_another_set_beside_it(tmp_path: Path) -> None:
    import torch

    folder = building.plant(tmp_path / "base", quick.BASE)
    data = bytearray((folder / "model.safetensors").read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    data[begin:] = b"\x00\x3c" * ((len(data) - begin) // 2)  # a small number as F32 and as BF16; zeros are no weights
    (folder / "model.safetensors").write_bytes(data)
    alone = merge.load(folder).state_dict()
    data[-400:] = b"\x00\x3d" * 200
    (folder / "model_before.safetensors").write_bytes(data)
    beside = merge.load(folder).state_dict()
    assert all(torch.equal(alone[name], weight) for name, weight in beside.items())
