"""The trials that a fleet folder declares, read and checked together; what they need of others is checked above."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from sage_edge.declared import Reader
from sage_edge.trials.declarations import TrialCard

FOLDER = "trials"


def load(fleet: Path) -> Mapping[str, TrialCard]:
    """Return name → trial; nothing where the folder is missing. Raises DeclarationError with every fault."""
    reader = Reader(fleet)
    cards = read(reader)
    reader.finish()
    return cards


def read(reader: Reader) -> Mapping[str, TrialCard]:
    """Return name → trial, after noting what is wrong with any of them in the reader."""
    folder = reader.folder / FOLDER
    if not folder.is_dir():
        return {}
    cards = reader.read_all(FOLDER, TrialCard)
    for stem, card in cards.items():
        path = folder / f"{stem}.yaml"
        if card.name != stem:
            reader.fault(path, "name", f"expected {stem}, as the file is named, got {str(card.name)!r}")
        try:
            card.design()
        except ValidationError as wrong:
            reader.fault(path, "", wrong.errors()[0]["msg"].removeprefix("Value error, "))
    return cards
