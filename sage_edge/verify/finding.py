"""What one check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One verdict with its reason. found: what was measured, or why nothing was; remedy: what to do, for people."""

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""
