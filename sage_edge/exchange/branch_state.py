"""How the branches of the hub stand to what is read of them, from its refs alone: nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.exchange import signatures
from sage_edge.exchange.branch_reader import tips
from sage_edge.exchange.commands import INCOMING, VERIFIED, Clone


@dataclass(frozen=True)
class BranchState:
    """foreign: the hub's tip of the own branch, where it does not lead to ours. unread: hosts not read to their tip.

    read: how many other hosts are.
    """

    foreign: str | None
    unread: tuple[str, ...]
    read: int


def look(clone: Clone) -> BranchState:
    """Return what the last fetch came to. Raises StorageError, OwnBranchBroken, CommandFailed."""
    refs = tips(clone)
    hosts = {ref.removeprefix(INCOMING) for ref in refs if ref.startswith(INCOMING)} - {clone.host}
    unread = tuple(sorted(host for host in hosts if refs[INCOMING + host] != refs.get(VERIFIED + host)))
    theirs, ours = refs.get(INCOMING + clone.host), refs.get(clone.own)
    is_ours = theirs is None or (ours is not None and signatures.is_below(clone, theirs, ours))
    return BranchState(None if is_ours else theirs, unread, len(hosts) - len(unread))
