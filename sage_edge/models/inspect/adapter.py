"""Adapters: what their config says of the base they were trained on, and whether their own tensors hold together.

A base that is a path means another folder on every machine; the seeds' adapters pointed at `./fine_tuned_model/…` and
into another user's home. So a path is never followed: the card names the base, and the path is only reported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from sage_edge.models.inspect import Tensor
from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.json_limits import UntrustedJson

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_HUB = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
_LORA = re.compile(r"(?P<stem>.+)\.(?:lora_(?P<side>[AB]|embedding_[AB]))(?:\.weight)?")
_MOST_RANK = 4_096
_MOST_NAMED = 3


@dataclass(frozen=True)
class AdapterBase:
    """The base that an adapter config names.

    kind: `hub` owner/name · `absolute` a path of one machine · `relative` a path from wherever it ran · `none`.
    is_here: whether an absolute path is a folder on this machine.
    """

    written: str
    kind: Literal["hub", "absolute", "relative", "none"]
    is_here: bool = False

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
    return AdapterBase(written, "hub" if _HUB.fullmatch(written) else "relative")


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # too long, or with a NUL inside
        return False


def disagreements(config: Mapping[str, UntrustedJson], tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Say where an adapter's tensors are not those of its config: rank, pairs, target modules. LoRA only."""
    if config.get("peft_type") != "LORA":
        return (f"its adapter is of the kind {short(config.get('peft_type'))}; LORA is known here",)
    rank = config.get("r")
    if type(rank) is not int or not 1 <= rank <= _MOST_RANK:
        return (f"its adapter_config.json says r = {short(rank)}, expected a whole number from 1 to {_MOST_RANK}",)
    pairs: dict[str, dict[str, Tensor]] = {}
    others = 0
    for name, tensor in tensors.items():
        if match := _LORA.fullmatch(name):
            pairs.setdefault(match["stem"], {})[match["side"][-1]] = tensor
        else:
            others += 1
    if not pairs:
        return ("it holds no LoRA matrices",)
    faults = [fault for stem, sides in pairs.items() for fault in _pair(stem, sides, config, rank)]
    if others and not config.get("modules_to_save"):
        faults.append(f"it holds {others} tensors that belong to no LoRA pair")
    return tuple(faults[:_MOST_NAMED])


def _pair(stem: str, sides: Mapping[str, Tensor], config: Mapping[str, UntrustedJson], rank: int) -> list[str]:
    if set(sides) != {"A", "B"}:
        return [f"{stem[:80]} has lora_{next(iter(sides))} only"]
    a, b = sides["A"], sides["B"]
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[0] != b.shape[1]:
        return [f"{stem[:80]} has lora_A {list(a.shape)} and lora_B {list(b.shape)}, which cannot be multiplied"]
    faults = []
    if a.shape[0] != rank and not config.get("rank_pattern"):
        faults.append(f"{stem[:80]} has rank {a.shape[0]}, its config says {rank}")
    targets = config.get("target_modules")
    if isinstance(targets, list) and not any(_ends(stem, target) for target in targets):
        faults.append(f"{stem[:80]} is not among the target_modules")
    return faults


def _ends(stem: str, target: UntrustedJson) -> bool:
    return isinstance(target, str) and (stem == target or stem.endswith(f".{target}"))
