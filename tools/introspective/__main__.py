"""Train the introspective adapter into a folder: `python -m tools.introspective INTO [--steps N] [--base FOLDER]`.

The base is prepared first, into the store that SAGE_MODELS names; --base: a folder of it that is here already.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from sage_edge.models.store.store import Store
from sage_edge.paths import Paths
from tools.introspective.rebuild import rebuild
from tools.introspective.recipe import BASE, IntrospectiveRecipe

_STEPS_FOR_A_CHECK = 20


def _main() -> int:
    parser = argparse.ArgumentParser(prog="tools.introspective")
    parser.add_argument("into", type=Path)
    parser.add_argument("--steps", type=int, default=IntrospectiveRecipe().lora.steps)
    parser.add_argument("--base", type=Path)
    asked = parser.parse_args()
    recipe = IntrospectiveRecipe()
    few = {"steps": asked.steps, "checks": min(recipe.lora.checks, max(1, asked.steps // _STEPS_FOR_A_CHECK))}
    lora = type(recipe.lora).model_validate({**recipe.lora.model_dump(), **few})
    place = Paths.from_env(os.environ, Path.cwd())
    base = asked.base
    if base is None:
        code = subprocess.call([sys.executable, "-m", "sage_edge", "model", "prepare", BASE, "--yes"])
        manifest = Store(place.models).manifest(BASE)
        if code or manifest is None:
            return code or 1
        base = Store(place.models).tree(manifest)
    rebuild(base, asked.into, recipe=replace(recipe, lora=lora))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
