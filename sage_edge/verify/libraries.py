"""Whether the loader finds every shared library that a package needs: asked of the loader itself, in a child process.

A child loads the package's own libraries as importing it would, and says what the loader answers. Only when it refuses,
the files are read to name every missing library and who needs it. A library that nothing needs is not looked for.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from sage_edge import shell
from sage_edge.verify import elf

_SECONDS = 120.0
_ABSENT = re.compile(r"(?P<name>[^\s:/]+): cannot open shared object file")

# Prints one line of JSON: what the loader said to the first library that it refused, or null. The first ones are
# loaded for all (RTLD_GLOBAL), as torch does with its libtorch_global_deps.so.
_LOADER = """
import ctypes, json, os, sys
for path in sys.argv[1:]:
    try:
        ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_GLOBAL)
    except OSError as refusal:
        print(json.dumps([path, str(refusal)]))
        break
else:
    print("null")
"""

# Asks the loader for libraries by name: prints those that it does not find.
_ASKER = """
import ctypes, json, sys
absent = []
for name in sys.argv[1:]:
    try:
        ctypes.CDLL(name)
    except OSError as refusal:
        if f"{name}: cannot open" in str(refusal):
            absent.append(name)
print(json.dumps(absent))
"""

ROOTS: Mapping[str, tuple[str, ...]] = {
    # what `import torch` loads, in its order; the rest follows from these
    "torch": ("lib/libtorch_global_deps.so", "_C.*.so"),
    # libllama.so, and the backends that it opens by itself while running
    "llama_cpp": ("lib/libllama.so", "lib/libggml-*.so"),
}
_DISTRIBUTIONS = {"llama_cpp": "llama-cpp-python"}


@dataclass(frozen=True)
class Missing:
    """A library that the loader does not find, and the first file that needs it."""

    name: str
    needed_by: str


@dataclass(frozen=True)
class Libraries:
    """What came of one package. version None: not installed. loaded: how many of its own libraries were loaded.

    missing: in the order in which the loader stumbles; refusal: the loader's own words, empty when it has none.
    """

    package: str
    version: str | None
    loaded: int = 0
    missing: tuple[Missing, ...] = ()
    refusal: str = ""


def installed(package: str) -> tuple[Path, str] | None:
    """Return a package's folder and version without importing it, or None when it is not there."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    try:
        release = version(_DISTRIBUTIONS.get(package, package))
    except PackageNotFoundError:
        release = "unknown"
    return Path(spec.origin).parent, release


def examine(package: str) -> Libraries:
    """Return what the loader says to an installed package."""
    found = installed(package)
    if found is None:
        return Libraries(package, None)
    folder, release = found
    roots = [path for pattern in ROOTS[package] for path in sorted(folder.glob(pattern))]
    said = load(package, release, roots)
    if said.missing and shell.attempt(_child(f"import {package}", ())).code == 0:
        return Libraries(package, release, len(roots))  # it knows a place of its own, like torch its nvidia/ folders
    return said


def load(package: str, release: str, roots: Sequence[Path]) -> Libraries:
    """Return what the loader says to these files, loaded one after the other in a child process."""
    if not roots:
        return Libraries(package, release, refusal="it brings none of the libraries that it consists of")
    done = shell.attempt(_child(_LOADER, [str(path) for path in roots]))
    if done.code != 0:
        why = f"loading ended with {done.code}: {(done.complaint.splitlines() or ['no word'])[-1][:200]}"
        return Libraries(package, release, refusal=why)
    told = json.loads(done.text.splitlines()[-1])
    if told is None:
        return Libraries(package, release, loaded=len(roots))
    path, refusal = told
    first = _ABSENT.search(refusal)
    absent = needs(roots) if first else ()
    if first and first["name"] not in [missing.name for missing in absent]:
        absent = (Missing(first["name"], Path(path).name), *absent)
    ordered = sorted(absent, key=lambda missing: missing.name != (first and first["name"]))
    return Libraries(package, release, len(roots), tuple(ordered), refusal)


def needs(roots: Sequence[Path]) -> tuple[Missing, ...]:
    """Return every library that these files need, directly or not, and that the loader does not find."""
    outside: dict[str, str] = {}
    todo, seen = [(path, ()) for path in roots], set[Path]()
    while todo:
        path, inherited = todo.pop(0)
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        try:
            dynamic = elf.read(path)
        except (ValueError, OSError):
            continue  # the loader has the word about broken files
        places = (*dynamic.places, *inherited)
        for name in dynamic.needed:
            if beside := next((place / name for place in places if (place / name).is_file()), None):
                todo.append((beside, places))  # type: ignore[arg-type]
            else:
                outside.setdefault(name, path.name)
    asked = shell.attempt(_child(_ASKER, list(outside)))
    absent = set(json.loads(asked.text)) if asked.code == 0 else set()
    return tuple(Missing(name, who) for name, who in outside.items() if name in absent)


def _child(program: str, words: Sequence[str]) -> shell.Command:
    return shell.Command((sys.executable, "-c", program, *words), timeout_s=_SECONDS)
