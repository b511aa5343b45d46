"""Is the gateway alive: asked over TLS in its own container, every few seconds, so it loads nothing but the library.

Exit status 1 with the reason where it is not, or has no server of a model behind it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import sys
from pathlib import Path

_WAIT_S = 4.0


def main() -> int:
    """Ask for /health, at SAGE_SERVE_PORT, trusting the certificate in SAGE_SERVING alone."""
    try:
        trust = ssl.create_default_context(cafile=str(Path(os.environ["SAGE_SERVING"]) / "cert.pem"))
        port = int(os.environ["SAGE_SERVE_PORT"])
        with contextlib.closing(
            http.client.HTTPSConnection("127.0.0.1", port, timeout=_WAIT_S, context=trust)
        ) as asked:
            asked.request("GET", "/health")
            answer = asked.getresponse()
            status, word = answer.status, answer.read(100).decode("ascii", "replace").strip()
    except (OSError, http.client.HTTPException) as lost:
        sys.stdout.write(f"the gateway does not answer: {lost}\n")
        return 1
    sys.stdout.write(f"{word}\n")
    return 0 if status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
