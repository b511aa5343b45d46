"""Whose certificates an endpoint's has to come from, and what is wrong with one that is not trusted."""

from __future__ import annotations

import ssl

from sage_edge import sanitize
from sage_edge.engines.errors import CertificatesUnusable, EndpointUntrusted
from sage_edge.engines.openai_options import OpenaiOptions

_EXPIRED, _NOT_YET, _OTHER_NAME = 10, 9, 62
"""X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_HOSTNAME_MISMATCH (and 64 for an address)."""

_OTHER_ADDRESS = 64
_MEND = {
    _EXPIRED: "renew the certificate of that server",
    _NOT_YET: "set the clock of this machine or of that server: one of them is wrong",
    _OTHER_NAME: "name it in engine.options.url as its certificate does, or give it a certificate of this name",
    _OTHER_ADDRESS: "name it in engine.options.url as its certificate does, or give it a certificate of this name",
}
_WHO_SIGNED = "name the certificate of who signed it in the host's file: engine.options.ca_file"


def trusted(options: OpenaiOptions) -> ssl.SSLContext:
    """Return what a server has to prove itself by: the declared certificates, else the system's.

    Raises CertificatesUnusable.
    """
    if not options.url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except (OSError, ValueError) as odd:  # ssl.SSLError is an OSError
        why = "it holds no certificates in PEM" if isinstance(odd, ssl.SSLError) else str(odd.args[-1])
        raise CertificatesUnusable(str(options.ca_file), why) from None


def untrusted(place: str, lost: BaseException) -> EndpointUntrusted | None:
    """Return what is wrong with a certificate, where that is why a connection was not made."""
    at: BaseException | None = lost
    while at is not None:
        if isinstance(at, ssl.SSLCertVerificationError):
            why = sanitize.one_line(at.verify_message[:200])
            return EndpointUntrusted(place, why, hint=_MEND.get(at.verify_code, _WHO_SIGNED))
        at = at.__cause__ or at.__context__
    return None
