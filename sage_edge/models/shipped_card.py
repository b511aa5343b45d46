"""The card beside a model file: what it is, where it comes from, and the digest by which it is known.

seedling/
  card.yaml       this declaration
  seedling.gguf   the bytes that it speaks of
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, field_validator

from sage_edge.declared import Declared, Reader
from sage_edge.names import Digest, ModelRef


class ShippedCard(Declared):
    """Facts about one model file. Sizes in bytes; `chat_template_sha256` is over the template in the file."""

    format: Literal[1]
    ref: ModelRef
    file: str
    sha256: str
    size_bytes: int = Field(gt=0)
    parameters: int = Field(gt=0)
    architecture: str
    context_length: int = Field(gt=0)
    chat_template_sha256: str
    minimum_memory_bytes: int = Field(gt=0)
    licence: str
    recipe: JsonValue = None
    data: JsonValue = None
    loss_curve: JsonValue = None
    conversion: JsonValue = None
    what_it_is: str
    what_it_is_not: str

    @field_validator("file")
    @classmethod
    def _beside(cls, file: str) -> str:
        if Path(file).name != file or file in ("", ".", ".."):
            raise ValueError(f"expected a file beside the card, got {file!r}")
        return file

    @field_validator("sha256", "chat_template_sha256")
    @classmethod
    def _hex(cls, digits: str) -> str:
        return Digest(f"sha256:{digits}")[7:]


def read_all(shelf: Path) -> dict[ModelRef, tuple[Path, ShippedCard]]:
    """Return ref → (card file, card) for each `*/card.yaml` of a shelf. Raises DeclarationError."""
    reader = Reader(shelf)
    cards = {path: reader.read(path, ShippedCard) for path in sorted(shelf.glob("*/card.yaml"))}
    reader.finish()
    return {card.ref: (path, card) for path, card in cards.items() if card is not None}
