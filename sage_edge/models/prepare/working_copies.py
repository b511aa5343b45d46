"""Makes refusals outlast the working copies that they speak of: those are gone before anybody reads a message.

partial/prepare-…/tmp…/adapter/config.json         in a message: adapter/config.json
sage-edge model inspect partial/prepare-…/adapter  the folder that the card names for it, else the card
"""

from __future__ import annotations

import re
from pathlib import Path

from sage_edge import hints
from sage_edge.errors import CommandFailed, SageError, StorageError
from sage_edge.hints import Hint, NextCommand, sage
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import DirectorySource
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store.store import WORK


def outlast(refusal: SageError, card: ModelCard, context: PrepareContext) -> None:
    """Change a refusal so that neither its message nor its next step names a working copy. card: what was made."""
    partial = re.escape(str(context.store.partial))
    copies = re.compile(partial + rf"/{WORK}[^\s/'\"]*(?:/[^\s/'\"]+)?/?")
    if isinstance(refusal, CommandFailed) and copies.search(refusal.message):  # nobody can run that again by hand
        refusal.hint = ("nothing was kept; look at what it is made from: ", sage("model show", card.ref))
    if isinstance(refusal, StorageError):  # what is full is the disk of the store
        places = re.compile(rf"{copies.pattern}[^\s:;)]*")
        refusal.message = places.sub(str(context.store.root), refusal.message)
        if isinstance(refusal.hint, str):
            refusal.hint = places.sub(str(context.store.root), refusal.hint)
    refusal.message = copies.sub("", refusal.message)
    refusal.args = (refusal.message,)
    refusal.hint = _lasting(refusal.hint, copies, card, context)


def _lasting(hint: Hint, copies: re.Pattern[str], card: ModelCard, context: PrepareContext) -> Hint:
    def lasting(command: NextCommand) -> NextCommand:
        gone = next((word for word in command.words if copies.match(word)), None)
        if gone is None:
            return command
        source = card.adapter if Path(copies.sub("", gone)).parts[:1] == ("adapter",) else card.source
        if isinstance(source, DirectorySource):
            return sage("model inspect", str(context.home / source.directory))
        return sage("model show", card.ref)

    return hints.mapped(hint, lasting)
