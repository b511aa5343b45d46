"""What a machine is, measured, and where that contradicts a board's card. Host names prove nothing.

    <root>/etc/nv_tegra_release                    # R36 (release), REVISION: 4.7, …  → L4T 36.4.7
    <root>/proc/device-tree/model                  NVIDIA Jetson Orin Nano Developer Kit
    <root>/proc/device-tree/compatible             NUL-separated; the last one names the SoC: nvidia,tegra234
    <root>/proc/device-tree/nvidia,boardids        3767-0005-…             part number, optional evidence
    <root>/proc/device-tree/nvidia,dtsfilename     …+p3767-0005-nv.dts     the same
    <root>/proc/meminfo                            MemTotal: … kB

Nothing is guessed: a fact that cannot be read is unknown, and unknown contradicts (facts §1.3).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge.inventory.boards import Board, L4TVersion

RELEASE = "etc/nv_tegra_release"
TREE = "proc/device-tree"
MEMORY = "proc/meminfo"

_RELEASE_LINE = re.compile(r"# R(\d{1,4}) \(release\), REVISION: (\d{1,4}(?:\.\d{1,4}){0,2})(?:,.*)?")
# only the full form counts: older boards hold a bare 3448 in boardids. The module stands last in a dts file's
# name (carrier+module) and first in boardids
_BOARD_ID = re.compile(r"p?(\d{4}-\d{4})(?!\d)")
_DTS_MODULE = re.compile(r"\+p(\d{4}-\d{4})(?!\d)")
_MEMORY_LINE = re.compile(r"^MemTotal:\s+(\d{1,15}) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Facts:
    """What was measured below `root`. None: not there. memory_bytes 0: not readable.

    l4t_unreadable: what stands in the release file when that is no release. part_number: the first in `part_numbers`,
    which are (place, part number) of every source that names a module.
    """

    arch: str
    l4t: str | None
    l4t_unreadable: str | None
    soc: str | None
    model: str | None
    part_number: str | None
    memory_bytes: int
    part_numbers: tuple[tuple[str, str], ...] = ()
    root: Path = Path("/")


def measure(root: Path, arch: str | None = None) -> Facts:
    """Return the facts below `root` (`/` on a board); arch None: this machine's own."""
    l4t, unreadable = _release(root / RELEASE)
    parts = tuple(_parts(root))
    return Facts(
        arch=platform.machine() if arch is None else arch,
        l4t=l4t,
        l4t_unreadable=unreadable,
        soc=_soc(root),
        model=next(iter(_strings(root / TREE / "model")), None),
        part_number=parts[0][1] if parts else None,
        memory_bytes=_memory(root / MEMORY),
        part_numbers=parts,
        root=root,
    )


def _release(path: Path) -> tuple[str | None, str | None]:
    """Return (release, None), (None, what stands there instead), or (None, None) without a file."""
    try:
        with path.open("rb") as stream:
            line = stream.readline(400).decode("utf-8", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError as refused:
        return None, refused.strerror or "cannot be read"
    match = _RELEASE_LINE.fullmatch(line)
    return (f"{match[1]}.{match[2]}", None) if match else (None, line[:80] or "an empty line")


def _strings(path: Path) -> list[str]:
    """Return the NUL-terminated texts of a device-tree property, none if there is no such property."""
    try:
        with path.open("rb") as stream:
            content = stream.read(4096)
    except OSError:
        return []
    texts = (text.decode("utf-8", "replace").strip() for text in content.split(b"\0"))
    return [text for text in texts if text]


def _soc(root: Path) -> str | None:
    compatible = _strings(root / TREE / "compatible")
    return compatible[-1].rpartition(",")[2] if compatible else None


def _parts(root: Path) -> Iterator[tuple[str, str]]:
    for source, pattern in (("nvidia,boardids", _BOARD_ID), ("nvidia,dtsfilename", _DTS_MODULE)):
        for text in _strings(root / TREE / source)[:1]:
            if match := pattern.search(text):
                yield f"{TREE}/{source}", f"p{match[1]}"


def _memory(path: Path) -> int:
    try:
        match = _MEMORY_LINE.search(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return 0
    return int(match[1]) * 1024 if match else 0


def contradictions(facts: Facts, board: Board) -> tuple[str, ...]:
    """Return one sentence per fact that is not what the board's card expects; empty: this is such a board."""
    found = (*_arch(facts, board), *_l4t(facts, board), *_tree(facts, board), *_part(facts, board), *_ram(facts, board))
    return tuple(found)


def _arch(facts: Facts, board: Board) -> Iterator[str]:
    if facts.arch not in board.arch:
        yield f"the processor is {facts.arch}, {board.name} is {' or '.join(board.arch)}"


def _l4t(facts: Facts, board: Board) -> Iterator[str]:
    place = facts.root / RELEASE
    if facts.l4t_unreadable is not None:
        yield f"{place} names no Jetson Linux release: {facts.l4t_unreadable!r}"
    elif facts.l4t is None:
        if board.l4t is not None:
            yield f"{place} is missing, {board.name} has Jetson Linux {board.l4t}"
    elif board.l4t is None:
        yield f"{place} says Jetson Linux {facts.l4t}, {board.name} has none"
    elif not board.l4t.holds(L4TVersion(facts.l4t)):
        yield f"{place} says Jetson Linux {facts.l4t}, {board.name} has {board.l4t}"


def _tree(facts: Facts, board: Board) -> Iterator[str]:
    compatible, model = facts.root / TREE / "compatible", facts.root / TREE / "model"
    if board.soc and facts.soc not in board.soc:
        yield f"{compatible} {_says(facts.soc)}, {board.name} has the SoC {' or '.join(board.soc)}"
    if not board.soc and facts.soc is not None and facts.soc.startswith("tegra"):
        yield f"{compatible} {_says(facts.soc)}, {board.name} is no Tegra"
    # a Jetson whose SoC could not be read is still a Jetson
    expected = " or ".join(repr(part) for part in board.models)
    if board.models and not any(part in (facts.model or "") for part in board.models):
        yield f"{model} {_says(facts.model)}, {board.name} has {expected} in it"
    if not board.soc and "Jetson" in (facts.model or ""):
        yield f"{model} {_says(facts.model)}, {board.name} is no Jetson"


def _part(facts: Facts, board: Board) -> Iterator[str]:
    named = facts.part_numbers or ((((TREE, facts.part_number),)) if facts.part_number else ())
    for place, number in named:
        if board.part_numbers and number not in board.part_numbers:
            yield f"{facts.root / place} says {number}, {board.name} is {' or '.join(board.part_numbers)}"


def _ram(facts: Facts, board: Board) -> Iterator[str]:
    place = facts.root / MEMORY
    if facts.memory_bytes <= 0:
        yield f"{place} tells no MemTotal, {board.name} has {_mb(board.memory_bytes)} or more"
    elif facts.memory_bytes < board.memory_bytes:
        yield f"{place} says {_mb(facts.memory_bytes)}, {board.name} has {_mb(board.memory_bytes)} or more"


def _says(fact: str | None) -> str:
    return "tells nothing" if fact is None else f"says {fact!r}"


def _mb(count: int) -> str:
    return f"{count // 1_000_000} MB"
