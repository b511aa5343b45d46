"""Every message of the source that names a next step, read from the source itself.

A message is made where a class below one of `ROOTS` is called, or a function that returns one. What it says is worked
out from there, through every `super().__init__`, as `tests/source_texts.py` reads texts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tests.source_files import Function, Module, last, modules, results
from tests.source_texts import Scope, Texts, pattern, plain, shown, words

ROOTS: Mapping[str, tuple[str, str]] = {
    "SageError": ("message", "hint"),
    "Refusal": ("message", "hint"),
    "CheckJudgement": ("answer", "remedy"),
    "HostCheck": ("name", "remedy"),
}
"""What a message is made by, and the two of its values that are the message and the next step."""


@dataclass(frozen=True)
class NextStep:
    """One message that names a next step. places: where it is made; steps: what it may name there.

    spoken: the message as it is read, NAME for what only a run knows; pattern: what matches it under any such names.
    """

    spoken: str
    pattern: re.Pattern[str]
    places: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class _Made:
    """One place where a message is made. call: the class or function that is called there."""

    call: ast.Call
    at: Scope


class Source:
    """All files in which messages are made."""

    def __init__(self, files: Mapping[str, Module]) -> None:
        self.texts = Texts(files)
        self._roots = {name: name for name in ROOTS}
        self.classes: dict[str, tuple[ast.ClassDef, Module]] = {}
        self.methods: dict[str, list[Function]] = {}
        for module in self.texts.modules.values():
            for node, _ in module.nodes:
                if isinstance(node, ast.ClassDef):
                    self.classes[self._inside(node.name, module)] = (node, module)
                    for item in node.body:
                        if isinstance(item, ast.FunctionDef):
                            self.methods.setdefault(item.name, []).append((item, module))

    def _inside(self, name: str, module: Module) -> str:
        """What a class is called here: a tool may have a class of a name that the program has, too."""
        return f"{module.path.partition('/')[0]}/{name}" if module.path.startswith("tools/") else name

    def kind(self, node: ast.AST, module: Module) -> str:
        """Return the class that a call is of, or that a base is; empty for what makes no message."""
        names = (self._inside(last(node), module), last(node))
        return next(filter(self.root, names), "")

    def bases(self, name: str) -> list[str]:
        node, module = self.classes[name]
        return [kind for base in node.bases if (kind := self.kind(base, module))]

    def root(self, name: str) -> str:
        """Return the root that a class stands below; empty for another class."""
        if name not in self._roots:
            self._roots[name] = ""
            self._roots[name] = next(map(self.root, self.bases(name)), "") if name in self.classes else ""
        return self._roots[name]

    def makers(self, call: ast.Call, module: Module) -> list[Function]:
        """Return each function that a call may be of and that returns a message."""
        functions = list(self.texts.functions(call.func, module))
        if isinstance(call.func, ast.Attribute) and not functions:
            functions = self.methods.get(call.func.attr, [])
            functions = functions if len(functions) == 1 else []
        return [made for made in functions if any(self.is_class(result, made[1]) for result in results(made[0]))]

    def is_class(self, node: ast.AST, module: Module) -> bool:
        return isinstance(node, ast.Call) and bool(self.kind(node.func, module))

    def said(self, made: _Made) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each message of one place, with the next steps."""
        if kind := self.kind(made.call.func, made.at.module):
            for call, at in self.texts.unpacked(made.call, made.at):
                yield from self._of_class(kind, _Made(call, at), kind)
            return
        for function, home in self.makers(made.call, made.at.module):
            inside = self.texts.bound(function, made.call, made.at, home)
            for result in results(function):
                if isinstance(result, ast.Call) and self.kind(result.func, home):
                    yield from self.said(_Made(result, inside))

    def _of_class(self, name: str, made: _Made, kind: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what the `__init__` of a class makes of a call. kind: the class that was called."""
        node, module = self.classes[name]
        init = next((item for item in node.body if getattr(item, "name", "") == "__init__"), None)
        if name in ROOTS:
            function = init if isinstance(init, ast.FunctionDef) else _fields(node)
            known = self.texts.bound(function, made.call, made.at, module).known
            told, step = (known.get(part, ()) for part in ROOTS[name])
            yield from ((text, tuple(filter(str.strip, step))) for text in told)
        elif not isinstance(init, ast.FunctionDef):
            yield from self._of_class(self.bases(name)[0], made, kind)
        else:
            inside = self.texts.bound(init, made.call, made.at, module)
            inside = Scope(module, init, {**self._class_values(kind), **inside.known}, inside.depth)
            for call in ast.walk(init):
                if isinstance(call, ast.Call) and last(call.func) == "__init__":
                    above = self.kind(call.func.value, module) or self.bases(name)[0]  # type: ignore[attr-defined]
                    yield from self._of_class(above, _Made(call, inside), kind)

    def _class_values(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return what a class and those above it say as their own values, such as a next step for all of a kind."""
        held: dict[str, tuple[str, ...]] = {}
        while name in self.classes:
            node, module = self.classes[name]
            for item in node.body:
                target = item.targets[0] if isinstance(item, ast.Assign) else getattr(item, "target", None)
                if isinstance(target, ast.Name) and getattr(item, "value", None):
                    held.setdefault(target.id, self.texts.of(item.value, Scope(module)))  # type: ignore[attr-defined]
            name = next(iter(self.bases(name)), "")
        return held

    def places(self) -> Iterator[_Made]:
        """Yield each place where a message is made; what a function makes of its parameters is where it is called."""
        calls = [
            _Made(call, Scope(module, inside))
            for module in self.texts.modules.values()
            for call, inside in module.nodes
            if isinstance(call, ast.Call)
        ]
        spoken_for: set[int] = set()
        for made in calls:
            makers = [] if self.is_class(made.call, made.at.module) else self.makers(made.call, made.at.module)
            for function, _ in makers:
                spoken_for |= {id(result) for result in results(function)}
            if makers:
                yield made
        yield from (
            made for made in calls if self.is_class(made.call, made.at.module) and id(made.call) not in spoken_for
        )


def _fields(node: ast.ClassDef) -> ast.FunctionDef:
    """The `__init__` that a dataclass gets."""
    held = [item for item in node.body if isinstance(item, ast.AnnAssign)]
    names = [ast.arg("self"), *(ast.arg(item.target.id) for item in held if isinstance(item.target, ast.Name))]
    defaults = [item.value for item in held if item.value is not None]
    arguments = ast.arguments(posonlyargs=[], args=names, kwonlyargs=[], kw_defaults=[], defaults=defaults)
    return ast.FunctionDef(name="__init__", args=arguments, body=[], decorator_list=[])


def steps_of(source: Source) -> Iterator[NextStep]:
    """Yield every message that names a next step and says something of its own, once each."""
    held: dict[re.Pattern[str], tuple[str, dict[str, None], dict[str, None]]] = {}
    for made in source.places():
        for text, steps in source.said(made):
            text = text.replace("{}", "\x01THING\x02")
            if steps and re.search(r"[a-z][a-z0-9]{2}", words(plain(text))):
                _, places, known = held.setdefault(pattern(text), (shown(text), {}, {}))
                places[f"{made.at.module.path}:{made.call.lineno}"] = None
                known.update(dict.fromkeys(map(shown, steps)))
    for key, (spoken, places, known) in held.items():
        yield NextStep(spoken, key, tuple(places), tuple(known))


@lru_cache(maxsize=1)
def all_of_the_source() -> tuple[NextStep, ...]:
    """Return every such message of the program and of its tools."""
    return tuple(steps_of(Source(modules())))
