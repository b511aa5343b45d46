"""Make what a model's gateway opens by, and what it is known by: a token, and a certificate that signs itself.

    token       64 hex digits, one line
    key.pem     a key on the curve P-256
    cert.pem    its certificate, for ten years: for the names and addresses at which the gateway is asked

All three stay on the board; the certificate alone is told, because whoever asks trusts that one and no other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from sage_edge.host import durable, machine

TOKEN, KEY, CERTIFICATE = "token", "key.pem", "cert.pem"
FILES = (TOKEN, KEY, CERTIFICATE)
_DAYS = 3650
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+")
_REQUEST = """\
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = {name}
[extensions]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {alternatives}
"""


def complete(folder: Path, names: Sequence[str], *, renew: bool) -> bool:
    """Make what is missing, does not belong together or is for other names; return whether anything was.

    names: of the board, and addresses at which it is asked. renew: make all of it anew. Raises Refusal, ValueError.
    """
    fresh = False
    if renew or not (folder / TOKEN).is_file():
        durable.replace(folder / TOKEN, f"{secrets.token_hex(32)}\n".encode("ascii"), 0o400)
        fresh = True
    if renew or not _is_pair(folder) or _alternatives(folder) != sorted(map(_seen, names)):
        _certify(folder, names)
        fresh = True
    return fresh


def _certify(folder: Path, names: Sequence[str]) -> None:
    key, certificate = folder / KEY, folder / CERTIFICATE
    parts = [path.with_name(f"{path.name}.next") for path in (key, certificate)]
    for left in parts:
        left.unlink(missing_ok=True)
    request = _REQUEST.format(name=names[0], alternatives=",".join(map(_asked, names)))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(parts[0]), "-out", str(parts[1]))
    words = ("openssl", "req", "-x509", *curve, *files, "-days", str(_DAYS), "-sha256", "-config", "/dev/stdin")
    machine.require(words, "making a certificate", stdin=request.encode("ascii"))
    certificate.unlink(missing_ok=True)  # it is the other key's; killed here, both are made again
    parts[0].replace(key)
    parts[1].replace(certificate)
    durable.sync_folder(folder)


def _is_pair(folder: Path) -> bool:
    """Whether the certificate is of the key that lies beside it."""
    of_key = machine.run(("openssl", "pkey", "-pubout", "-in", str(folder / KEY)))
    of_certificate = machine.run(("openssl", "x509", "-noout", "-pubkey", "-in", str(folder / CERTIFICATE)))
    return of_key.code == of_certificate.code == 0 and of_key.out == of_certificate.out


def _alternatives(folder: Path) -> list[str]:
    """For which names and addresses the certificate is, as openssl writes them, sorted."""
    words = ("openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(folder / CERTIFICATE))
    lines = machine.run(words).out.splitlines()
    return sorted(part.strip() for line in lines[1:] for part in line.split(","))


def _asked(name: str) -> str:
    """A name or an address in a request. Raises ValueError for what is neither."""
    if _ADDRESS.fullmatch(name):
        return f"IP:{name}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected a name or an address, got {name!r:.80}")
    return f"DNS:{name}"


def _seen(name: str) -> str:
    """The same as openssl shows it: an address of version 6 in eight groups, none left out."""
    if not _ADDRESS.fullmatch(name):
        return f"DNS:{name}"
    import ipaddress  # milliseconds that a probe does not need

    address = ipaddress.ip_address(name)
    groups = address.exploded.split(":")
    return f"IP Address:{name if address.version == 4 else ':'.join(f'{int(group, 16):X}' for group in groups)}"
