"""What the house forbids, as functions over parsed files: `test_house.py` runs them over `sage_edge`.

Every function returns sentences, one per breach, `file:line: what`; an empty list is a pass. They read code with `ast`,
so an import inside a function or under TYPE_CHECKING counts like any other.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

PACKAGE = "sage_edge"
LONGEST = 400

FLOORS: Mapping[str, int] = {
    room: floor
    for floor, rooms in enumerate(
        (
            (
                "errors hints names kernel_clock clock clock_trust files locks paths shell sizes ssh_log sanitize "
                "ssh_refusals declared sampling output system_refusal"
            ),
            "inventory records models",
            "mind scorers curriculum engines exchange legacy remote trials",
            "sessions analysis training bench serve verify image model_sync window",
            "agent deploy",
            "cli demo workstation sim __main__",
        )
    )
    for room in rooms.split()
}
GROUND, ROOF = 0, 5
PARTS: Mapping[str, tuple[str, ...]] = {
    # a part may import those before it; what stands in one line are files that may import each other
    "models": (
        "errors manifest card_sources card lock shipped_card sandbox seedling",
        "store",
        "prompt",
        "inspect",
        "download",
        "prepare",
        "cards",
        "resolve",
        "model_inventory",
    ),
}
"""Rooms of many parts, and the order in which these stand."""
OUTSIDE = {"host": -1}
"""Rooms below the ground: they run on another machine's own Python and know nothing of the house."""
FLOORS = {**FLOORS, **OUTSIDE}

_SSH = ("remote/ssh/handshake.py", "remote/ssh/identities.py", "remote/ssh/client.py")
_TENSORS = (
    "engines/transformers_*",
    "engines/omni.py",
    "models/prepare/merge.py",
    "models/prepare/dequantise.py",
    "training/*",
)
DOORS: Mapping[str, tuple[str, ...]] = {
    # the trainer of the seedling, tools/seedling, stands outside of the package
    "torch": _TENSORS,
    "transformers": _TENSORS,
    "peft": _TENSORS,
    "tokenizers": _TENSORS,
    "safetensors": _TENSORS,
    "llama_cpp": ("engines/llamacpp.py", "models/inspect/gguf_model.py"),
    "huggingface_hub": ("models/download/hub.py",),
    # what httpx2 stands on: an engine needs its deadlines, a gateway before a neighbour nothing but requests
    "httpcore2": ("engines/openai_transport.py", "serve/upstream.py"),
    "httpx2": ("engines/openai_*", "models/download/hub.py"),  # what huggingface_hub itself speaks through
    "gguf": ("bench/random_weights.py",),
    "fabric": ("remote/ssh/handshake.py",),
    "paramiko": _SSH,  # fabric cannot decide on host keys, order ours or name its errors without it
    "docker": ("image/engine.py",),
    "pyarrow": ("analysis/dataset/parquet.py",),
    "matplotlib": ("analysis/plots/*",),
    "scipy": ("analysis/statistics/*",),
    "diptest": ("analysis/statistics/*",),
    "starlette": ("serve/gateway.py", "serve/questions.py"),
    "uvicorn": ("serve/listener.py",),
    "prometheus_client": ("serve/accounts.py",),
    "jinja2": ("analysis/report/page.py", "models/prompt/*"),
}
_HOMES = re.compile(r"/home/|/Users/|/root\b|(^|[\s\"'=:])~/|(^|[\s\"'=:])~$")
_VERSIONED = re.compile(r"(_v\d+|_?\d+\.\d+|_(old|new|final|copy|backup))$|(?<=[a-z_])\d+$")
_DRAWERS = {"utils", "util", "common", "helpers", "helper", "core", "misc", "base_utils"}
_PROMISE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


@dataclass(frozen=True)
class Source:
    """One Python file. `path` is relative to the package, with slashes: `records/base.py`."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        """The room or ground module it belongs to; empty for the package's own `__init__.py`."""
        first = PurePosixPath(self.path).parts[0].removesuffix(".py")
        return "" if first == "__init__" else first

    @property
    def module(self) -> str:
        """Its dotted name."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join((PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)))

    def at(self, node: ast.AST, what: str) -> str:
        """Return one sentence about a place in this file."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


def load(folder: Path) -> list[Source]:
    """Return every Python file of a folder, sorted."""
    return [Source(p.relative_to(folder).as_posix(), p.read_text("utf-8")) for p in sorted(folder.rglob("*.py"))]


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield every dotted name that a file imports, wherever it stands; an unknown one is `?`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            first = node.args[0] if node.args else None
            known = isinstance(first, ast.Constant) and isinstance(first.value, str)
            yield node, str(first.value) if known and isinstance(first, ast.Constant) else "?"


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    is_package = PurePosixPath(source.path).name == "__init__.py"
    keep = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join((*keep, *filter(None, [node.module])))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _room_of(name: str) -> str | None:
    """The room that a dotted name lies in; None when it is not ours, or only the package itself."""
    parts = name.split(".")
    if parts[0] != PACKAGE or len(parts) < 2 or (parts[1].startswith("__") and parts[1] != "__main__"):
        return None
    return parts[1]


def floors(sources: Sequence[Source]) -> list[str]:
    """Imports go down, never up, never sideways; the ground may use the ground."""
    faults = []
    for source in sources:
        if source.room and source.room not in FLOORS:
            faults.append(f"{source.path}:1: '{source.room}' has no floor; give it one in design §3 and tests/house.py")
            continue
        for node, name in imports(source):
            target = _room_of(name)
            if name == "?" and FLOORS.get(source.room) != ROOF:
                faults.append(source.at(node, "imports a module whose name is not written here"))
            if target is None or target == source.room:
                continue
            if not source.room:
                faults.append(source.at(node, f"the package itself imports {target}"))
            elif target not in FLOORS:
                faults.append(source.at(node, f"imports {target}, which has no floor"))
            elif FLOORS[target] > FLOORS[source.room] or FLOORS[target] == FLOORS[source.room] not in (GROUND, ROOF):
                way = "up" if FLOORS[target] > FLOORS[source.room] else "sideways"
                faults.append(source.at(node, f"{source.room} imports {way}: {target}"))
    return faults


def part_order(sources: Sequence[Source], room: str, lines: Sequence[str] | None = None) -> list[str]:
    """Within a room of many parts, imports go one way, too."""
    ranks = {part: rank for rank, line in enumerate(lines or PARTS[room]) for part in line.split()}
    faults = []
    for source in sources:
        own = _part_of(source.module, room)
        if own is None:
            continue
        if own not in ranks:
            faults.append(f"{source.path}:1: '{own}' has no place in the order of {room}; name it in PARTS")
            continue
        for node, name in imports(source):
            target = _part_of(name, room)
            if target is not None and ranks.get(target, len(ranks)) > ranks[own]:
                faults.append(source.at(node, f"{room}/{own} imports {room}/{target}, which stands above it"))
    return faults


def _part_of(name: str, room: str) -> str | None:
    """The part of a room that a dotted name lies in; None outside of the room, and for the room itself."""
    parts = name.split(".")
    return parts[2] if parts[:2] == [PACKAGE, room] and len(parts) > 2 else None


def ground_cycles(sources: Sequence[Source]) -> list[str]:
    """Within the ground, imports form no circle."""
    edges: dict[str, set[str]] = {}
    for source in sources:
        if FLOORS.get(source.room) == GROUND:
            met = {_room_of(name) for _, name in imports(source)}
            edges.setdefault(source.room, set()).update(r for r in met if r and r != source.room)
    faults = []
    for start in sorted(edges):
        seen, todo = set(), list(edges[start])
        while todo:
            room = todo.pop()
            if room not in seen:
                seen.add(room)
                todo += edges.get(room, ())
        if start in seen:
            faults.append(f"{start}.py:1: the ground imports itself in a circle through {start}")
    return faults


def doors(sources: Sequence[Source]) -> list[str]:
    """Each supplier has one door."""
    faults = []
    for source in sources:
        for node, name in imports(source):
            allowed = DOORS.get(name.split(".")[0], ("*",))
            if not any(PurePosixPath(source.path).match(pattern) for pattern in allowed):
                faults.append(source.at(node, f"{name.split('.')[0]} belongs to {' and '.join(allowed)}"))
    return faults


def only_standard(sources: Sequence[Source], ours: frozenset[str], why: str) -> list[str]:
    """These files import the standard library and the dotted names `ours`, nothing else."""
    faults = []
    for source in sources:
        for node, name in imports(source):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or any(f"{name}.".startswith(f"{our}.") for our in ours):
                continue
            faults.append(source.at(node, f"{why} imports {name}"))
    return faults


def lengths(files: Mapping[str, int]) -> list[str]:
    """No file is longer than a person reads in one go."""
    return [f"{path}:{n}: {n} lines, at most {LONGEST}" for path, n in sorted(files.items()) if n > LONGEST]


def homes(source: Source) -> list[str]:
    """Nobody's home directory is named; `paths` alone knows folders."""
    if source.path == "paths.py":
        return []
    faults, notes = [], set(_docstrings(source.tree))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in notes:
            if _HOMES.search(node.value):
                faults.append(source.at(node, f"names a home directory: {node.value!r:.60}"))
        elif isinstance(node, ast.Attribute) and node.attr in ("home", "expanduser") and _is_path(node):
            faults.append(source.at(node, f"asks for a home directory with {node.attr}"))
    return faults


def _is_path(node: ast.Attribute) -> bool:
    return node.attr == "expanduser" or (isinstance(node.value, ast.Name) and node.value.id in ("Path", "PosixPath"))


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def names(source: Source) -> list[str]:
    """A file is named after a thing, not after a drawer or a version."""
    faults = []
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if _VERSIONED.search(part):
            faults.append(f"{source.path}:1: '{part}' carries a version; git has versions")
        if part in _DRAWERS:
            faults.append(f"{source.path}:1: '{part}' is a drawer; name what is in it")
    return faults


def prints(source: Source) -> list[str]:
    """Only the roof speaks."""
    if FLOORS.get(source.room) == ROOF:
        return []
    calls = (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))
    return [
        source.at(node, "prints; only the roof does")
        for node in calls
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def broad_excepts(source: Source) -> list[str]:
    """Whoever catches everything says on that line why."""
    said = dict(_comments(source.text))
    faults = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            reason = re.sub(
                r"noqa(: ?[A-Z]+\d+(, ?[A-Z]+\d+)*)?|type: ignore(\[[\w,-]+\])?|#", "", said.get(node.lineno, "")
            )
            if len(reason.split()) < 2:
                faults.append(source.at(node, "catches everything without a reason on the line"))
    return faults


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or (isinstance(caught, ast.Name) and caught.id == "Exception")


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def promises(source: Source) -> list[str]:
    """What is not done is an issue, not a comment."""
    lines = enumerate(source.text.splitlines(), start=1)
    return [f"{source.path}:{number}: {found[0]}" for number, line in lines if (found := _PROMISE.search(line))]


def docstrings(source: Source) -> list[str]:
    """Modules, public classes and public functions say what they are; a variant of a class above it need not."""
    faults = [] if ast.get_docstring(source.tree) or not source.tree.body else [f"{source.path}:1: has no docstring"]
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    things = [node for node in source.tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    told = {node.name for node in things if ast.get_docstring(node)}
    for node in things:
        variant = isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") in told for base in node.bases)
        if node.name not in told and not variant:
            faults.append(source.at(node, f"{node.name} has no docstring"))
    return faults
