"""`python -m sage_edge.models.seedling INTO CACHE`: grow the seedling anew into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from sage_edge.models.seedling.rebuild import rebuild

if __name__ == "__main__":
    rebuild(Path(sys.argv[1]), cache=Path(sys.argv[2]))
