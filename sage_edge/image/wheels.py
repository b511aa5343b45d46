"""Every package of an image as files on the workstation, so that a build reaches no index and takes no other bytes.

    .sage/wheels/<image>-<platform>-<12 hex>/    named after what is asked for, so nothing is fetched twice
      *.whl                                      as hashed in images/<image>/requirements*.txt
      requirements.txt                           exactly these files by their hashes
      engine/                                    llama.cpp's binding, an sdist on the index:
        llama_cpp_python-*.whl                     for a CPU: from engine-<12 hex>/, compiled here once, or
        llama_cpp_python-*.tar.gz, *.whl,          for a board, whose build compiles it against CUDA, with its compiler
        requirements.txt, llama.cmake, compiled.cmake

Packages are fetched with `pip download --require-hashes`, for the Python and the processor of the image.
"""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

from sage_edge import files, locks, shell
from sage_edge.image.errors import WheelsMissing
from sage_edge.image.spec import ImageCard, Variant
from sage_edge.inventory.image import Platform
from sage_edge.shell import Command

ENGINE = "llama-cpp-python"
LEAN = "requirements/llama.cmake"
ANYWHERE = "images/shared/compiled.cmake"
"""How it comes out the same wherever it is compiled; `tasks.py` compiles with it, too."""
CROSSED = "images/shared/aarch64.cmake"
"""How it is compiled for an arm64 processor on another one."""

COMPILE_S = 3600.0
LONG_AGO = "315532800"
"""1980-01-01, the first moment that a zip file can say."""

_GLIBC = range(35, 16, -1)
"""What an image may be built upon: Ubuntu 22.04 has 2.35."""


@dataclass(frozen=True)
class Target:
    """Where packages will run. python: like 3.11; machine: like aarch64."""

    platform: Platform
    python: str
    machine: str

    @classmethod
    def of(cls, variant: Variant, name: Platform, python: str, machine: str | None = None) -> Target:
        """The target of one way to build an image, upon a base with this Python. machine: instead of this one."""
        return cls(name, python, (machine or platform.machine()) if variant.arch == "native" else "aarch64")

    @property
    def words(self) -> tuple[str, ...]:
        """What pip has to be told to fetch for another machine than its own."""
        tags = (*(f"manylinux_2_{minor}" for minor in _GLIBC), "manylinux2014")
        chosen = (f"--platform={tag}_{self.machine}" for tag in tags)
        return ("--python-version", self.python, "--implementation", "cp", *chosen)

    def wants(self, marker: str) -> bool:
        """Whether a requirement with this marker is for the target. pip itself would look at the wrong Python."""
        known = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        return Marker(marker).evaluate(
            {**known, "platform_machine": self.machine, "sys_platform": "linux", "platform_system": "Linux"}
        )


def ensure(root: Path, card: ImageCard, target: Target, log: Callable[[str], None]) -> Path:
    """Return the folder with every package of an image. Raises WheelsMissing."""
    variant = card.platforms[target.platform]
    asked = [root / "images" / card.name / variant.requirements]
    if variant.compiler:
        asked.append(root / "images" / card.name / variant.compiler.requirements)
    ground = "\0".join((*(path.read_text("utf-8") for path in asked), *_flags(root), repr(target)))
    shelf = root / ".sage" / "wheels"
    folder = shelf / f"{card.name}-{target.platform}-{files.digest(ground.encode()).short}"
    with _once(folder) as part:
        if part:
            log(f"getting the packages of images/{card.name} for {target.platform} (once)")
            _fetch(root, asked, part, target)
    return folder


def _fetch(root: Path, asked: list[Path], part: Path, target: Target) -> None:
    engine, others = split(for_target(asked[0].read_text("utf-8"), target))
    _download(root, others, part, target)
    (part / "requirements.txt").write_text(exactly(part), "utf-8")
    beside = part / "engine"
    beside.mkdir()
    if engine and target.platform == "cpu":
        for wheel in _compiled(root, engine, target.machine).glob("*.whl"):
            shutil.copyfile(wheel, beside / wheel.name)
    elif engine:
        _download(root, for_target(asked[1].read_text("utf-8"), target), beside, target)
        (beside / "requirements.txt").write_text(exactly(beside), "utf-8")
        _pip(root, ("download", "--no-deps", "--require-hashes", "--no-binary=:all:", "--dest", str(beside)), engine)
        for flags in (LEAN, ANYWHERE):
            shutil.copyfile(root / flags, beside / Path(flags).name)


def _compiled(root: Path, engine: str, machine: str) -> Path:
    """Return the folder with llama.cpp's binding for a machine: minutes of work, done once for all images."""
    foreign = machine != platform.machine()
    crossed = ((root / CROSSED).read_text("utf-8"),) if foreign else ()
    ground = "\0".join((engine, *_flags(root), *crossed, machine))
    folder = root / ".sage" / "wheels" / f"engine-{files.digest(ground.encode()).short}"
    with _once(folder) as part:
        if part:
            words = ("wheel", "--no-deps", "--require-hashes", "--wheel-dir", str(part))
            if foreign:
                # pip keeps what it compiles under the name of the source alone, whatever it is for
                _pip(root, (*words, "--no-cache-dir"), engine, machine)
            else:
                _pip(root, words, engine)
                if any(map(tells_where, part.glob("*.whl"))):  # pip had it from before, compiled without our flags
                    _pip(root, (*words, "--no-cache-dir"), engine)
    return folder


def tells_where(wheel: Path) -> bool:
    """Whether a library in a wheel names the folder in which pip compiled it, which no second one has."""
    with zipfile.ZipFile(wheel) as packed:
        libraries = (name for name in packed.namelist() if ".so" in Path(name).name)
        return any(_BY_PIP.search(packed.read(name)) for name in libraries)


_BY_PIP = re.compile(rb"/pip-(wheel|install|req-build|ephem-wheel-cache)-\w+/")


def _flags(root: Path) -> tuple[str, str]:
    """How llama.cpp's binding is compiled."""
    return (root / LEAN).read_text("utf-8"), (root / ANYWHERE).read_text("utf-8")


@contextlib.contextmanager
def _once(folder: Path) -> Iterator[Path | None]:
    """Yield where to put what belongs into a folder, or None where it is there; it appears whole or not at all."""
    with locks.hold(folder.with_name(f".{folder.name}.lock"), f"making {folder.name}", wait_s=COMPILE_S):
        if folder.is_dir():
            yield None
            return
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        part.rename(folder)


def _download(root: Path, requirements: str, into: Path, target: Target) -> None:
    into.mkdir(parents=True, exist_ok=True)
    words = ("download", "--no-deps", "--require-hashes", "--only-binary=:all:", *target.words, "--dest", str(into))
    _pip(root, words, requirements)


def for_target(requirements: str, target: Target) -> str:
    """Return the entries of hashed requirements that are for a target, without their markers."""
    kept = []
    for entry in entries(requirements):
        name, semicolon, rest = entry.partition(";")
        marker, backslash, hashes = rest.partition("\\")
        if not semicolon:
            kept.append(entry)
        elif target.wants(marker.strip()):
            kept.append(f"{name}{backslash}{hashes}")
    return "".join(kept)


def entries(requirements: str) -> Iterator[str]:
    """Yield each entry of hashed requirements with the lines of its hashes."""
    entry = ""
    for line in requirements.splitlines(keepends=True):
        if entry and not line[:1].isspace():
            yield entry
            entry = ""
        entry += line
    if entry:
        yield entry


def split(requirements: str) -> tuple[str, str]:
    """Return (the entry of llama.cpp's binding or nothing, all other entries) of a hashed requirements file."""
    engine = [entry for entry in entries(requirements) if entry.startswith(f"{ENGINE}==")]
    return "".join(engine), "".join(entry for entry in entries(requirements) if entry not in engine)


def exactly(folder: Path) -> str:
    """Return requirements for the very wheels in a folder, by their own hashes."""
    lines = []
    for path in sorted(folder.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        digest = files.digest_file(path).removeprefix("sha256:")
        lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
    return "".join(lines)


def pack_own(root: Path, folder: Path) -> None:
    """Pack sage_edge as a wheel into a folder, the same bytes for the same sources. Raises WheelsMissing."""
    # hatchling is here already, pinned: to fetch another one would need a network and might make other bytes
    _pip(root, ("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(root)))


def _pip(root: Path, words: tuple[str, ...], requirements: str = "", machine: str = "") -> None:
    """machine: what is compiled is for that one, not for this."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    listed = ("--requirement", "/dev/stdin") if requirements else ()
    env = {
        "CMAKE_ARGS": f"-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama.cpp_INCLUDE={root / LEAN}"
        f" -DCMAKE_PROJECT_INCLUDE={root / ANYWHERE}"
        + (f" -DCMAKE_TOOLCHAIN_FILE={root / CROSSED}" if machine else ""),
        **({"_PYTHON_HOST_PLATFORM": f"linux-{machine}"} if machine else {}),
        "SOURCE_DATE_EPOCH": LONG_AGO,
    }
    done = shell.attempt(Command((*pip, *words, *listed), timeout_s=COMPILE_S, stdin=requirements.encode(), env=env))
    if done.code != 0:
        tail = "\n".join((done.complaint or done.text).splitlines()[-12:])
        raise WheelsMissing(
            f"pip could not get the packages:\n{tail}", hint="is the network there? then the same again"
        )
