"""What a machine is, measured, and where that contradicts a board's card. Host names prove nothing.

    <root>/etc/nv_tegra_release                    # R36 (release), REVISION: 4.7, …  → L4T 36.4.7
    <root>/proc/device-tree/model                  NVIDIA Jetson Orin Nano Developer Kit
    <root>/proc/device-tree/compatible             NUL-separated; the last one names the SoC: nvidia,tegra234
    <root>/proc/device-tree/nvidia,boardids        3767-0005-…             part number, optional evidence
    <root>/proc/device-tree/nvidia,dtsfilename     …+p3767-0005-nv.dts     the same
    <root>/proc/meminfo                            MemTotal: … kB, MemAvailable: … kB

Nothing is guessed: a fact that cannot be read is unknown, and unknown contradicts (facts §1.3).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge import sizes
from sage_edge.inventory.board_card import Board, L4TVersion

RELEASE = "etc/nv_tegra_release"
TREE = "proc/device-tree"
MEMORY = "proc/meminfo"
_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d{1,15}) kB$", re.MULTILINE)
SOURCES = (
    RELEASE,
    f"{TREE}/model",
    f"{TREE}/compatible",
    f"{TREE}/nvidia,boardids",
    f"{TREE}/nvidia,dtsfilename",
    MEMORY,
)
"""Every file that a board is known by, below its root."""

_RELEASE_LINE = re.compile(r"# R(\d{1,4}) \(release\), REVISION: (\d{1,4}(?:\.\d{1,4}){0,2})(?:,.*)?")
# only the full form counts: older boards hold a bare 3448 in boardids. The module stands last in a dts file's
# name (carrier+module) and first in boardids
_BOARD_ID = re.compile(r"p?(\d{4}-\d{4})(?!\d)")
_DTS_MODULE = re.compile(r"\+p(\d{4}-\d{4})(?!\d)")
_MEMORY_LINE = re.compile(r"^MemTotal:\s+(\d{1,15}) kB$", re.MULTILINE)


@dataclass(frozen=True)
class BoardFacts:
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


def measure(root: Path, arch: str | None = None) -> BoardFacts:
    """Return the facts below `root` (`/` on a board); arch None: this machine's own."""
    texts = {name: _read(root / name, tells_why=name == RELEASE) for name in SOURCES}
    return measured(texts, platform.machine() if arch is None else arch, root)


def measured(texts: Mapping[str, str | None], arch: str, root: Path = Path("/")) -> BoardFacts:
    """Return the facts that files hold: path below the root → its text, None where there is no such file.

    A release file that cannot be read is one that holds what was wrong instead of a release.
    """
    l4t, unreadable = _release(texts.get(RELEASE))
    parts = tuple(_parts(texts))
    return BoardFacts(
        arch=arch,
        l4t=l4t,
        l4t_unreadable=unreadable,
        soc=_soc(texts),
        model=next(iter(_strings(texts.get(f"{TREE}/model"))), None),
        part_number=parts[0][1] if parts else None,
        memory_bytes=_memory(texts.get(MEMORY)),
        part_numbers=parts,
        root=root,
    )


def _read(path: Path, *, tells_why: bool) -> str | None:
    """The first 8 KiB of a file, None without one; where it cannot be read, why, if that is wanted."""
    try:
        with path.open("rb") as stream:
            return stream.read(8192).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as refused:
        return (refused.strerror or "cannot be read") if tells_why else None


def _release(text: str | None) -> tuple[str | None, str | None]:
    """Return (release, None), (None, what stands there instead), or (None, None) without a file."""
    if text is None:
        return None, None
    line = text.partition("\n")[0][:400].strip()
    match = _RELEASE_LINE.fullmatch(line)
    return (f"{match[1]}.{match[2]}", None) if match else (None, line[:80] or "an empty line")


def _strings(text: str | None) -> list[str]:
    """Return the NUL-terminated texts of a device-tree property, none if there is no such property."""
    values = (value.strip() for value in (text or "")[:4096].split("\0"))
    return [value for value in values if value]


def _soc(texts: Mapping[str, str | None]) -> str | None:
    compatible = _strings(texts.get(f"{TREE}/compatible"))
    return compatible[-1].rpartition(",")[2] if compatible else None


def _parts(texts: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    for source, pattern in (("nvidia,boardids", _BOARD_ID), ("nvidia,dtsfilename", _DTS_MODULE)):
        for text in _strings(texts.get(f"{TREE}/{source}"))[:1]:
            if match := pattern.search(text):
                yield f"{TREE}/{source}", f"p{match[1]}"


def _memory(text: str | None) -> int:
    match = _MEMORY_LINE.search(text or "")
    return int(match[1]) * 1024 if match else 0


def available_memory(root: Path) -> int | None:
    """Return the bytes that a program could still get, None where nobody says."""
    try:
        match = _AVAILABLE.search((root / MEMORY).read_text("utf-8", errors="replace"))
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None


def contradictions(facts: BoardFacts, board: Board) -> tuple[str, ...]:
    """Return one sentence per fact that is not what the board's card expects; empty: this is such a board."""
    return (*_arch(facts, board), *_l4t(facts, board), *_tree(facts, board), *_part(facts, board), *_ram(facts, board))


def _arch(facts: BoardFacts, board: Board) -> Iterator[str]:
    if facts.arch not in board.arch:
        yield f"the processor is {facts.arch}, {board.name} is {' or '.join(board.arch)}"


def _l4t(facts: BoardFacts, board: Board) -> Iterator[str]:
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


def _tree(facts: BoardFacts, board: Board) -> Iterator[str]:
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


def _part(facts: BoardFacts, board: Board) -> Iterator[str]:
    named = facts.part_numbers or ((((TREE, facts.part_number),)) if facts.part_number else ())
    for place, number in named:
        if board.part_numbers and number not in board.part_numbers:
            yield f"{facts.root / place} says {number}, {board.name} is {' or '.join(board.part_numbers)}"


def _ram(facts: BoardFacts, board: Board) -> Iterator[str]:
    place, expected = facts.root / MEMORY, f"{board.name} has {sizes.text(board.memory_bytes)} or more"
    if facts.memory_bytes <= 0:
        yield f"{place} tells no MemTotal, {expected}"
    elif facts.memory_bytes < board.memory_bytes:
        yield f"{place} says {sizes.text(facts.memory_bytes)}, {expected}"


def _says(fact: str | None) -> str:
    return "tells nothing" if fact is None else f"says {fact!r}"
