"""What is found to be unused in a .nix file."""

from __future__ import annotations

import pytest

from tools.nix_check import bindings


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("let a = 1; in 2", ["a"]),
        ("let a = 1; in a", []),
        ("let a = 1; b = a; in b", []),
        ("let inherit (x) a b; in a", ["b"]),
        ("x: let inherit x; in 1", ["x"]),
        ("let a.b = 1; a.c = 2; in 3", ["a", "a"]),
        ("let a = 1; in rec { b = a; }", []),
        ("rec { a = 1; b = 2; }", []),
        ("let a = 1; in { inherit a; }", []),
        ("let a = 1; in { inherit (b) a; }", ["a"]),
        ('let a = 1; in "x ${a} y"', []),
        ('let a = 1; in "x a y"', ["a"]),
        ("let a = 1; in { ${a} = 2; }", []),
        ("let a = 1; in { a = 2; }.a", ["a"]),
        ("let a = 1; in (a: a) 2", ["a"]),
        ("let a = 1; in let a = 2; in a", ["a"]),
        ("let a = 1; in with a; b", []),
        ("{ a, b, ... }: b", ["a"]),
        ("{ a, b ? a }: b", []),
        ("{ a, b }@all: all", []),
        ("{ a }@all: a", ["all"]),
        ("final: prev: final", ["prev"]),
        ("final: _prev: final", []),
        ("a: let b = a; in { c = b; }", []),
    ],
)
def test_a_name_that_nothing_uses_is_found(text: str, names: list[str]) -> None:
    assert [name for _, name in bindings.unused(text)] == names


def test_the_line_is_that_of_the_name() -> None:
    assert bindings.unused("{\n  a,\n  b,\n}:\nlet\n  c = 1;\nin\na\n") == [(3, "b"), (6, "c")]
