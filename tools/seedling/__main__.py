"""Train the seedling into a folder: `python -m tools.seedling INTO CACHE`."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.seedling.rebuild import rebuild

if __name__ == "__main__":
    rebuild(Path(sys.argv[1]), cache=Path(sys.argv[2]))
