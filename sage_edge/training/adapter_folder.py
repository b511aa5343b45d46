"""An adapter's folder as PEFT reads it, written whole or not at all: the same weights, the same bytes.

<folder>/adapter_config.json         PEFT's settings; keys and target modules sorted, the base by its name
<folder>/adapter_model.safetensors   the LoRA pairs, in f16
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sage_edge import files
from sage_edge.models.inspect.adapter import CONFIG, WEIGHTS
from sage_edge.training.errors import TrainingError

if TYPE_CHECKING:
    import torch


def save(weights: Mapping[str, torch.Tensor], settings: Mapping[str, Any], folder: Path) -> Path:
    """Write an adapter into `folder` and return its path. Raises TrainingError where that holds something already.

    weights: by PEFT's names, any float type; f16 is a step of 0.1 % and finer than what training itself knows.
    """
    import torch
    from safetensors.torch import save_file

    if folder.exists():
        raise TrainingError(f"{folder.name} is there already", hint="choose another folder; nothing was written")
    files.make_folder(folder.parent)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        halves = {name: weight.detach().to(torch.float16).contiguous() for name, weight in sorted(weights.items())}
        save_file(halves, scratch / WEIGHTS, metadata={"format": "pt"})
        plain = {
            key: sorted(value) if isinstance(value, (set, frozenset)) else value for key, value in settings.items()
        }
        files.write_atomic(scratch / CONFIG, (json.dumps(plain, indent=2, sort_keys=True) + "\n").encode())
        (scratch / WEIGHTS).chmod(0o644)
        scratch.chmod(0o755)
        scratch.rename(folder)
        files.sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return folder
