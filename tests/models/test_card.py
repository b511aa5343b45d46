"""The cards of `fleet/models/`: every contradiction is named, and what ships holds together."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files, hints
from sage_edge.errors import DeclarationError, UsageError
from sage_edge.models import card as cards
from sage_edge.models.card_sources import DirectorySource, HostSource, HubSource, PackageSource, ShippedSource
from sage_edge.models.cards import read_card, read_cards
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.resolve import known
from sage_edge.names import Digest, ModelRef
from tests.models import index_server
from tests.models.shelving import CARD, FILES, REF, TEMPLATE, declare, digest, listed

FLEET = Path(__file__).parents[2] / "fleet"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PINNED = "expected owner/name@<40 hex digits of a commit>"
IN_ORDER = "expected each at most once, in the order dequantise, merge, convert, quantise"
BASE = {"ref": "tiny/base:bf16", "container": "safetensors", "quantisation": "bf16"}
MERGED: dict[str, Any] = {
    "source": ...,
    "base": "tiny/base:bf16",
    "adapter": {"host": "sprout"},
    "quantisation": ...,
    "steps": ["merge", "convert", {"quantise": "q8_0"}],
}

PACKAGE: dict[str, Any] = index_server.declared(b"wheel", b"gguf")


def test_licences_of_packages_that_ship_are_those_of_the_cards() -> None:
    texts = {files.digest_file(path) for path in (FLEET / "models" / "licences").iterdir()}
    packages = [card.source for card in read_cards(FLEET).values() if isinstance(card.source, PackageSource)]
    assert texts <= {source.licence.digest for source in packages}
    assert packages


def refusal(fleet: Path) -> tuple[str, str]:
    """Key and message of the one fault of a fleet's cards."""
    with pytest.raises(DeclarationError) as refused:
        read_cards(fleet)
    (fault,) = refused.value.faults
    return fault.key, fault.message


def test_a_card_is_read(tmp_path: Path) -> None:
    declare(tmp_path, **BASE)
    declare(tmp_path, **MERGED)
    found = read_cards(tmp_path)
    card = found[REF]
    assert [str(step) for step in card.steps] == ["merge", "convert", "quantise: q8_0"]
    assert (card.quantisation, card.base) == ("q8_0", "tiny/base:bf16")
    assert card.model_dump(mode="json")["steps"] == ["merge", "convert", "quantise"]
    assert isinstance(card.adapter, HostSource)
    assert read_card(tmp_path, REF) == card
    assert read_card(tmp_path, ModelRef("no/such:card")) is None


def test_without_cards_there_are_none(tmp_path: Path) -> None:
    assert read_cards(tmp_path) == {}


def packed(**paths: str) -> dict[str, Any]:
    """A package as a source, with other paths in it."""
    return {**PACKAGE, **{key: {**PACKAGE[key], "path": path} for key, path in paths.items()}}


def test_sources_are_told_apart(tmp_path: Path) -> None:
    told: dict[str, type] = {
        f"hub: owner/name@{COMMIT}": HubSource,
        "hub: owner/name@unresolved": HubSource,
        "directory: adapters/x": DirectorySource,
        "host: sprout": HostSource,
        "shipped: seedling": ShippedSource,
    }
    for number, (text, kind) in enumerate(told.items()):
        key, _, value = text.partition(": ")
        declare(tmp_path, ref=f"a/b:{number}", source={key: value})
        source = read_cards(tmp_path)[ModelRef(f"a/b:{number}")].source
        assert isinstance(source, kind)
        assert str(source) == text
    declare(tmp_path, ref="a/b:9", source=PACKAGE)
    packaged = read_cards(tmp_path)[ModelRef("a/b:9")].source
    assert isinstance(packaged, PackageSource)
    assert str(packaged) == "package: tiny-mind==1.0 (tiny_mind/mind.gguf)"
    assert [file.name for file in packaged.files] == ["mind.gguf", "LICENSE"]
    pinned, unpinned = HubSource(hub=f"owner/name@{COMMIT}"), HubSource(hub="owner/name@unresolved")
    assert (pinned.repo, pinned.revision, unpinned.revision) == ("owner/name", COMMIT, None)
    assert DirectorySource(directory="adapters/x").folder(tmp_path / "fleet") == tmp_path / "adapters" / "x"


@pytest.mark.parametrize(
    ("changed", "key", "message"),
    [
        ({"source": {"hub": "owner/name@main"}}, "source.hub", f"{PINNED}, got 'owner/name@main'"),
        ({"source": {"hub": "name"}}, "source.hub", f"{PINNED}, got 'name'"),
        ({"source": {"path": "x"}}, "source", "expected one of"),
        ({"source": {"host": "Sprout"}}, "source.host", "expected a host name like sprout"),
        ({"source": PACKAGE | {"package": "../x"}}, "source.package", "match pattern"),
        ({"source": PACKAGE | {"package": "-r x"}}, "source.package", "match pattern"),
        ({"source": PACKAGE | {"version": "1.0 --pre"}}, "source.version", "match pattern"),
        ({"source": PACKAGE | {"version": 1.0}}, "source.version", "expected text"),
        ({"source": packed(file="../mind.gguf")}, "source.file.path", "expected a path below the model's folder"),
        ({"source": packed(file="/mind.gguf")}, "source.file.path", "expected a path below the model's folder"),
        ({"source": packed(file="a\\mind.gguf")}, "source.file.path", "expected a path below the model's folder"),
        ({"source": packed(file="tiny_mind/mind.bin")}, "source.file", "expected a path that ends with .gguf"),
        ({"source": packed(licence="x/README")}, "source.licence", "expected a LICENSE or a NOTICE"),
        ({"source": {k: v for k, v in PACKAGE.items() if k != "wheel"}}, "source.wheel", "is missing"),
        ({"source": PACKAGE, "files": ["*.gguf"]}, "", "files: given, but its source names its file already"),
        ({"adapter": PACKAGE}, "", "adapter: a package gives one GGUF file, which is no adapter"),
        ({"source": ...}, "", "source: a model needs a source, or a base to be made from"),
        ({"format": 2}, "format", "expected 1"),
        ({"surprise": 1}, "surprise", "unknown key"),
        ({"validated": ...}, "validated", "is missing"),
        ({"minimum_memory_bytes": 0}, "minimum_memory_bytes", "greater than 0"),
        ({"chat_template": "sha256:1"}, "chat_template", "expected a digest"),
        ({"container": "pickle"}, "container", "expected 'gguf' or 'safetensors'"),
        ({"quantisation": "Q8 0"}, "quantisation", "match pattern"),
        ({"steps": ["bake"]}, "steps[0]", "expected one of 'dequantise', 'merge', 'convert', 'quantise', got 'bake'"),
        ({"steps": ["convert", "merge"]}, "steps", IN_ORDER),
        ({"steps": ["convert"], "container": "safetensors"}, "container", "its steps make gguf, got safetensors"),
        ({"steps": [{"merge": "x"}]}, "steps[0]", "merge takes no value, got 'x'"),
        ({"steps": [{"quantise": "q8_0"}], "quantisation": "q4_0"}, "quantisation", "the step says q8_0, got q4_0"),
        ({"steps": [["quantise"]]}, "steps[0]", "expected a name like merge, or one with its value"),
        ({"steps": ["merge"], "container": "safetensors"}, "steps", "merge needs a base and an adapter"),
        ({"adapter": {"host": "sprout"}}, "adapter", "given, but no step merges it"),
        ({"steps": ["quantise"], "quantisation": ...}, "steps", "quantise needs its kind, like {quantise: q8_0}"),
        ({"base_weights": "sha256:" + "0" * 64}, "", "base_weights: given, but there is no base"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, changed: dict[str, Any], key: str, message: str) -> None:
    declare(tmp_path, **changed)
    found = refusal(tmp_path)
    assert found[0] == key
    assert message in found[1]


def test_merging_makes_safetensors(tmp_path: Path) -> None:
    declare(tmp_path, **BASE)
    declare(tmp_path, **{**MERGED, "steps": ["merge"]})
    assert refusal(tmp_path) == ("container", "its steps make safetensors, got gguf")
    declare(tmp_path, **{**MERGED, "steps": ["merge", {"quantise": "q8_0"}]})
    assert refusal(tmp_path) == ("steps", "quantise takes gguf, what comes before it is safetensors")


@pytest.mark.parametrize("kind", ["q4_k_m", "q6_k", "q2_k", "iq3_k"])
def test_k_quants_are_refused_where_they_would_fall_back(tmp_path: Path, kind: str) -> None:
    declare(tmp_path, **BASE)
    steps = ["merge", "convert", {"quantise": kind}]
    declare(tmp_path, **{**MERGED, "steps": steps, "hidden_size": 896})
    assert refusal(tmp_path) == (
        "quantisation",
        (
            f"{kind} needs rows of a multiple of 256, this model has 896 "
            "(llama.cpp would fall back tensor by tensor); "
            "take q8_0 or q4_0, or say in `mixture` how many tensors become what"
        ),
    )
    declare(tmp_path, **{**MERGED, "steps": steps, "hidden_size": 1024})
    assert read_cards(tmp_path)[REF].quantisation == kind
    declare(tmp_path, **{**MERGED, "steps": steps, "hidden_size": 896, "mixture": {"Q5_0": 3, "F32": 1}})
    assert read_cards(tmp_path)[REF].mixture == {"Q5_0": 3, "F32": 1}


@pytest.mark.parametrize(
    ("base", "merged", "key", "message"),
    [
        ({}, {"base": "no/such:base"}, "base", "no card declares no/such:base"),
        ({"container": "gguf"}, {}, "base", "tiny/base:bf16 is gguf; only safetensors can be merged or converted"),
        (
            {},
            {"steps": ["dequantise"], "adapter": ..., "container": "safetensors", "quantisation": "f32"},
            "base",
            "tiny/base:bf16 is safetensors; only gguf can be dequantised or quantised",
        ),
        ({"architecture": "phi"}, {}, "architecture", "qwen2, its base tiny/base:bf16 is phi"),
    ],
)
def test_a_card_is_held_against_its_base(
    tmp_path: Path, base: dict[str, Any], merged: dict[str, Any], key: str, message: str
) -> None:
    declare(tmp_path, **{**BASE, **base})
    declare(tmp_path, **{**MERGED, **merged})
    assert refusal(tmp_path) == (key, message)


@pytest.mark.parametrize("broken", ["licence: [", "licence: Apache-2.0\u200b", "ref: tiny/other:bf16"])
def test_a_base_that_cannot_be_read_is_declared_all_the_same(tmp_path: Path, broken: str) -> None:
    declare(tmp_path, **BASE)
    declare(tmp_path, **MERGED)
    cards.card_path(tmp_path, ModelRef(MERGED["base"])).write_text(f"{broken}\n", "utf-8")
    with pytest.raises(DeclarationError) as refused:
        read_cards(tmp_path)
    assert "no card declares" not in refused.value.message


def test_nothing_is_its_own_base(tmp_path: Path) -> None:
    for ref, base in (("a/one:x", "a/two:x"), ("a/two:x", "a/one:x")):
        declare(tmp_path, ref=ref, base=base, container="safetensors")
    with pytest.raises(DeclarationError, match="a/one:x is among its own bases"):
        read_cards(tmp_path)


def test_all_faults_of_all_cards_come_at_once(tmp_path: Path) -> None:
    declare(tmp_path, ref="a/one:x", format=2)
    declare(tmp_path, ref="a/two:x", licence=...)
    declare(tmp_path, ref="a/three:x").rename(tmp_path / "models" / "elsewhere.yaml")
    with pytest.raises(DeclarationError) as refused:
        read_cards(tmp_path)
    assert len(refused.value.faults) == 3
    assert "ref: a/three:x belongs into a_three_x.yaml" in refused.value.message


def test_one_card_alone_belongs_into_its_file(tmp_path: Path) -> None:
    declare(tmp_path, ref="a/one:x").rename(tmp_path / "models" / "a_two_x.yaml")
    with pytest.raises(DeclarationError, match=r"a/one:x belongs into a_one_x.yaml"):
        read_card(tmp_path, ModelRef("a/two:x"))


def test_a_name_without_its_variant_is_enough_where_there_is_one(tmp_path: Path) -> None:
    refs = [ModelRef("a/one:x"), ModelRef("a/two:x"), ModelRef("a/two:y")]
    assert cards.find("a/one", refs) == cards.find("a/one:x", refs) == "a/one:x"
    with pytest.raises(ModelNotFound, match="known: a/two:x, a/two:y"):
        cards.find("a/two", refs)
    with pytest.raises(ModelNotFound, match="known: a/one:x, a/two:x, a/two:y"):
        cards.find("a/three", refs)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("", "sage-edge model list"),
        ("mind", "sage-edge model list"),
        ("Qwen/Qwen2.5-0.5B", "sage-edge model list"),
        ("/srv/my mind", "a model has a name; to look at a folder: sage-edge model inspect '/srv/my mind'"),
        ("./merged", "a model has a name; to look at a folder: sage-edge model inspect ./merged"),
    ],
)
def test_what_is_no_name_is_told_from_a_name_that_nobody_declared(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        cards.find(name, [ModelRef("a/one:x")])
    assert refused.value.message == f"expected a model like family/name:variant, got {name!r}"
    assert hints.text(refused.value.hint) == hint


def test_wanted_files_follow_the_container(tmp_path: Path) -> None:
    declare(tmp_path)
    declare(tmp_path, **BASE)
    declare(tmp_path, ref="a/chosen:x", files=["model-q8_0.gguf"])
    found = read_cards(tmp_path)
    gguf, folder, chosen = found[REF], found[ModelRef("tiny/base:bf16")], found[ModelRef("a/chosen:x")]
    assert [gguf.wants(name) for name in ("m.gguf", "m.safetensors", "LICENSE")] == [True, False, True]
    assert [folder.wants(name) for name in ("m.gguf", "m.safetensors", "merges.txt", "x.py")] == [
        False,
        True,
        True,
        False,
    ]
    assert [chosen.wants(name) for name in ("model-q8_0.gguf", "model-q4_0.gguf")] == [True, False]


@pytest.mark.parametrize(
    ("files", "wanted", "left"),
    [
        ((), ["model.safetensors", "config.json", "LICENSE.txt", "chat_template.jinja"],
         ["checkpoint-500/model.safetensors", "onnx/config.json", "original/tokenizer.model", "a/b/vocab.txt"]),
        (("*.json", "tokenizer/*"), ["config.json", "tokenizer/vocab.json"],
         ["onnx/config.json", "tokenizer/old/vocab.json", "tokenizer", "x/tokenizer/vocab.json"]),
        (("*/model.safetensors",), ["onnx/model.safetensors"], ["model.safetensors", "a/b/model.safetensors"]),
        (("weights-[0-9].gguf",), ["weights-1.gguf"], ["weights-10.gguf", "a/weights-1.gguf", "Weights-1.gguf"]),
    ],
)  # fmt: skip
def test_a_star_stands_for_no_folder(
    tmp_path: Path, files: tuple[str, ...], wanted: list[str], left: list[str]
) -> None:
    declare(tmp_path, container="safetensors", quantisation="bf16", files=list(files))
    card = read_cards(tmp_path)[ModelRef(REF)]
    assert [path for path in (*wanted, *left) if card.wants(path)] == wanted


def test_a_listing_takes_its_facts_from_the_card(tmp_path: Path) -> None:
    declare(tmp_path, chat_template=...)
    declare(tmp_path, ref="a/strict:x")
    now = datetime(2026, 11, 20, tzinfo=timezone.utc)
    found = read_cards(tmp_path)
    made = cards.listing(found[REF], listed(FILES), source="x", created=now, chat_template=Digest(digest(b"t")))
    assert (made.context_length, made.minimum_memory_bytes, made.chat_template) == (512, 1000, digest(b"t"))
    strict = found[ModelRef("a/strict:x")]
    assert cards.listing(strict, listed(FILES), source="x", created=now).chat_template == TEMPLATE
    with pytest.raises(ValueError, match="its chat template has digest"):
        cards.listing(strict, listed(FILES), source="x", created=now, chat_template=Digest(digest(b"t")))


def test_no_two_refs_share_a_file() -> None:
    refs = [ModelRef(text) for text in ("a/b:c_d", "a/b:c-d", "a/b.c:d", "a-b/c:d", "a/b-c:d")]
    assert len({cards.stem(ref) for ref in refs}) == len(refs)


def test_what_is_declared_here_holds_together() -> None:
    found = read_cards(FLEET)
    assert {
        "sage/seedling:q8_0",
        "qwen2.5-0.5b/instruct:bf16",
        "qwen2.5-0.5b/instruct:q8_0",
        "phi-2/base:fp16",
        "qwen2.5-0.5b/introspective:v2.1-q8_0",
        "qwen2.5-7b/instruct:bf16",
        "qwen2.5-14b/instruct:bf16",
        "qwen2.5-14b/instruct:awq",
    } <= set(found)
    omni = {ref.partition(":")[2]: card for ref, card in found.items() if ref.startswith("qwen3-omni-30b/")}
    assert set(omni) == {"full", "int8-awq", "fp4", "weight-only", "extracted"}
    assert [name for name, card in omni.items() if card.validated] == ["full"]
    for card in found.values():
        assert set(CARD) <= set(type(card).model_fields)
        assert card.validation
        assert card.source_of_facts


def test_the_seedlings_card_says_what_lies_on_its_shelf() -> None:
    card, (_, shelved) = read_cards(FLEET)[ModelRef("sage/seedling:q8_0")], known()[ModelRef("sage/seedling:q8_0")]
    for fact in ("architecture", "parameters", "context_length", "minimum_memory_bytes", "licence"):
        assert getattr(card, fact) == getattr(shelved, fact)
