"""requirements/constraints.txt: one exact version of everything, and no word about where it comes from."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "requirements" / "constraints.txt").read_text("utf-8")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
FOREIGN = ("://", "@", "--", "/", "\\", ".whl", "+")
PYTHONS = ("3.10", "3.11", "3.12")


def project() -> dict[str, Any]:
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    loaded: dict[str, Any] = toml.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return loaded


def asked() -> list[Requirement]:
    extras = [word for words in project()["optional-dependencies"].values() for word in words]
    return [Requirement(word) for word in (*project()["dependencies"], *extras)]


def pins(lines: Sequence[str], python: str) -> dict[str, str]:
    """Return name → version of the lines that hold for one Python; a name that is pinned twice is a ValueError."""
    pinned: dict[str, str] = {}
    for line in lines:
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"python_version": python}):
            if wanted.name in pinned:
                raise ValueError(f"{wanted.name} twice for {python}")
            pinned[wanted.name] = str(wanted.specifier).removeprefix("==")
    return pinned


def faults(lines: Sequence[str]) -> list[str]:
    """Return the lines that are not `name==version` with a normal name, or say where to fetch from."""
    exact = re.compile(r'[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*( ; python_version (<|>=) "3\.11")?')
    return [line for line in lines if not exact.fullmatch(line) or any(word in line for word in FOREIGN)]


def test_every_line_is_one_exact_version() -> None:
    assert faults(LINES) == []
    assert len(LINES) > 50
    names = [line.split("==")[0] for line in LINES]
    assert names == sorted(names)
    assert set(names) == {canonicalize_name(name) for name in names}


@pytest.mark.parametrize(
    "line",
    [
        "torch==2.13.0+cpu",
        "torch>=2.13",
        "PyYAML==6.0.3",
        "x @ https://host/x.whl",
        "--index-url https://host/simple",
        "-e .",
        "numpy==2.*",
    ],
)
def test_a_bad_line_is_found(line: str) -> None:
    assert faults([line]) == [line]


def test_a_double_pin_is_found() -> None:
    with pytest.raises(ValueError, match="twice"):
        pins(["numpy==2.4.6", 'numpy==2.2.6 ; python_version < "3.11"'], "3.10")


@pytest.mark.parametrize("python", PYTHONS)
def test_every_extra_is_pinned_within_its_range(python: str) -> None:
    pinned = pins(LINES, python)
    for wanted in asked():
        name = canonicalize_name(wanted.name)
        assert name in pinned, f"{name} of pyproject.toml has no line"
        assert wanted.specifier.contains(pinned[name]), f"{name}: {pinned[name]} is outside {wanted.specifier}"


def test_what_the_extras_bring_along_is_pinned_too() -> None:
    pinned = pins(LINES, f"{sys.version_info[0]}.{sys.version_info[1]}")
    assert {name for wanted in asked() for name in _family(wanted, set())} <= set(pinned)


def _family(wanted: Requirement, seen: set[str]) -> Iterator[str]:
    """Yield a requirement's name and those below it, as far as they are installed here."""
    name = canonicalize_name(wanted.name)
    try:
        below = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    if name in seen:
        return
    seen.add(name)
    yield name
    for line in map(Requirement, below):
        by_gpu = re.match(r"nvidia|cuda|triton", line.name)  # torch brings these where there is a GPU
        if not by_gpu and any(not line.marker or line.marker.evaluate({"extra": e}) for e in ("", *wanted.extras)):
            yield from _family(line, seen)


def test_the_two_pins_that_others_depend_on() -> None:
    for python in PYTHONS:
        assert pins(LINES, python)["torch"] == "2.13.0"
        assert pins(LINES, python)["invoke"].startswith("2.")


def test_there_is_no_second_lock() -> None:
    assert [path.name for path in ROOT.glob("*.lock")] == ["flake.lock"], "which nixpkgs, and no Python package"
    assert sorted(path.name for path in (ROOT / "requirements").iterdir()) == ["constraints.txt", "llama.cmake"]
