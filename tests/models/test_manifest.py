"""The listing of a model: what it lists stays below its folder, and its digest stands for its content."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sage_edge.models import manifest as manifests
from sage_edge.models.manifest import ListedFile, role_of, weights_digest
from tests.models.shelving import FILES, SHARDS, digest, listed, manifest


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x", "a/../../x", "a//b", "", ".", "..", "./a", "a/", "a\\b", "a\0b", "a\nb", "a" * 1025],
)
def test_a_path_that_leaves_the_folder_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="expected a path below the model's folder"):
        ListedFile(path=path, size_bytes=1, digest=digest(b""), role="other")


@given(st.text(max_size=40))
def test_an_accepted_path_stays_inside(path: str) -> None:
    try:
        kept = manifests.inside(path)
    except ValueError:
        return
    assert kept == path
    assert not path.startswith("/")
    assert ".." not in path.split("/")


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        ({}, "at least 1 item"),
        ({"config.json": b"{}"}, "no weights are listed"),
        ({"a.gguf": b"x", "a.gguf/b": b"y"}, "a.gguf is listed as a file and as a folder"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(contents: dict[str, bytes], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        manifest(contents)


def test_a_file_is_listed_once() -> None:
    with pytest.raises(ValidationError, match="listed twice"):
        manifest().model_validate({**manifest().model_dump(), "files": [*listed(FILES), *listed(FILES)]})


def test_the_digest_stands_for_all_but_the_moment_and_the_order() -> None:
    one = manifest(SHARDS, container="safetensors")
    reordered = dict(reversed(SHARDS.items()))
    assert manifest(reordered, container="safetensors", created="2027-01-01T00:00:00Z").digest() == one.digest()
    for changed in ({"seed": 1}, {"source": "other"}, {"made_by": {"peft": "1"}}, {"minimum_memory_bytes": 7}):
        assert manifest(SHARDS, container="safetensors", **changed).digest() != one.digest()


def test_it_is_read_as_it_was_written() -> None:
    one = manifest(SHARDS, container="safetensors", made_by={"peft": "0.21.2"}, seed=3)
    assert manifests.parse(one.pretty()) == one
    assert one.size_bytes == sum(map(len, SHARDS.values()))
    assert [file.path for file in one.of_role("weights")] == sorted(p for p in SHARDS if p.startswith("model"))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"{}"])
def test_what_is_no_manifest_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(ValueError, match="no manifest: ") as refused:
        manifests.parse(data)
    assert "\n" not in str(refused.value)


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ValueError, match="no manifest"):
        manifests.parse(data)


def test_another_format_is_refused() -> None:
    content = {**json.loads(manifest().pretty()), "format": 2}
    with pytest.raises(ValueError, match="format"):
        manifests.parse(json.dumps(content).encode())


def test_weights_are_known_by_their_bytes_and_not_by_their_names() -> None:
    one, two = digest(b"one"), digest(b"two")
    assert weights_digest([one]) == one
    assert (
        weights_digest([one, two])
        == weights_digest([two, one])
        == digest(f"{min(one, two)}\n{max(one, two)}\n".encode())
    )
    adapter = manifest({"adapter_model.safetensors": b"a", "adapter_config.json": b"{}"}, container="safetensors")
    assert adapter.weights_digest() == weights_digest([digest(b"a"), digest(b"{}")])


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("model.gguf", "weights"),
        ("model-00001-of-00008.safetensors", "weights"),
        ("config.json", "config"),
        ("adapter_model.safetensors", "adapter"),
        ("adapter_config.json", "adapter"),
        ("LICENSE", "licence"),
        ("model.safetensors.index.json", "config"),
        ("generation_config.json", "config"),
        ("tokenizer.json", "tokenizer"),
        ("tokenizer_config.json", "tokenizer"),
        ("merges.txt", "tokenizer"),
        ("vocab.json", "tokenizer"),
        ("chat_template.jinja", "template"),
        ("README.md", "other"),
        ("deep/config.json", "config"),
    ],
)
def test_a_file_has_the_role_of_its_name(path: str, role: str) -> None:
    assert role_of(path) == role
