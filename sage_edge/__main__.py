"""`python -m sage_edge` is `sage-edge`."""

import sys

from sage_edge.cli import main

if __name__ == "__main__":
    sys.exit(main(prog_name="sage-edge"))
