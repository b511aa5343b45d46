"""The key of whoever works here: it signs releases, and what the workstation writes to the exchange.

$SAGE_KEY                               where somebody keeps it, or its public half when ssh-agent holds it
<addresses>/operator_key                of machines that have addresses of their own: stand-ins
~/.config/sage-edge/key                 everywhere else ($XDG_CONFIG_HOME, where that is set)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sage_edge.deploy.errors import OperatorUnknown
from sage_edge.deploy.release_signature import OperatorKey
from sage_edge.exchange.commit_key import public_half
from sage_edge.exchange.errors import KeyUnusable
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.signers import FILE, OPERATOR_KEY, RELEASES
from sage_edge.paths import named, person_key


def path(fleet: Fleet, env: Mapping[str, str] = os.environ) -> Path:
    """Return where the key lies, whether it is there or not. Raises UsageError for a SAGE_KEY that is no path."""
    if own := named(env, "SAGE_KEY"):
        return own
    if fleet.addresses != fleet.folder:
        return fleet.addresses / OPERATOR_KEY
    return person_key(env)


def of(fleet: Fleet, counter: int, *, back: bool = False) -> OperatorKey | None:
    """Return the key that signs this fleet's releases; None where nobody has to. Raises OperatorUnknown."""
    operators = [signer for signer in fleet.signers if RELEASES in signer.namespaces]
    if not operators:
        return None
    key = path(fleet)
    try:
        own = public_half(key)
    except KeyUnusable as unusable:
        raise OperatorUnknown(unusable.message, operators[-1].host) from None
    listed = [signer for signer in operators if signer.key == own]
    if not listed:
        raise OperatorUnknown(f"{key} is no operator's key by {fleet.addresses.name}/{FILE}", operators[-1].host)
    if all(signer.until for signer in listed):
        raise OperatorUnknown(f"{key} was withdrawn", listed[-1].host)
    counts = (signer.counters for signer in listed if signer.until is None)
    if not any(span and span[0] <= counter and (span[1] is None or counter <= span[1]) for span in counts):
        raise OperatorUnknown(f"{key} does not count for the counter {counter} of this checkout", listed[-1].host)
    return OperatorKey(listed[-1].host, key, counter, back)
