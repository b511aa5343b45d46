"""`sage-edge model`: one module for what belongs together, imported when it is asked for."""

from __future__ import annotations

import click

from sage_edge.cli.lazy_group import Lazy, Place

PLACES = {
    "gc": Place("keeping", "Show what the store holds and nothing names, and remove it when told to.", "gc"),
    "import": Place("keeping", "Copy a folder's model into the store under a declared name.", "import_"),
    "inspect": Place("inspection", "Say what a folder or a file is, without loading it.", "inspect"),
    "list": Place("shelves", "List every model that is declared or here, and whether it can be loaded.", "list_"),
    "lock": Place("keeping", "Show what would change in fleet/models.lock, then change it.", "lock"),
    "prepare": Place("preparation", "Fetch, merge, convert, quantise, prove and lock what is missing of a model."),
    "show": Place("shelves", "Show a model's card, its lock, its files, and why it cannot be loaded here.", "show"),
    "verify": Place("keeping", "Hold models against their lock, their listing and their files.", "verify"),
}


@click.group(cls=Lazy, places=PLACES, help="The models on this machine.")
def command() -> None:
    """Group of the model commands."""
