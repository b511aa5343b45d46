"""What a host's gateway is known by, kept where this workstation keeps addresses; and another one on demand."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path

from sage_edge import files
from sage_edge.deploy import provision
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.names import HostName
from sage_edge.paths import shown
from sage_edge.workstation.context import FleetContext

FOLDER = "certificates"


def certificate(here: FleetContext, host: HostName) -> Path:
    """Where the certificate of a host's gateway lies here: whoever asks it trusts that one and no other."""
    return here.fleet.addresses / FOLDER / f"{host}.pem"


def keep(here: FleetContext, host: HostName, text: str, say: Callable[[str], None]) -> str:
    """Keep a host's certificate, and say where, unless it lies there already. Returns its fingerprint.

    text: in PEM, as its board told it. Raises ValueError for a text that is no certificate, StorageError.
    """
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
    path = certificate(here, host)
    if not path.is_file() or path.read_text("ascii") != text:
        files.make_folder(path.parent)
        files.write_atomic(path, text.encode("ascii"))
        say(f"{shown(path)}: the certificate of what it serves; whoever asks it trusts this one")
    return f"SHA256:{digest}"


def renewed(here: FleetContext, host: HostName, say: Callable[[str], None]) -> str:
    """Give a host's gateway another token, key and certificate, and return the certificate's fingerprint.

    A gateway that runs is started anew. Raises UsageError for a host that serves nothing.
    """
    if here.fleet.host(host).serve is None:
        what = f"{host} is declared to serve nothing, so there is no token of it"
        raise UsageError(what, hint=("see who may do what: ", sage("fleet show")))
    with here.board(host) as board:
        answer = board.provision([provision.gateway(here.fleet, host, renew=True)])[0]
    say("the token and the certificate that it had open and prove nothing any more")
    return keep(here, host, str(answer["certificate"]), say)
