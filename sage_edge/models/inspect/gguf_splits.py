"""llama.cpp's splits of one GGUF, NAME-00001-of-00003.gguf …: each held against its name and against the others.

    split.no             which of them it is, counted from 0
    split.count          how many they are; 0, 1 or absent in a file that is whole
    split.tensors.count  the tensors of all of them together

The first one holds all other metadata. Source: llama.cpp's reader (src/llama-model-loader.cpp), which takes count and
tensors.count from the first one alone; here the others may not say otherwise, as those of another series would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sage_edge.models.inspect import Header
from sage_edge.models.inspect.bounded import short

_NO, _COUNT, _TENSORS = "split.no", "split.count", "split.tensors.count"
_SAME = (_TENSORS, "general.architecture")
_MOST_NAMED = 3


def lacks(names: Sequence[str], headers: Mapping[str, Header]) -> tuple[str, ...]:
    """Return the keys that splits have to say and do not. names: of the whole series; headers: those that are here."""
    if len(names) == 1:
        return ()
    keys = {name: (_NO, _COUNT, _TENSORS) if name == names[0] else (_NO,) for name in headers}
    return tuple(
        f"the key {key} of {name}"
        for name, header in headers.items()
        for key in keys[name]
        if key not in header.metadata
    )


def faults(names: Sequence[str], headers: Mapping[str, Header]) -> tuple[str, ...]:
    """Say which split is not the one that its name and the others make it. headers: those that are here, in order."""
    wrong = tuple(_misplaced(names, headers))
    if wrong or len(names) == 1 or len(headers) < len(names):
        return wrong
    return tuple(_contents(names[0], headers))


def _misplaced(names: Sequence[str], headers: Mapping[str, Header]) -> Iterator[str]:
    for name, header in headers.items():
        says, index, count = header.metadata, names.index(name), len(names)
        if says.get(_COUNT, count) != count and not (count == 1 and says[_COUNT] == 0):
            yield f"{name} says that it is one of {short(says[_COUNT])} files, its name says {count}"
        if count > 1 and says.get(_NO, index) != index:
            yield f"{name} says {_NO} = {short(says[_NO])}, its name asks for {index} (counted from 0)"
        if names[0] in headers and name != names[0]:
            first = headers[names[0]].metadata
            for key in _SAME:
                if key in says and says[key] != first.get(key, says[key]):
                    yield f"{name} says {key} = {short(says[key])}, {names[0]} {short(first[key])}"


def _contents(first: str, headers: Mapping[str, Header]) -> Iterator[str]:
    held = set[str]()
    for name, header in headers.items():
        for twice in sorted(held & header.tensors.keys())[:_MOST_NAMED]:
            yield f"{name} repeats the tensor {twice} of another split"
        held |= header.tensors.keys()
    says = headers[first].metadata.get(_TENSORS)
    if says not in (None, len(held)):
        yield f"{first} says {_TENSORS} = {short(says)}, the splits hold {len(held)}"
