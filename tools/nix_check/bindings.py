"""Names that a .nix file binds and never uses, told by its syntax tree.

Looked at are `let`, the formals of functions and their arguments. A name that begins with `_` is unused on purpose, and
the formals of a function whose `@` name is used may be used by that. Attributes are what a file offers: they count as
used. Names that only a `with` could bring are left to nix, which knows what is undefined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter_nix
from tree_sitter import Language, Node, Parser

_LANGUAGE = Language(tree_sitter_nix.language())


@dataclass
class _File:
    """What is collected while the tree is read: each unused name with its line."""

    unused: list[tuple[int, str]] = field(default_factory=list)

    def free(self, node: Node) -> set[str]:
        """Return the names that a piece of code takes from around it."""
        if node.type == "variable_expression":
            return {_text(node.child_by_field_name("name"))}
        if node.type == "inherit":
            return {_text(name) for name in _inherited(node)}
        if node.type == "let_expression":
            names = list(_bound(node))
            used = self._inside(node)
            self._report(names, used)
            return used - {_text(name) for name in names} | _inherited_from_outside(node)
        if node.type == "rec_attrset_expression":
            return self._inside(node) - {_text(name) for name in _bound(node)} | _inherited_from_outside(node)
        if node.type == "function_expression":
            return self._function(node)
        return self._inside(node)

    def _inside(self, node: Node) -> set[str]:
        """Names used below; what a `let` or `rec` only inherits from outside is no use of its own name."""
        own = node.type in ("let_expression", "rec_attrset_expression")
        used: set[str] = set()
        for child in node.named_children:
            for part in child.named_children if own and child.type == "binding_set" else [child]:
                if not (own and part.type == "inherit"):
                    used |= self.free(part)
        return used

    def _function(self, node: Node) -> set[str]:
        universal = node.child_by_field_name("universal")
        formals = node.child_by_field_name("formals")
        names = [] if formals is None else [_name(formal) for formal in formals.children_by_field_name("formal")]
        used = self._inside(node)
        if universal is not None:
            self._report([universal], used)
        if universal is None or _text(universal) not in used:
            self._report(names, used)
        return used - {_text(name) for name in (*names, *([universal] if universal else []))}

    def _report(self, names: list[Node], used: set[str]) -> None:
        for name in names:
            text = _text(name)  # empty where the grammar misses a formal behind the last comma
            if text and text not in used and not text.startswith("_"):
                self.unused.append((name.start_point[0] + 1, text))


def unused(text: str) -> list[tuple[int, str]]:
    """Return (line, name) of each name that is bound and not used, in the order of the text."""
    file = _File()
    file.free(Parser(_LANGUAGE).parse(text.encode()).root_node)
    return sorted(file.unused)


def _text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def _name(formal: Node) -> Node:
    return formal.child_by_field_name("name") or formal


def _bindings(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "binding_set":
            yield from child.named_children


def _bound(node: Node) -> Iterator[Node]:
    """Yield the names that a `let` or a `rec` binds."""
    for binding in _bindings(node):
        path = binding.child_by_field_name("attrpath")
        if path is not None:
            yield path.named_children[0]
        else:
            yield from _inherited(binding)


def _inherited(node: Node) -> Iterator[Node]:
    attributes = node.child_by_field_name("attrs")
    if attributes is not None:
        yield from attributes.named_children


def _inherited_from_outside(node: Node) -> set[str]:
    return {_text(name) for part in _bindings(node) if part.type == "inherit" for name in _inherited(part)}
