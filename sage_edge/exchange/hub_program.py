"""Pack the hub's program: one file of our own sources that needs git and python3 there, and nothing else.

    #!/usr/bin/env python3            and a zip behind it: sage_edge/exchange/{rules,doorkeeper,…}.py, __main__.py

It lies on the hub under several names, and does what each says (hub.py draws them). Same sources, same bytes.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

PARTS = ("doorkeeper", "hub_gate", "hub_main", "hub_upkeep", "inspection", "repairs", "rules")
"""Our modules that run on the hub; they import each other and the standard library."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_START = b"""import sys
from sage_edge.exchange.hub_main import main
sys.exit(main())
"""


def packed() -> bytes:
    """Return the program of these sources."""
    packet = io.BytesIO()
    packet.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(packet, "a") as archive:
        _add(archive, "__main__.py", _START)
        for package in ("sage_edge", "sage_edge/exchange"):
            _add(archive, f"{package}/__init__.py", b"")
        for part in PARTS:
            _add(archive, f"sage_edge/exchange/{part}.py", Path(__file__).with_name(f"{part}.py").read_bytes())
    return packet.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)
