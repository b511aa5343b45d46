"""Detects configs that want code of the model's own to be run; such a model is refused."""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.json_limits import UntrustedJson

_PEFT_FROM = "transformers."


def requests(file: str, config: Mapping[str, UntrustedJson]) -> tuple[str, ...]:
    """Say where a config wants code of its own to be run: `auto_map`, `trust_remote_code`, PEFT's `auto_mapping`.

    PEFT imports the module that `auto_mapping.parent_library` names; one of transformers' own is what PEFT writes.
    """
    requested = []
    if config.get("auto_map"):
        requested.append(f"{file} wants code of its own to be run (auto_map)")
    if config.get("trust_remote_code"):
        requested.append(f"{file} wants code of its own to be run (trust_remote_code)")
    mapping = config.get("auto_mapping")
    if mapping is not None and not _is_peft(mapping):
        requested.append(f"{file} wants code of its own to be run (auto_mapping {short(mapping)})")
    inner = [(f"{key}", value) for key, value in config.items() if isinstance(value, dict) and key.endswith("config")]
    for key, value in inner:
        requested += requests(f"{file}: {key[:40]}", value) if isinstance(value, dict) else ()
    return tuple(requested)


def _is_peft(mapping: UntrustedJson) -> bool:
    library = mapping.get("parent_library") if isinstance(mapping, dict) else None
    return isinstance(library, str) and library.startswith(_PEFT_FROM)
