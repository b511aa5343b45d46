"""What must be true of one board, from this checkout's declarations and what the board says of itself.

The release on the board is what counts, not the one that would be deployed now: whether they differ is what
`invoke plan` says, and after a rollback a board is as sound as before.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from sage_edge.deploy import preflight, provision
from sage_edge.errors import SageError
from sage_edge.image import spec
from sage_edge.inventory.fleet import Fleet
from sage_edge.models.lock import read_lock
from sage_edge.models.resolve import Library
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.records.release import Release
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.verify import expect
from sage_edge.verify.expect import Told
from sage_edge.verify.rulings import Expectation


def of_board(root: Path, store: Path, fleet: Fleet, facts: BoardProbe) -> tuple[Expectation, ...]:
    """Return everything that must be true of a board. root: the checkout; store: this machine's models.

    Raises what reading declarations raises, and ExchangeUnknown.
    """
    host, release = fleet.host(facts.host), _release(facts)
    has_gpu = fleet.board_of(host.name).compute_capability is not None
    carried = frozenset(spec.card_for(root / "images", host.role).baked("l4t" if has_gpu else "cpu"))
    baked = carried & release.models.keys() if release else frozenset()
    return expect.expectations(
        Told(
            host=host, overlay=fleet.overlay, board=fleet.board_of(host.name), remote=fleet.remote,
            helper=helper_zipapp.packed().short, steps=provision.steps(fleet, host.name, facts),
            current=facts.deployed.current, release=release,
            baked=baked, weights=_weights(Library(fleet.folder, store), baked),
            locked={ref: entry.manifest for ref, entry in read_lock(fleet.folder).items()},
            oldest_engine=preflight.OLDEST_ENGINE,
        )
    )  # fmt: skip


def of_helper(fleet: Fleet, host: HostName) -> Expectation:
    """Return the one thing that is expected of a board whose helper says nothing that can be read."""
    return expect.helper(helper_zipapp.packed().short, expect.there(host, fleet.overlay))


def _release(facts: BoardProbe) -> Release | None:
    try:
        return Release.model_validate(facts.deployed.release, strict=False) if facts.deployed.release else None
    except ValidationError:
        return None


def _weights(library: Library, refs: frozenset[ModelRef]) -> dict[ModelRef, Digest]:
    """The digests of models that are here; what is not here cannot be compared with."""
    found = {}
    for ref in refs:
        try:
            found[ref] = library.resolve(ref).digest
        except SageError:
            continue
    return found
