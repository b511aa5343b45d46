"""Lets `pip download` take a source archive as it is: its metadata are those that it carries, and nothing is built.

pip asks the build backend of each source archive for metadata, in a process of its own, and installs for that all that
the backend needs. This stands in for any backend there: python reads it because its folder is on PYTHONPATH.
"""

from __future__ import annotations

import os
import re
import sys
from email import message_from_bytes
from pathlib import Path
from types import ModuleType
from typing import Any


class PlainBackend(ModuleType):
    """A backend that answers with the PKG-INFO of the archive, which lies in the folder where pip starts it."""

    def get_requires_for_build_wheel(self, config_settings: Any = None) -> list[str]:
        """Return that nothing is needed."""
        return []

    def prepare_metadata_for_build_wheel(self, metadata_directory: str, config_settings: Any = None) -> str:
        """Write METADATA, and WHEEL which pip looks for; return the folder's name."""
        own = Path("PKG-INFO").read_bytes()
        fields = message_from_bytes(own)
        name = re.sub(r"[^a-z0-9]+", "_", fields["Name"].lower())
        folder = Path(metadata_directory) / f"{name}-{fields['Version']}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_bytes(own)
        (folder / "WHEEL").write_text("Wheel-Version: 1.0\n", "utf-8")
        return folder.name


for _key in ("_PYPROJECT_HOOKS_BUILD_BACKEND", "PEP517_BUILD_BACKEND"):  # pip 23.1 and later, and before
    if _backend := os.environ.get(_key):
        _parts = _backend.partition(":")[0].split(".")
        for _end in range(1, len(_parts) + 1):
            sys.modules[".".join(_parts[:_end])] = PlainBackend(_backend)
