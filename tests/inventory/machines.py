"""Machines as they would be measured, and folders as they would be found; nothing here measures anything."""

from __future__ import annotations

from pathlib import Path

from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.paths import Paths

FLEET = Path(__file__).parents[2] / "fleet"
CASES = Path(__file__).parents[1] / "cases" / "boards"

ORIN_NANO = BoardFacts(
    "aarch64", "36.4.7", None, "tegra234", "NVIDIA Jetson Orin Nano Developer Kit", "p3767-0005", 7_989_514_240
)
AGX_THOR = BoardFacts(
    "aarch64", "38.4.0", None, "tegra264", "NVIDIA Jetson AGX Thor Developer Kit", "p3834-0008", 131_919_241_216
)
LAPTOP = BoardFacts("x86_64", None, None, None, None, None, 16_000_000_000)


def paths_in(folder: Path, fleet: Path = FLEET) -> Paths:
    """Paths of a process whose card, state and models lie below `folder`."""
    return Paths(
        fleet=fleet,
        card=folder / "host.yaml",
        state=folder / "state",
        models=folder / "models",
        facts_root=folder / "root",
    )


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below a folder with its time of change and content."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }
