"""From a name to a model file that is what its card says, or to a refusal with the next step."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.models.errors import DigestMismatch, DoesNotFit, ModelIncomplete, ModelNotFound
from sage_edge.models.resolve import SHIPPED, known, resolve
from sage_edge.names import ModelRef

REF = ModelRef("a/b:c")
DATA = b"weights of a test" * 100


def shelve(shelf: Path, data: bytes | None = DATA, *, context: int = 512) -> Path:
    """A shelf with one model; `data` is what lies there, the card speaks of DATA."""
    home = shelf / "b"
    home.mkdir(parents=True)
    (home / "card.yaml").write_text(
        f"format: 1\nref: {REF}\nfile: b.gguf\nsha256: '{hashlib.sha256(DATA).hexdigest()}'\nsize_bytes: {len(DATA)}\n"
        f"parameters: 1\narchitecture: qwen2\ncontext_length: {context}\nchat_template_sha256: '{'1' * 64}'\n"
        "minimum_memory_bytes: 1000\nlicence: none\nwhat_it_is: a test\nwhat_it_is_not: a mind\n"
    )
    if data is not None:
        (home / "b.gguf").write_bytes(data)
    return shelf


def test_a_whole_model_is_resolved(tmp_path: Path) -> None:
    model = resolve(REF, [shelve(tmp_path)], memory_bytes=1000)
    assert (model.ref, model.size_bytes, model.context_tokens) == (REF, len(DATA), 512)
    assert model.path == tmp_path / "b" / "b.gguf"
    assert model.digest == f"sha256:{hashlib.sha256(DATA).hexdigest()}"
    assert model.chat_template == f"sha256:{'1' * 64}"
    model.check()


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="known: a/b:c") as refused:
        resolve(ModelRef("x/y:z"), [shelve(tmp_path)])
    assert isinstance(refused.value, LookupError)
    assert refused.value.hint
    with pytest.raises(ModelNotFound, match="known: none"):
        resolve(REF, [tmp_path / "absent"])


@pytest.mark.parametrize("data", [None, b"", DATA[: len(DATA) // 2], DATA + b"x"])
def test_a_file_of_another_size_is_incomplete(tmp_path: Path, data: bytes | None) -> None:
    with pytest.raises(ModelIncomplete, match="a/b:c lacks") as refused:
        resolve(REF, [shelve(tmp_path, data)])
    assert "b.gguf" in refused.value.message
    assert "copy b.gguf again" in hints.text(refused.value.hint)


def test_other_bytes_of_the_same_size_are_found_before_every_load(tmp_path: Path) -> None:
    model = resolve(REF, [shelve(tmp_path)])
    model.path.write_bytes(bytes([DATA[0] ^ 1]) + DATA[1:])
    with pytest.raises(DigestMismatch, match=r"b.gguf has digest .* its card says") as refused:
        model.check()
    assert refused.value.code == 8


def test_a_file_that_went_away_is_found_too(tmp_path: Path) -> None:
    model = resolve(REF, [shelve(tmp_path)])
    model.path.unlink()
    with pytest.raises(ModelIncomplete):
        model.check()


def test_what_cannot_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit) as refused:
        resolve(REF, [shelve(tmp_path)], memory_bytes=999)
    assert refused.value.code == 3


def test_the_first_shelf_wins(tmp_path: Path) -> None:
    shelves = [shelve(tmp_path / "one", context=512), shelve(tmp_path / "two", context=1024)]
    assert resolve(REF, shelves).context_tokens == 512
    assert resolve(REF, shelves[::-1]).context_tokens == 1024


def test_what_ships_is_mended_from_git() -> None:
    for ref, (path, card) in known().items():
        assert path.is_relative_to(SHIPPED)
        if (path.parent / card.file).is_file():
            resolve(ref).check()
