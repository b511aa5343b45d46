"""Every package of an image as files on the workstation, so that a build reaches no index and takes no other bytes.

    .sage/wheels/<image>-<platform>-<12 hex>/    named after what is asked for, so nothing is fetched twice
      *.whl *.tar.gz                             as hashed in images/<image>/requirements*.txt
      requirements.txt                           exactly these files with their hashes, llama.cpp's binding apart
      own/sage_edge-*.whl                        our code, packed anew for each build

Packages are fetched with `pip download --require-hashes`; the binding of llama.cpp is an sdist, which a CPU build
compiles here (pip keeps the wheel), and the build for a board compiles in its own stage, against CUDA.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from sage_edge import files, shell
from sage_edge.deploy.addresses import DeployError
from sage_edge.deploy.imagecards import ImageCard, Platform
from sage_edge.shell import Command

ENGINE = "llama-cpp-python"
LEAN = "requirements/llama.cmake"
FETCH_S, COMPILE_S = 3600.0, 3600.0
Tell = Callable[[str], None]


class WheelsMissing(DeployError):
    """The packages of an image could not be got."""

    code = 4


def ensure(root: Path, card: ImageCard, platform: Platform, tell: Tell) -> Path:
    """Return the folder with every wheel of an image, our own code packed anew. Raises WheelsMissing."""
    variant = card.platforms[platform]
    wanted = root / "images" / card.name / variant.requirements
    state = files.digest(wanted.read_bytes() + f"{platform} {variant.python or card.python}".encode()).short
    folder = root / ".sage" / "wheels" / f"{card.name}-{platform}-{state}"
    if not (folder / "requirements.txt").is_file():
        tell(f"getting the packages of images/{card.name} for {platform} (once)")
        _fetch(root, wanted, folder, platform, variant.python or card.python)
    _pack_own(root, folder / "own")
    return folder


def _fetch(root: Path, wanted: Path, folder: Path, platform: Platform, python: str) -> None:
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    (part / "all.txt").write_text(wanted.read_text("utf-8"), "utf-8")
    others = part / "others.txt"
    engine, rest = split(wanted.read_text("utf-8"))
    others.write_text(rest, "utf-8")
    target = () if platform == "cpu" else _for_board(python)
    _pip(root, ("download", "--no-deps", "--require-hashes", "--only-binary=:all:", *target, "-r", str(others)), part)
    if engine:
        (part / "engine.txt").write_text(engine, "utf-8")
        verb = ("wheel", "--wheel-dir") if platform == "cpu" else ("download", "--no-binary=:all:", "--dest")
        _pip(root, (*verb, str(part), "--no-deps", "--require-hashes", "-r", str(part / "engine.txt")), part)
    (part / "requirements.txt").write_text(_exactly(part), "utf-8")
    for name in ("all.txt", "others.txt", "engine.txt"):
        (part / name).unlink(missing_ok=True)
    part.rename(folder)


def _for_board(python: str) -> tuple[str, ...]:
    tags = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (28, 27, 26, 24, 17)]
    return ("--python-version", python, "--implementation", "cp", *tags, "--platform=manylinux2014_aarch64")


def split(requirements: str) -> tuple[str, str]:
    """Return (the entry of llama.cpp's binding or nothing, all other entries) of a hashed requirements file."""
    entries: list[str] = []
    for line in requirements.splitlines(keepends=True):
        if line[:1].isspace() and entries:
            entries[-1] += line
        else:
            entries.append(line)
    engine = [entry for entry in entries if entry.startswith(f"{ENGINE}==")]
    return "".join(engine), "".join(entry for entry in entries if entry not in engine)


def _exactly(folder: Path) -> str:
    """Requirements for the very files in a folder, by their own hashes; without llama.cpp's binding."""
    lines = []
    for path in sorted(folder.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        if name != ENGINE.replace("-", "_"):
            digest = files.digest(path.read_bytes()).removeprefix("sha256:")
            lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
    return "".join(lines)


def _pack_own(root: Path, folder: Path) -> None:
    """Pack sage_edge as a wheel, with the same bytes for the same sources."""
    shutil.rmtree(folder, ignore_errors=True)
    words = ("wheel", "--no-deps", "--wheel-dir", str(folder), str(root))
    _pip(root, words, folder, env={"SOURCE_DATE_EPOCH": "315532800"})


def _pip(root: Path, words: tuple[str, ...], folder: Path, env: dict[str, str] | None = None) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    where = ("--dest", str(folder)) if words[0] == "download" and "--dest" not in words else ()
    settings = {"CMAKE_ARGS": f"-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama.cpp_INCLUDE={root / LEAN}", **(env or {})}
    done = shell.attempt(Command((*pip, *words, *where), timeout_s=COMPILE_S, env=settings))
    if done.code != 0:
        tail = "\n".join((done.complaint or done.text).splitlines()[-12:])
        raise WheelsMissing(
            f"pip could not get the packages:\n{tail}", hint="is the network there? then the same again"
        )
