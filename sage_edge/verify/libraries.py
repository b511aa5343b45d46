"""Whether the loader finds every shared library that a package needs: asked of the loader itself, in a child process.

A child loads the package's own libraries as importing it would, and says what the loader answers. Only when it refuses,
`ldd` names every missing library and who needs it. A library that nothing needs is not looked for.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from sage_edge import shell

_SECONDS = 120.0
_ABSENT = re.compile(r"(?P<name>[^\s:/]+): cannot open shared object file")
_NOT_FOUND = re.compile(r"^\s*(\S+) => not found$", re.MULTILINE)
_NEEDED_BY = re.compile(r"file=(\S+) \[\d+\];  needed by (\S+) \[\d+\]")  # as ld.so writes with LD_DEBUG=files

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

    missing: the one at which the loader stumbles first; refusal: the loader's own words, empty when it has none.
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
    place = installed(package)
    if place is None:
        return Libraries(package, None)
    folder, release = place
    roots = [path for pattern in ROOTS[package] for path in sorted(folder.glob(pattern))]
    loaded = load(package, release, roots)
    if loaded.missing and shell.attempt(_child(f"import {package}", ())).code == 0:
        return Libraries(package, release, len(roots))  # it knows a place of its own, like torch its nvidia/ folders
    return loaded


def load(package: str, release: str, roots: Sequence[Path]) -> Libraries:
    """Return what the loader says to these files, loaded one after the other in a child process."""
    if not roots:
        return Libraries(package, release, refusal="it brings none of the libraries that it consists of")
    done = shell.attempt(_child(_LOADER, [str(path) for path in roots]))
    if done.code != 0:
        why = f"loading ended with {done.code}: {(done.complaint.splitlines() or ['no word'])[-1][:200]}"
        return Libraries(package, release, refusal=why)
    refused = json.loads(done.text.splitlines()[-1])
    if refused is None:
        return Libraries(package, release, loaded=len(roots))
    path, refusal = refused
    first = _ABSENT.search(refusal)
    if first is None:
        return Libraries(package, release, len(roots), (), refusal)
    absent = {missing.name: missing for missing in needs(roots)}
    stumbled_at = absent.pop(first["name"], Missing(first["name"], Path(path).name))
    return Libraries(package, release, len(roots), (stumbled_at, *absent.values()), refusal)


def needs(roots: Sequence[Path]) -> tuple[Missing, ...]:
    """Return every library that these files need, directly or not, and that the loader does not find: `ldd` says."""
    if shutil.which("ldd") is None:  # a system without it names only the first
        return ()
    listed = shell.attempt(
        shell.Command(("ldd", *map(str, roots)), timeout_s=_SECONDS, env={"LD_DEBUG": "files", "LC_ALL": "C"})
    )
    who = dict(reversed(_NEEDED_BY.findall(listed.text + listed.complaint)))  # by the first one
    names = dict.fromkeys(_NOT_FOUND.findall(listed.text))
    return tuple(Missing(name, Path(who.get(name, "?")).name) for name in names)


def _child(program: str, words: Sequence[str]) -> shell.Command:
    return shell.Command((sys.executable, "-c", program, *words), timeout_s=_SECONDS)
