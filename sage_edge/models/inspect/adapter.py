"""Adapters: what their config says of the base they were trained on.

A base that is a path means another folder on every machine; the seeds' adapters pointed at `./fine_tuned_model/…` and
into another user's home. So a path is never followed: the card names the base, and the path is only reported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from sage_edge.models.inspect.json_limits import UntrustedJson

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")


@dataclass(frozen=True)
class AdapterBase:
    """The base that an adapter config names.

    kind: `hub` owner/name · `absolute` a path of one machine · `relative` a path from wherever it ran · `none`.
    is_here: whether an absolute path is a folder on this machine. revision: the hub's commit, 40 hex digits, if said.
    """

    written: str
    kind: Literal["hub", "absolute", "relative", "none"]
    is_here: bool = False
    revision: str | None = None

    @property
    def name(self) -> str:
        """What to call it: the whole hub name, or the last part of a path."""
        return self.written if self.kind == "hub" else re.split(r"[/\\]", self.written.rstrip("/\\"))[-1] or "unknown"

    @property
    def fault(self) -> str | None:
        """Why nobody can follow it; None for a name on the hub."""
        if self.kind == "hub":
            return None
        if self.kind == "none":
            return "its adapter_config.json names no base"
        if self.kind == "relative":
            return f"its base is the relative path {self.written[:200]!r}, which means another folder everywhere"
        where = "that only this machine has" if self.is_here else "which is not on this machine"
        return f"its base is the absolute path {self.written[:200]!r}, {where}"


def base(config: Mapping[str, UntrustedJson]) -> AdapterBase:
    """Return what `base_model_name_or_path` says, judged by its form alone."""
    written = config.get("base_model_name_or_path")
    if not isinstance(written, str) or not written.strip():
        return AdapterBase("", "none")
    if written[0] in "/~\\" or PureWindowsPath(written).drive:
        return AdapterBase(written, "absolute", is_here=written.startswith("/") and _is_folder(written))
    if not _HUB.fullmatch(written):
        return AdapterBase(written, "relative")
    revision = config.get("revision")
    is_commit = isinstance(revision, str) and _COMMIT.fullmatch(revision) is not None
    return AdapterBase(written, "hub", revision=str(revision) if is_commit else None)


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # too long, or with a NUL inside
        return False
