"""Every command that a person is told to type exists, with its options: hints, remedies, refusals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from sage_edge import hints
from tests.test_documents import fault

ROOT = Path(__file__).parents[2] / "sage_edge"
PLACES = (
    "errors.py",
    "models",
    "verify",
    "deploy",
    "image",
    "model_sync",
    "remote",
    "workstation",
    "host",
    "sim",
    "cli/model_store.py",
    "cli/model_list.py",
    "cli/model_prepare.py",
    "cli/model_inspect.py",
    "cli/doctor.py",
    "cli/fleet.py",
)
_COMMAND = re.compile(r"(?<![\w`-])(?:sage-edge|invoke) (?!process|to merge)[a-z][^;\n\[\]]*")
_PROSE = re.compile(r"(?:, (?:or|then)| \(|,? and | shows | to tell | on the |\. ).*")


def texts(path: Path) -> Iterator[str]:
    """Yield every text of a file; what is put in while it runs stands as X, docstrings are left out."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = list(ast.walk(tree))
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    told |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def values(path: Path) -> Iterator[str]:
    """Yield every command that a file makes as a value, `hints.invoke(…)` or `hints.sage(…)`, as it is typed.

    A task whose name is put in while it runs is looked at where that name is said.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        name = _called(node)
        if isinstance(node, ast.Call) and name in ("invoke", "sage") and not isinstance(node.args[0], ast.Name):
            words = [str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.args]
            options = {key.arg: True if _is_flag(key.value) else "X" for key in node.keywords if key.arg}
            made = hints.invoke(*words, **options) if name == "invoke" else hints.sage(*words, **options)
            yield hints.text(made)


def _called(node: ast.AST) -> str:
    """The name of the function of `hints` that a node calls; empty for everything else."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return node.func.id
    inside = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    return node.func.attr if inside and node.func.value.id == "hints" else ""  # type: ignore[attr-defined]


def _is_flag(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def commands() -> list[str]:
    """Return every command that a text names."""
    files = [path for place in PLACES for path in (ROOT / place, *(ROOT / place).rglob("*.py")) if path.is_file()]
    found = {match[0] for path in files for text in texts(path) for match in _COMMAND.finditer(text)}
    everywhere = {line for path in sorted(ROOT.rglob("*.py")) for line in values(path)}
    return sorted({_PROSE.sub("", line).strip().rstrip(".:") for line in found} | everywhere)


def test_every_command_of_a_hint_exists() -> None:
    lines = commands()  # not at collection: to parse the package takes seconds, in each process that collects tests
    wrong = {line: why for line in lines if (why := fault(line.replace("{path}", "X")))}
    assert (wrong, len(lines) > 20) == ({}, True)
