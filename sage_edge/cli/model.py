"""`sage-edge model`: one module for what belongs together, imported when it is asked for."""

from __future__ import annotations

import click

from sage_edge.cli.lazy_group import CommandPlace, Lazy

PLACES = {
    "bench": CommandPlace("model_bench", "Measure how fast a model answers here: load, first token, tokens, memory."),
    "gc": CommandPlace("model_store", "Show what the store holds and nothing names, and remove it when told to.", "gc"),
    "import": CommandPlace("model_store", "Copy a folder's model into the store under a declared name.", "import_"),
    "inspect": CommandPlace("model_inspect", "Say what a folder or a file is, without loading it.", "inspect"),
    "list": CommandPlace(
        "model_list", "List every model that is declared or here, and whether it can be loaded.", "list_"
    ),
    "lock": CommandPlace("model_store", "Show what would change in fleet/models.lock, then change it.", "lock"),
    "prepare": CommandPlace(
        "model_prepare", "Fetch, merge, convert, quantise, prove and lock what is missing of a model."
    ),
    "pull": CommandPlace(
        "model_prepare", "Fetch the files that a model is made of, and make nothing of them yet.", "pull"
    ),
    "rm": CommandPlace("model_store", "Show what giving models up would free, then give them up.", "rm"),
    "show": CommandPlace(
        "model_list", "Show a model's card, its lock, its files, and why it cannot be loaded here.", "show"
    ),
    "verify": CommandPlace("model_store", "Hold models against their lock, their listing and their files.", "verify"),
}


@click.group(cls=Lazy, places=PLACES, help="The models on this machine.")
def command() -> None:
    """Group of the model commands."""
