"""Tiny shared libraries, compiled here: some that lie there, some that are needed and absent."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc not installed: apt-get install gcc")


def library(path: Path, needed: Sequence[Path] = (), *, place: str = "$ORIGIN", body: str = "") -> Path:
    """Compile a library that needs others; `place` is its run path, `body` C code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = path.with_suffix(".c")
    source.write_text(body or f"int f_{abs(hash(path.name))}(void) {{ return 1; }}\n")
    words = ["gcc", "-shared", "-fPIC", "-o", str(path), str(source), f"-Wl,-soname,{path.name}", "-Wl,--no-as-needed"]
    words += [*map(str, needed), f"-Wl,-rpath,{place}", "-Wl,--allow-shlib-undefined"]
    subprocess.run(words, check=True, capture_output=True)
    source.unlink()
    return path
