"""What a stranger searches for: one meaning for each type name, names that say what they hold, modules that are nouns.

`python -m tests.vocabulary [ROOM …]` prints every breach, so that a room can be put in order by its list.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from tests.house import Source, load

ROOT = Path(__file__).parents[1]
VAGUE = frozenset({"found", "told", "said", "made", "one"})
"""Names that say how a value came about, or nothing at all, instead of what it is."""
PUBLISHED = frozenset({("legacy/report.py", "found"), ("records/legacy.py", "found")})
"""Keys of published formats, which keep their names."""


def types(sources: Sequence[Source]) -> dict[str, list[str]]:
    """Return each public type name of the package with the files that define it; only those with more than one."""
    places: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        for node in source.tree.body:
            if name := _type_name(node):
                places[name].append(source.path)
    return {name: files for name, files in sorted(places.items()) if len(files) > 1}


def _type_name(node: ast.stmt) -> str:
    """The public name of a class or of a type alias that a statement defines; empty for every other statement."""
    name = ""
    if isinstance(node, ast.ClassDef):
        name = node.name
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        name = node.target.id if "TypeAlias" in ast.unparse(node.annotation) else ""
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id if _is_alias(node.targets[0].id, node.value) else ""
    return "" if name.startswith("_") else name


def _is_alias(name: str, value: ast.expr) -> bool:
    """Whether `Name = Callable[…]` or the like names a type."""
    return name[:1].isupper() and not name.isupper() and isinstance(value, ast.Subscript | ast.BinOp)


def vague(source: Source) -> list[str]:
    """Return every place where a name is bound that does not say what it holds."""
    return [
        source.at(node, f"'{name}' does not say what it holds (one of VAGUE): name the thing, such as `reply`")
        for node, name in _bound(source.tree)
        if name in VAGUE and (source.path, name) not in PUBLISHED
    ]


def _bound(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id
        elif isinstance(node, ast.arg):
            yield node, node.arg


def moods(sources: Sequence[Source]) -> list[str]:
    """Return every module that is named by a bare -ing form."""
    stems = ((source.path, PurePosixPath(source.path).stem) for source in sources)
    return sorted(path for path, stem in stems if stem.endswith("ing") and "_" not in stem)


def _print(rooms: Sequence[str]) -> None:
    sources = load(ROOT / "sage_edge")
    mine = [source for source in sources if not rooms or source.room in rooms]
    for name, files in types(sources).items():
        if any(source.path in files for source in mine):
            print(f"type {name}: {', '.join(files)}")
    for source in mine:
        print(*vague(source), sep="\n", end="\n" if vague(source) else "")
    print(*moods(mine), sep="\n")


if __name__ == "__main__":
    _print(sys.argv[1:])
