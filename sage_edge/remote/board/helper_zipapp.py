"""Pack the helper into one file: the same bytes every time, named by their digest.

sage-host-<12 hex>.pyz    a zipapp: sage_edge/__init__.py (empty), sage_edge/host/*.py, __main__.py; no timestamps
sage-host-<12 hex>/       on a board: the same, unpacked and compiled
"""

from __future__ import annotations

import functools
import io
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files

FOLDER = "/srv/sage/host"
LINK = f"{FOLDER}/sage-host"
CALL: tuple[str, ...] = ("/usr/bin/python3", "-I", "-S", LINK)
"""How the board's own Python runs it: isolated, so that no variable, folder or package of the caller is looked at."""

AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n "$@"; fi'
AS_LOGIN = 'exec "$@"'
"""Scripts of `sh` that run their arguments: with all rights, and with those of whoever logged in."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_START = b"""import os, sys
sys.path.insert(0, os.path.realpath(sys.argv[0])[:-4])  # compiled when it was installed; without it, from this archive
from sage_edge.host.__main__ import leave, main
leave(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Helper:
    """The packed helper."""

    content: bytes

    @property
    def short(self) -> str:
        """The first 12 hex digits of its sha256: what it says of itself in every answer."""
        return files.digest(self.content).short

    @property
    def sha256(self) -> str:
        """Its sha256 as hex digits."""
        return files.digest(self.content).removeprefix("sha256:")


def packed() -> Helper:
    """Return the helper of these sources."""
    with _PACKING:  # asked by many threads at once, it is packed once
        return _packed()


_PACKING = threading.Lock()


@functools.cache
def _packed() -> Helper:
    sources = Path(__file__).parents[2] / "host"
    packet = io.BytesIO()
    with zipfile.ZipFile(packet, "w") as archive:
        _add(archive, "__main__.py", _START)
        _add(archive, "sage_edge/__init__.py", b"")
        for path in sorted(sources.glob("*.py")):
            _add(archive, f"sage_edge/host/{path.name}", path.read_bytes())
    return Helper(packet.getvalue())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


INSTALL = f"""
set -eu; umask 022; LC_ALL=C; export LC_ALL
mkdir -p {FOLDER}; cd {FOLDER}
name=sage-host-$(printf %.12s "$1").pyz
cat > ".$name.part"
found=$(sha256sum < ".$name.part"); found=${{found%% *}}
[ "$found" = "$1" ] || {{ rm -f ".$name.part"; echo "arrived as $found" >&2; exit 1; }}
chmod 0755 ".$name.part"; sync ".$name.part" 2>/dev/null || sync
folder=${{name%.pyz}}; rm -rf ".$folder"
python3 -I -m zipfile -e ".$name.part" ".$folder" \\
  && python3 -I -m compileall -q --invalidation-mode unchecked-hash ".$folder" \\
  && rm -rf "$folder" && mv ".$folder" "$folder" || rm -rf ".$folder" "$folder"
mv -f ".$name.part" "$name"; ln -sfn "$name" .sage-host.link; mv -fT .sage-host.link sage-host
"""
"""$1: the sha256 that must arrive on stdin. The link is switched last, at once.

Beside the archive lies the same unpacked and compiled by the board's own Python, which differs from board to board: a
third of a probe's time was compiling. Where that fails, the archive does it alone.
"""
