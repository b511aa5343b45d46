"""A next step is pasted back into a shell and names the same file, whatever that file is called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from sage_edge.cli import main

NAMES = [
    b"a\xff.gguf",
    b"two\nlines.gguf",
    b"\x1b[31mred\x1b]0;x\x07.gguf",
    b"-x.gguf",
    b"--context.gguf",
    b'it\'s "said" $(date) `date` \\.gguf',
    b" blanks  .gguf ",
    "\u202egnp\u200b\u00a0.gguf".encode(),
    b"n" * 250 + b".gguf",
    b"~",
    b"$HOME",
    b"*",
]


def pasted(step: str) -> list[bytes]:
    """The words that our program gets from a shell."""
    line = f"sage-edge() {{ printf '%s\\0' \"$@\"; }}; {step}"
    return subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout.split(b"\0")[:-1]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("is_near", [True, False])
def test_a_next_step_names_the_same_file(
    name: bytes, is_near: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = os.fsdecode(name) if is_near else str(tmp_path / os.fsdecode(name))
    Path(path).write_bytes(b"GGUF")
    answer = CliRunner().invoke(main, ["model", "inspect", "--", path])
    step = answer.stderr.split(" next: ")[1].removesuffix("\n")
    assert step.isprintable()
    assert "\\udc" not in answer.output
    words = pasted(step[step.index("sage-edge") :])
    assert [word for word in words if word != b"--"] == [b"model", b"inspect", os.fsencode(path)]
    assert (words[2] == b"--") == (path.startswith("-"))


def test_a_folder_of_safetensors_is_named_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"a \xff")
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    answer = CliRunner().invoke(main, ["model", "inspect", str(folder / "model.safetensors")])
    assert pasted(answer.stderr.split(" next: ")[1])[-1] == os.fsencode(folder)
