"""The card beside a model on a shelf: every key checked, every fault named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge.errors import DeclarationError
from sage_edge.models.resolve import SHIPPED
from sage_edge.models.shipped_card import read_all
from sage_edge.names import ModelRef

CARD: dict[str, Any] = {
    "format": 1,
    "ref": "a/b:c",
    "file": "b.gguf",
    "sha256": "0" * 64,
    "size_bytes": 7,
    "parameters": 1,
    "architecture": "qwen2",
    "context_length": 512,
    "chat_template_sha256": "1" * 64,
    "minimum_memory_bytes": 1000,
    "licence": "none",
    "what_it_is": "a test",
    "what_it_is_not": "a mind",
}


def shelve(shelf: Path, name: str, **changed: Any) -> Path:
    """A shelf with one more card."""
    (shelf / name).mkdir(parents=True)
    content = {key: value for key, value in {**CARD, **changed}.items() if value is not ...}
    (shelf / name / "card.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return shelf


def test_a_shelf_is_read(tmp_path: Path) -> None:
    shelve(shelve(tmp_path, "b"), "other", ref="a/other:c", recipe={"seed": 1})
    (tmp_path / "empty").mkdir()
    found = read_all(tmp_path)
    assert set(found) == {"a/b:c", "a/other:c"}
    path, card = found[ModelRef("a/b:c")]
    assert path == tmp_path / "b" / "card.yaml"
    assert (card.file, card.size_bytes, card.context_length) == ("b.gguf", 7, 512)


def test_an_absent_shelf_holds_nothing(tmp_path: Path) -> None:
    assert read_all(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("file", "../b.gguf"),
        ("file", "/b.gguf"),
        ("file", ".."),
        ("file", ""),
        ("file", "."),
        ("file", "x/b.gguf"),
        ("sha256", "0" * 63),
        ("sha256", "sha256:" + "0" * 64),
        ("sha256", "A" * 64),
        ("chat_template_sha256", ""),
        ("size_bytes", 0),
        ("parameters", -1),
        ("context_length", 0),
        ("ref", "a/b"),
        ("format", 2),
        ("licence", ...),
        ("surprise", 1),
        ("minimum_memory_bytes", 0),
    ],
)
def test_each_fault_is_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(DeclarationError) as refused:
        read_all(shelve(tmp_path, "b", **{key: value}))
    (fault,) = refused.value.faults
    assert fault.key == key
    assert fault.file.endswith("b/card.yaml")


def test_what_ships_has_a_card() -> None:
    assert all(
        card.file == "seedling.gguf" for ref, (_, card) in read_all(SHIPPED).items() if ref == "sage/seedling:q8_0"
    )
