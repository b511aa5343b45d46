"""What is known of an image that was built on this workstation."""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.names import Digest


@dataclass(frozen=True)
class BuiltImage:
    """A built image, as its build wrote it down.

    name: its folder below images/. platform: `l4t` or `cpu`. bytes: unpacked. model: what it carries, if anything.
    packed_as: the id under which the engine had packed it, before its layers were written anew (repack).
    revision: the commit that it was built from, as its label says, `-dirty` for a changed tree.
    processor: like arm64, where it is not that of the workstation.
    """

    id: Digest
    name: str
    tag: str
    role: str
    board: str
    platform: str
    bytes: int
    model: str | None
    packed_as: str = ""
    revision: str = ""
    processor: str = ""
