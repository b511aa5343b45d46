"""Reads where an adapter says that its base is; only to be shown, it may name a folder of another machine."""

from __future__ import annotations

from pathlib import Path

from sage_edge.models.errors import HeaderBroken
from sage_edge.models.inspect import json_limits
from sage_edge.models.inspect.adapter import base


def where_it_points(config: Path) -> str:
    """Return `base_model_name_or_path` of an adapter_config.json, for people; what it has instead when it has none."""
    try:
        return base(json_limits.read(config)).written[:200] or "nothing"
    except (OSError, HeaderBroken):
        return "an adapter_config.json that cannot be read"
