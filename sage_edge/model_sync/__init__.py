"""Copying models between this machine's store and a board's."""
