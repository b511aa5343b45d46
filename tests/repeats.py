"""Equal runs of lines that stand in two places: what is written twice is mended once.

`python -m tests.repeats [LINES]` prints every run longer than that, 12 unless said.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST = 12
"""How many equal lines may stand in two places."""

Numbered = Sequence[tuple[int, str]]
"""Lines that count, each with its number in the file."""


@dataclass(frozen=True)
class Repeat:
    """One run of equal lines: in which two files, from which line on, and how many."""

    first: tuple[str, int]
    second: tuple[str, int]
    lines: int

    def __str__(self) -> str:
        return f"{self.first[0]}:{self.first[1]}: {self.lines} equal lines in {self.second[0]}:{self.second[1]}"


def counted(text: str) -> Numbered:
    """Return the lines of a file that count: neither blank, nor a comment, nor an import."""
    stripped = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in stripped if line and not line.startswith(("#", "import ", "from "))]


def repeats(texts: Mapping[str, str], most: int = MOST) -> list[Repeat]:
    """Return every run of more than `most` equal lines that stands in two places, the longest form of each once."""
    files = {name: counted(text) for name, text in texts.items()}
    places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for name, lines in files.items():
        for start, window in _windows(lines, most + 1):
            places[window].append((name, start))
    pairs = [(spots[0], spot) for spots in places.values() for spot in spots[1:]]
    return sorted(_grown(files, pairs, most + 1), key=str)


def _windows(lines: Numbered, size: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    for start in range(len(lines) - size + 1):
        yield start, tuple(line for _, line in lines[start : start + size])


def _grown(
    files: Mapping[str, Numbered], pairs: Sequence[tuple[tuple[str, int], tuple[str, int]]], size: int
) -> Iterator[Repeat]:
    """Join windows that follow each other in both files into one run."""
    known = set(pairs)
    for (one, at), (other, there) in pairs:
        if ((one, at - 1), (other, there - 1)) in known:
            continue
        length = size
        while ((one, at + length - size + 1), (other, there + length - size + 1)) in known:
            length += 1
        yield Repeat((one, files[one][at][0]), (other, files[other][there][0]), length)


def sources(root: Path) -> dict[str, str]:
    """Return what ships or makes what ships: the package, tools, images, the door."""
    paths = [
        root / "tasks.py",
        *(path for name in ("sage_edge", "tools", "images") for path in (root / name).rglob("*")),
    ]
    kept = (path for path in paths if path.suffix == ".py" or path.name == "Dockerfile")
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in sorted(kept)}


if __name__ == "__main__":
    print(*repeats(sources(ROOT), int(sys.argv[1]) if len(sys.argv) > 1 else MOST), sep="\n")
