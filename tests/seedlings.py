"""Overlays of a copied fleet that speaks with the seedling, which comes with the code and answers at once.

What is shipped names a real model; the tests of containers and boards need no model's words, and fetch nothing.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from sage_edge.names import ModelRef

SEEDLING = ModelRef("sage/seedling:q8_0")
_SHIPPED = Path(__file__).parents[1] / "fleet"
_CONTEXT = 1_024  # all that it was trained on


def fleet(into: Path, *overlays: str) -> Path:
    """Copy the fleet to a folder, with the seedling in these overlays, and return the folder."""
    shutil.copytree(_SHIPPED, into)
    put_into(into, *overlays)
    return into


def put_into(fleet: Path, *overlays: str) -> None:
    """Put the seedling into these overlays of a copied fleet."""
    for name in overlays:
        path = fleet / "overlays" / f"{name}.yaml"
        content = yaml.safe_load(path.read_text("utf-8"))
        sprout = content["hosts"]["sprout"]
        sprout["model"] = str(SEEDLING)
        sprout["engine"]["context_tokens"] = _CONTEXT
        sprout["sampling"] = {"max_tokens": 96}
        content["hosts"]["thor"]["serve"] |= {"model": str(SEEDLING), "context_tokens": _CONTEXT}
        path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


def alone_in(images: Path) -> None:
    """Let a copied Sprout's CPU image bake nothing but the seedling."""
    path = images / "sprout" / "image.yaml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content["platforms"]["cpu"]["bake"] = [str(SEEDLING)]
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
