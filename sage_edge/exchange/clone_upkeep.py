"""Pack this host's clone once its loose objects have piled up: after a push, by the holder of exchange.lock."""

from __future__ import annotations

from dataclasses import replace

from sage_edge import shell
from sage_edge.exchange import commands, hub_upkeep
from sage_edge.exchange.commands import Clone


def pack(clone: Clone) -> str:
    """Pack the clone if that is due; return why it could not be done, empty for all is well. Nothing depends on it."""
    if not hub_upkeep.wants_packing(clone.repository):
        return ""
    for words in (hub_upkeep.REPACK, hub_upkeep.PRUNE):
        result = shell.attempt(replace(commands.git(clone, *words), timeout_s=hub_upkeep.PACK_S))
        if result.code != 0:
            return result.complaint or f"git {words[0]} ended with {result.code}"
    hub_upkeep.note_packed(clone.repository)
    return ""
