"""Libraries that tests need, looked for and not loaded: every process that collects tests would wait for torch."""

from __future__ import annotations

import importlib.util

import pytest


def need(*libraries: str) -> None:
    """Skip the module that calls this where a library is not installed."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed", allow_module_level=True)
