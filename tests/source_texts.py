"""What an expression of the source may say, read from its syntax; none of it is run.

A text is followed through local names, constants, conditions, helper functions and tables, into other modules, too.
What only a run knows stands as a word in capitals between two marks: `words` leaves those out, `shown` drops the marks.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.source_files import Element, Expression, Function, Module, defaults, last, local_values, results

_MOST, _DEEPEST = 24, 12
_OPEN, _SHUT = "\x01", "\x02"
_TYPED = "\x03"
_SLOTS = re.compile(f"(?:{_OPEN}[^{_SHUT}]*{_SHUT})+")
_PROGRAMS = {"invoke": "invoke", "sage": "sage-edge", "ssh": "ssh"}
_INERT = ("sage_edge.sanitize", "sage_edge.declared.reader")
"""Whose functions only make words of others harmless."""
_HINTS = ("sage_edge.hints", "sage_edge.host.errors")


def words(text: str) -> str:
    """Return the fixed words of a text."""
    return _SLOTS.sub(" ", text)


def plain(text: str) -> str:
    """Return a text as one line, without the name of a thing that stands in front of a whole sentence."""
    text = re.sub(
        f"(?<=[a-z])(?={_OPEN})|(?<=[a-z]:)(?={_OPEN})",
        " ",
        " ".join(_SLOTS.sub(lambda slots: _first(slots[0]), text).split()),
    )
    return re.sub(f"^{_SLOTS.pattern}: (?=.*[a-z]{{3}})", "", text)


def _first(slots: str) -> str:
    return slots[: slots.index(_SHUT) + 1]


def shown(text: str) -> str:
    """Return a text as one line for people, with a capital word for what only a run knows; commands in back ticks."""
    return plain(text).replace(_OPEN, "").replace(_SHUT, "").replace(_TYPED, "`")


def pattern(text: str) -> re.Pattern[str]:
    """Return what matches this text with any word in capitals where only a run knows."""
    parts = (re.escape(part) for part in _SLOTS.split(plain(text)))
    return re.compile("[A-Z][A-Z0-9_]*".join(parts))


def slot(node: Expression) -> str:
    """Return the word in capitals for what only a run knows, marked."""
    return f"{_OPEN}{_name(node).strip('_').upper() or 'IT'}{_SHUT}"


def _name(node: Expression) -> str:
    if isinstance(node, ast.Call):
        return _name(node.args[0]) if node.args else _name(node.func)
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return last(node)
    held = ("value", "left", "body", "operand", "elt", "of")
    return next((_name(getattr(node, part)) for part in held if hasattr(node, part)), "")


@dataclass(frozen=True, eq=False)
class Scope:
    """Where an expression stands: in which function of which module, and what the parameters may say there."""

    module: Module
    inside: ast.FunctionDef | None = None
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    depth: int = 0

    def deeper(self) -> Scope:
        return replace(self, depth=self.depth + 1)


def _elements(name: str, at: Scope) -> Iterator[Element]:
    for value in local_values(at.inside).get(name, []) if at.inside and name not in at.known else []:
        if isinstance(value, Element) and value.index >= 0:
            yield value


class Texts:
    """Reads texts out of all modules."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules

    def of(self, node: Expression | None, at: Scope) -> tuple[str, ...]:
        """Return each text that an expression may be, at most a few."""
        if node is None:
            return ("",)
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        if read is None or at.depth > _DEEPEST:
            return (slot(node),)
        return tuple(itertools.islice(dict.fromkeys(read(node, at)), _MOST))

    def bound(self, function: ast.FunctionDef, call: ast.Call, at: Scope, defaults_at: Module) -> Scope:
        """Return the scope within a function for one call of it; a first parameter `self` is left out."""
        spoken = function.args
        names = [part.arg for part in (*spoken.posonlyargs, *spoken.args)]
        names, values = names[names[:1] == ["self"] :], [part for part in call.args if last(part) != "self"]
        known = {name: self.of(value, Scope(defaults_at)) for name, value in defaults(spoken)}
        known |= {name: self.of(value, at.deeper()) for name, value in zip(names, values, strict=False)}
        if spoken.vararg and len(values) > len(names):
            known[spoken.vararg.arg] = self.of(ast.Tuple(values[len(names) :]), at.deeper())
        known |= {key.arg: self.of(key.value, at.deeper()) for key in call.keywords if key.arg}
        return Scope(defaults_at, function, known, at.depth + 1)

    def unpacked(self, call: ast.Call, at: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """Yield a call once for each tuple that its values come from, so that what belongs together stays together."""
        starred = next((part for part in call.args if isinstance(part, ast.Starred)), None)
        names = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
        parts = {name: value for name in sorted(names) for value in _elements(name, at)}
        first = next(iter(parts.values()), None)
        if starred:
            tuples = list(self._texts_of_tuples(starred.value, at, each=False))
        else:
            tuples = list(self._texts_of_tuples(first.of, at, each=first.each)) if first and len(parts) > 1 else []
        for texts in tuples:
            known = {**at.known, **{f"*{number}": held for number, held in enumerate(texts)}}
            known |= {name: texts[part.index] for name, part in parts.items() if part.index < len(texts)}
            given = [ast.Name(f"*{number}") for number in range(len(texts))]
            args = [name for part in call.args for name in (given if part is starred else [part])]
            yield ast.Call(call.func, args, call.keywords), replace(at, known=known)
        if not tuples:
            yield call, at

    def _texts_of_tuples(self, node: ast.expr, at: Scope, *, each: bool) -> Iterator[list[tuple[str, ...]]]:
        for part, inside in self._tuples(node, at.deeper(), each=each):
            if isinstance(part, ast.Tuple):
                yield [self.of(element, inside) for element in part.elts]

    def functions(self, called: ast.expr, module: Module) -> Iterator[Function]:
        """Yield each function that a call may be of."""
        if isinstance(called, ast.Subscript):
            table = module.constants.get(last(called))
            for value in table.values if isinstance(table, ast.Dict) else ():
                yield from self.functions(value, module)
        elif isinstance(called, ast.Name) and called.id in module.functions:
            yield module.functions[called.id], module
        elif (other := self._home(called, module)) and last(called) in other[0].functions:
            yield other[0].functions[other[1]], other[0]

    def _home(self, node: ast.AST, module: Module) -> tuple[Module, str] | None:
        """The module that a name or a dotted name comes from, and what it is called there."""
        if isinstance(node, ast.Name):
            where, what = module.imports.get(node.id, ("", ""))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            where, what = ".".join(module.imports.get(node.value.id, ("", ""))), node.attr
        else:
            return None
        return (self.modules[where], what) if where in self.modules else None

    def _all(self, parts: Iterable[Expression], at: Scope) -> Iterator[str]:
        return map("".join, itertools.islice(itertools.product(*(self.of(part, at) for part in parts)), _MOST))

    def _constant(self, node: ast.Constant, at: Scope) -> Iterator[str]:
        yield "" if node.value is None else str(node.value)

    def _joinedstr(self, node: ast.JoinedStr, at: Scope) -> Iterator[str]:
        return self._all(node.values, at)

    def _tuple(self, node: ast.Tuple, at: Scope) -> Iterator[str]:
        return self._all(node.elts, at)

    def _starred(self, node: ast.Starred, at: Scope) -> Iterator[str]:
        yield from self.of(node.value, at)

    def _formattedvalue(self, node: ast.FormattedValue, at: Scope) -> Iterator[str]:
        """Only what adds words of its own, so that a count or a name stays one capital word."""
        near = not isinstance(node.value, ast.Call) or self._near(node.value, at.module)
        given = [text for text in self.of(node.value, at) if text.strip()] if near else []
        telling = [text for text in given if len(words(text).split()) > 1]
        if not telling and len(given) == 1 and not _SLOTS.search(given[0]):
            telling = given
        yield from telling or [slot(node.value)]

    def _near(self, node: ast.Call, module: Module) -> bool:
        home = self._home(node.func, module)
        return last(node) in module.functions or bool(home and home[0] in map(self.modules.get, _INERT))

    def _binop(self, node: ast.BinOp, at: Scope) -> Iterator[str]:
        return self._all((node.left, node.right), at) if isinstance(node.op, ast.Add) else iter((slot(node),))

    def _ifexp(self, node: ast.IfExp, at: Scope) -> Iterator[str]:
        return itertools.chain(self.of(node.body, at), self.of(node.orelse, at))

    def _boolop(self, node: ast.BoolOp, at: Scope) -> Iterator[str]:
        for value in node.values:
            texts = self.of(value, at)
            yield from filter(None, texts)
            if isinstance(node.op, ast.Or) and all(words(text).strip() for text in texts):
                return

    def _dict(self, node: ast.Dict, at: Scope) -> Iterator[str]:
        return (text for value in node.values for text in self.of(value, at))

    def _subscript(self, node: ast.Subscript, at: Scope) -> Iterator[str]:
        table = at.module.constants.get(last(node))
        if isinstance(node.slice, ast.Slice):
            yield from self.of(node.value, at)
        else:
            yield from self.of(table, at) if isinstance(table, ast.Dict) else (slot(node),)

    def _name(self, node: ast.Name, at: Scope) -> Iterator[str]:
        if node.id in at.known:
            yield from at.known[node.id]
        elif at.inside and node.id in local_values(at.inside):
            for value in local_values(at.inside)[node.id]:
                yield from self.of(value, at.deeper())
        elif node.id in at.module.constants:
            yield from self.of(at.module.constants[node.id], Scope(at.module, depth=at.depth + 1))
        else:
            yield from self._elsewhere(node, at)

    def _attribute(self, node: ast.Attribute, at: Scope) -> Iterator[str]:
        own = isinstance(node.value, ast.Name) and node.value.id == "self"
        for value in local_values(at.inside).get(f"self.{node.attr}", []) if own and at.inside else []:
            yield from self.of(value, at.deeper())
        if not own or not at.inside or f"self.{node.attr}" not in local_values(at.inside):
            yield from at.known[node.attr] if own and node.attr in at.known else self._elsewhere(node, at)

    def _elsewhere(self, node: ast.expr, at: Scope) -> Iterator[str]:
        """What a name of another module says, where it is a constant there."""
        home = self._home(node, at.module)
        value = home[0].constants.get(home[1]) if home else None
        yield from self.of(value, Scope(home[0], depth=at.depth + 1)) if home and value else (slot(node),)

    def _call(self, node: ast.Call, at: Scope) -> Iterator[str]:
        if program := self._program(node, at.module):
            yield from self._command(program, node, at)
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and isinstance(node.args[0], ast.Tuple):
            lines = (
                (slot(part),) if isinstance(part, ast.Starred) else self.of(part, at) for part in node.args[0].elts
            )
            yield from map(" ".join, itertools.product(*lines))
            return
        home = self._home(node.func, at.module)
        if home and home[0] in map(self.modules.get, _INERT) and node.args:
            yield from self.of(node.args[0], at)
            return
        spoken = False
        for function, module in self.functions(node.func, at.module):
            spoken, inside = True, self.bound(function, node, at, module)
            for result in results(function):
                yield from self.of(result, inside)
        if not spoken:
            yield slot(node)

    def _program(self, node: ast.Call, module: Module) -> str:
        home, name = self._home(node.func, module), last(node)
        return _PROGRAMS.get(name, "") if home and home[0] in (self.modules.get(hints) for hints in _HINTS) else ""

    def _command(self, program: str, node: ast.Call, at: Scope) -> Iterator[str]:
        given = [self.of(part, at) for part in node.args]
        for key in node.keywords:
            option = f"--{(key.arg or '').strip('_').replace('_', '-')}"
            is_flag = isinstance(key.value, ast.Constant) and key.value.value is True
            values = ("",) if is_flag else self.of(key.value, at)
            given.append(tuple(f"{option} {value or (option[2:].upper() * (not is_flag))}".strip() for value in values))
        for parts in itertools.islice(itertools.product(*given), _MOST):
            yield f"{_TYPED}{' '.join((program, *filter(None, parts)))}{_TYPED}"

    def _element(self, node: Element, at: Scope) -> Iterator[str]:
        for part, inside in self._tuples(node.of, at.deeper(), each=node.each):
            if node.index < 0:
                yield from self.of(part, inside)
            elif isinstance(part, ast.Tuple) and len(part.elts) > node.index:
                yield from self.of(part.elts[node.index], inside)
            else:
                yield slot(node)

    def _tuples(self, node: Expression, at: Scope, *, each: bool) -> Iterator[tuple[Expression, Scope]]:
        """Yield what is unpacked: the value itself, or each thing that a loop goes over."""
        if at.depth > _DEEPEST:
            return
        calls = list(self.functions(node.func, at.module)) if isinstance(node, ast.Call) else []
        for function, module in calls:
            inside = self.bound(function, node, at, module)  # type: ignore[arg-type]
            for result in results(function):
                yield from self._tuples(result, inside, each=False)
        if calls:
            return
        if isinstance(node, ast.IfExp):
            yield from self._tuples(node.body, at, each=each)
            yield from self._tuples(node.orelse, at, each=each)
        elif isinstance(node, ast.Name) and node.id in at.module.constants:
            yield from self._tuples(at.module.constants[node.id], at.deeper(), each=each)
        elif each:
            yield from ((part, at) for part in (node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]))
        else:
            yield node, at
