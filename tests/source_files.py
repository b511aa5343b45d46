"""The files of the source as syntax: what names stand for in each, and what functions give back."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, eq=False)
class Element:
    """One place of a tuple that is unpacked. each: the tuples come one by one, out of a loop."""

    of: ast.expr
    index: int
    each: bool = False


Expression: TypeAlias = "ast.AST | Element"
Function: TypeAlias = "tuple[ast.FunctionDef, Module]"


def last(node: ast.AST) -> str:
    """Return the last name of a dotted one, also where it is called or looked into."""
    if isinstance(node, ast.Call):
        return last(node.func)
    if isinstance(node, ast.Subscript):
        return last(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True, eq=False)
class Module:
    """One file of the source, and what its names stand for. path: from the repository."""

    path: str
    tree: ast.Module

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    @cached_property
    def constants(self) -> dict[str, Expression]:
        return dict(itertools.chain.from_iterable(map(_given, self.tree.body)))

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        return {
            alias.asname or alias.name: (node.module, alias.name)
            for node, _ in self.nodes
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }

    @cached_property
    def nodes(self) -> list[tuple[ast.AST, ast.FunctionDef | None]]:
        """Every call, class, function and import, each with the function around it."""
        held: list[tuple[ast.AST, ast.FunctionDef | None]] = []
        _collect(self.tree, None, held)
        return held


def _collect(tree: ast.AST, inside: ast.FunctionDef | None, held: list[tuple[ast.AST, ast.FunctionDef | None]]) -> None:
    if isinstance(tree, (ast.Call, ast.ClassDef, ast.FunctionDef, ast.ImportFrom)):
        held.append((tree, inside))
    within = tree if isinstance(tree, ast.FunctionDef) else inside
    for part in ast.iter_child_nodes(tree):
        if part._fields:
            _collect(part, within, held)


def _given(node: ast.AST) -> Iterator[tuple[str, Expression]]:
    """Yield each name that a statement gives a value to, and that."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _parts(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield from _parts(node.target, node.value)
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield from _parts(node.target, node.iter, each=True)


def _parts(target: ast.expr, value: ast.expr, *, each: bool = False) -> Iterator[tuple[str, Expression]]:
    if name := _target(target):
        yield name, Element(value, -1, each) if each else value
    elif isinstance(target, ast.Tuple):
        for number, part in enumerate(target.elts):
            if name := _target(part):
                yield name, Element(value, number, each)


def _target(node: ast.expr) -> str:
    """The name that a value is given to, `self.what` for an attribute."""
    own = isinstance(node, ast.Attribute) and last(node.value) == "self"
    return node.id if isinstance(node, ast.Name) else f"self.{last(node)}" if own else ""


@cache
def local_values(function: ast.FunctionDef) -> Mapping[str, list[Expression]]:
    """Return what each name inside a function is given, `self.what` for what is kept."""
    given: dict[str, list[Expression]] = {}
    for node in ast.walk(function):
        for name, value in _given(node):
            given.setdefault(name, []).append(value)
    return given


@cache
def results(function: ast.FunctionDef) -> tuple[ast.expr, ...]:
    """Return what a function returns or yields."""
    kinds = (ast.Return, ast.Yield, ast.YieldFrom)
    return tuple(node.value for node in ast.walk(function) if isinstance(node, kinds) and node.value is not None)


def defaults(spoken: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """Yield each parameter that need not be given, and what it is then."""
    names = [part.arg for part in (*spoken.posonlyargs, *spoken.args)]
    yield from zip(names[len(names) - len(spoken.defaults) :], spoken.defaults, strict=True)
    for part, value in zip(spoken.kwonlyargs, spoken.kw_defaults, strict=True):
        if value is not None:
            yield part.arg, value


@cache
def modules() -> dict[str, Module]:
    """Return every module of the program and of its tools, by its dotted name."""
    tops = ("sage_edge", "tools")
    files = [REPOSITORY / "tasks.py", *(path for top in tops for path in (REPOSITORY / top).rglob("*.py"))]
    places = [path.relative_to(REPOSITORY) for path in sorted(files)]
    return {
        ".".join(place.with_suffix("").parts).removesuffix(".__init__"): Module(
            str(place), ast.parse((REPOSITORY / place).read_text("utf-8"))
        )
        for place in places
    }
