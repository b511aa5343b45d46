"""Sign what a board is to run, with an operator's key; the board checks it before it switches (`host.permit`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sage_edge import shell
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.errors import OperatorUnknown
from sage_edge.errors import CommandFailed
from sage_edge.inventory.signers import RELEASES
from sage_edge.names import Slug
from sage_edge.records.permit import ReleasePermit, digest_of
from sage_edge.shell import Command

VALID = timedelta(days=90)
"""So long after it was signed a board may take a release that it has not seen: what lay elsewhere for longer is old."""

_PATIENCE_S = 120.0
"""A key may ask a person for a passphrase or a touch."""


@dataclass(frozen=True)
class OperatorKey:
    """Whose key signs releases. counter: of the checkout (Checkout.counter); back: it may be older than what serves."""

    host: str
    path: Path
    counter: int
    back: bool = False


def permit(key: OperatorKey, wanted: DesiredRelease, now: datetime) -> Mapping[str, str]:
    """Return text and signature of the permit for a release and its files. Raises OperatorUnknown."""
    text = ReleasePermit(
        release=wanted.release.id.partition(":")[2],
        host=wanted.release.host,
        fleet=Slug(wanted.fleet),
        files=digest_of(wanted.files),
        counter=key.counter,
        expires=now + VALID,
        back=key.back,
    ).canonical()
    command = Command(("ssh-keygen", "-q", "-Y", "sign", "-f", str(key.path), "-n", RELEASES), _PATIENCE_S, stdin=text)
    try:
        done = shell.run(command)
    except CommandFailed as failed:
        raise OperatorUnknown(f"{key.path} does not sign: {failed.output}", key.host) from None
    return {"text": text.decode(), "signature": done.out.decode("ascii")}
