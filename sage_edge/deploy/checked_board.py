"""Everything that a board is checked against, from this checkout's declarations and its helper's probe."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from sage_edge.deploy import preflight, provision
from sage_edge.errors import SageError
from sage_edge.image import spec
from sage_edge.inventory.fleet import Fleet
from sage_edge.models import resolve
from sage_edge.models.lock import read_lock
from sage_edge.models.resolve import Library
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.records.release import Release
from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.verify import board_checks
from sage_edge.verify.board.facts import BoardCase
from sage_edge.verify.board_target import BoardTarget


def target(
    root: Path, store: Path, fleet: Fleet, probe: BoardProbe, served: Callable[[], str] | None = None
) -> BoardTarget:
    """Return a board with all that must be true of it. root: the checkout; store: this machine's models.

    served: asks what the board serves, called where it is to serve something.
    Raises what reading declarations raises, and ExchangeUnknown.
    """
    host, card, release = fleet.host(probe.host), fleet.board_of(probe.host), _release(probe)
    carried = frozenset(spec.card_for(root / "images", host.role).baked("l4t" if card.compute_capability else "cpu"))
    baked = carried & release.models.keys() if release else frozenset()
    return BoardTarget(
        host=host,
        card=card,
        remote=fleet.remote,
        helper=helper_zipapp.packed().short,
        steps=provision.steps(fleet, host.name, probe),
        current=probe.deployed.current,
        release=release,
        baked=baked,
        shipped=_shipped(release),
        weights=_weights(Library(fleet.folder, store), baked),
        locked={ref: entry.manifest for ref, entry in read_lock(fleet.folder).items()},
        oldest_engine=preflight.OLDEST_ENGINE,
        probe=probe,
        served=served() if served is not None and host.serve is not None and probe.deployed.current else None,
    )


def without_probe(host: HostName) -> BoardCase:
    """Return the one check of a board whose helper says nothing that can be read: that it has our helper."""
    return board_checks.helper_case(host, helper_zipapp.packed().short)


def _release(probe: BoardProbe) -> Release | None:
    try:
        return Release.model_validate(probe.deployed.release, strict=False) if probe.deployed.release else None
    except ValidationError:
        return None


def _shipped(release: Release | None) -> frozenset[ModelRef]:
    """Those of a release's models that came with its code, which every image has, as far as ours is the same."""
    shelf = resolve.known((resolve.SHIPPED,))
    models = release.models.items() if release else ()
    return frozenset(ref for ref, digest in models if ref in shelf and digest == f"sha256:{shelf[ref][1].sha256}")


def _weights(library: Library, refs: frozenset[ModelRef]) -> dict[ModelRef, Digest]:
    """The digests of models that are here; what is not here cannot be compared with."""
    digests = {}
    for ref in refs:
        with contextlib.suppress(SageError):
            digests[ref] = library.resolve(ref).digest
    return digests
