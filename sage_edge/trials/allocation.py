"""Permuted blocks: which arm each session of a trial is given, from the design and a seed alone.

    block 0               block 1               …
    b b a a               a a b b                  two arms, a wash-out of one session
      *   *                 *   *                  the sessions that are counted

Within a block the arms stand in an order by chance: each after the SHA-256 of seed, block and its name. So both hosts
compute the same on any machine, and a drift over many sessions falls on all arms alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from sage_edge import files
from sage_edge.names import Digest, Slug
from sage_edge.records.trial import Trial, TrialDesign, TrialPlace


def allocate(design: TrialDesign, seed: int) -> tuple[Slug, ...]:
    """Return the arm of each session of a trial's whole blocks, in order."""
    each = design.wash_out + 1
    return tuple(arm for block in range(design.blocks) for arm in _order(design, seed, block) for _ in range(each))


def allocation_digest(design: TrialDesign, seed: int) -> Digest:
    """Return the SHA-256 over the allocation as canonical JSON, a list of names."""
    return files.digest(json.dumps(allocate(design, seed), separators=(",", ":")).encode())


def place_of(trial: Trial, index: int) -> TrialPlace | None:
    """Return what the session at an index, from 0, is in a trial; None after its last."""
    design = trial.design
    if not 0 <= index < design.blocks * design.block_sessions:
        return None
    block, within = divmod(index, design.block_sessions)
    return list(_places_of_block(trial, trial.fingerprint(), block))[within]


def places(trial: Trial) -> Iterator[TrialPlace]:
    """Yield the place of each session, in order."""
    digest = trial.fingerprint()  # once: it is taken over the whole paper
    for block in range(trial.design.blocks):
        yield from _places_of_block(trial, digest, block)


def _places_of_block(trial: Trial, digest: Digest, block: int) -> Iterator[TrialPlace]:
    each = trial.design.wash_out + 1
    order = _order(trial.design, trial.seed, block)
    for within in range(trial.design.block_sessions):
        place, since = divmod(within, each)
        yield TrialPlace(trial=digest, arm=order[place], block=block, place=within, counted=since == each - 1)


def _order(design: TrialDesign, seed: int, block: int) -> list[Slug]:
    def drawn(arm: Slug) -> bytes:
        return hashlib.sha256(f"{seed}/{block}/{arm}".encode()).digest()

    return sorted((arm.name for arm in design.arms), key=drawn)
