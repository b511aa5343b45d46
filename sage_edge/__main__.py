"""`python -m sage_edge` is `sage-edge`."""

from sage_edge.cli import main

if __name__ == "__main__":
    main(prog_name="sage-edge")
