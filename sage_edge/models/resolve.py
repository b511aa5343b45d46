"""Name → ResolvedModel: the only place that makes one, and engines take nothing else.

Resolving checks the card and the size; `check` hashes the bytes, and engines call it before every load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.errors import DigestMismatch, DoesNotFit, ModelIncomplete, ModelNotFound
from sage_edge.models.card import Card, read_all
from sage_edge.names import Digest, ModelRef

SHIPPED = Path(__file__).parent
"""The shelf that comes with the package; it holds the seedling."""


@dataclass(frozen=True)
class ResolvedModel:
    """A model file that was found where its card says, whole by its size."""

    ref: ModelRef
    path: Path
    digest: Digest
    size_bytes: int
    context_tokens: int
    chat_template: Digest

    def check(self) -> None:
        """Hash the file. Raises DigestMismatch, ModelIncomplete."""
        _check_size(self)
        actual = files.digest_file(self.path)
        if actual != self.digest:
            raise DigestMismatch(self.path.name, self.digest, actual, hint=_mend(self.path))


def resolve(ref: ModelRef, shelves: Sequence[Path] = (SHIPPED,), *, memory_bytes: int | None = None) -> ResolvedModel:
    """Return the model of that name. `memory_bytes`: what the board has, to refuse what cannot fit.

    Raises ModelNotFound, ModelIncomplete, DoesNotFit, DeclarationError (a card that cannot be read).
    """
    cards = known(shelves)
    if ref not in cards:
        raise ModelNotFound(ref, sorted(cards))
    path, card = cards[ref]
    if memory_bytes is not None and memory_bytes < card.minimum_memory_bytes:
        raise DoesNotFit(ref, card.minimum_memory_bytes, memory_bytes)
    model = ResolvedModel(
        ref=card.ref,
        path=path.parent / card.file,
        digest=Digest(f"sha256:{card.sha256}"),
        size_bytes=card.size_bytes,
        context_tokens=card.context_length,
        chat_template=Digest(f"sha256:{card.chat_template_sha256}"),
    )
    _check_size(model)
    return model


def known(shelves: Sequence[Path] = (SHIPPED,)) -> dict[ModelRef, tuple[Path, Card]]:
    """Return ref → (card file, card) over all shelves; the first shelf wins."""
    cards: dict[ModelRef, tuple[Path, Card]] = {}
    for shelf in reversed(shelves):
        cards.update(read_all(shelf))
    return cards


def _check_size(model: ResolvedModel) -> None:
    if not model.path.is_file():
        raise ModelIncomplete(model.ref, [model.path.name], hint=_mend(model.path))
    if (size := model.path.stat().st_size) != model.size_bytes:
        what = f"{model.size_bytes - size} bytes of {model.path.name} ({size} of {model.size_bytes} are there)"
        raise ModelIncomplete(model.ref, [what], hint=_mend(model.path))


def _mend(path: Path) -> str:
    if path.is_relative_to(SHIPPED):
        return "get the shipped file back: git checkout -- sage_edge/models, or reinstall sage-edge"
    return f"copy {path.name} again from where its card came from, then: sage-edge model verify"
