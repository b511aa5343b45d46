"""Hashed requirements: which words make them, that they name no place, and that those in the tree are such."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.image import requirements
from sage_edge.image.errors import NamesAPlace, NoCompiler, NotPinned, Offline
from sage_edge.image.requirements import Sheet
from sage_edge.workstation import image_tasks
from tests.image.test_spec import images
from tests.workstation.direct import call

__all__ = ["images"]

ROOT = Path(__file__).parents[2]
SHEETS = {f"{sheet.path.parent.name}/{sheet.path.name}": sheet for sheet in requirements.sheets(ROOT)}
WRITTEN = {name: sheet.path.read_text("utf-8") for name, sheet in SHEETS.items()}


def test_every_image_has_a_sheet_for_each_platform_and_one_for_its_compiler() -> None:
    assert sorted(SHEETS) == [
        "sprout/requirements-build.txt",
        "sprout/requirements-cpu.txt",
        "sprout/requirements.txt",
        "thor/requirements-cpu.txt",
        "thor/requirements.txt",
    ]
    there = {path.relative_to(ROOT / "images").as_posix() for path in (ROOT / "images").glob("*/requirements*.txt")}
    assert there == set(SHEETS), "no file that nothing names"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sprout/requirements.txt", "pyproject.toml --extra practitioner -*-version 3.10 --python-platform aarch64"),
        (
            "thor/requirements.txt",
            "--extra researcher --extra analysis --extra serve -*-version 3.12 --python-platform aarch64",
        ),
        ("thor/requirements-cpu.txt", "--extra practitioner --extra analysis -*-version 3.10 --universal"),
        ("sprout/requirements-build.txt", "uv pip compile - -*-version 3.10 --python-platform aarch64"),
    ],
)
def test_the_words_of_uv(name: str, words: str) -> None:
    line = " ".join(SHEETS[name].words("uv", Path("c.txt"), Path("out.txt"), upgrade=False))
    assert re.search(".*".join(map(re.escape, words.split("*"))), line), line
    assert "--generate-hashes --no-header --no-annotate --no-emit-index-url" in line
    assert "--upgrade" not in line
    assert SHEETS[name].words("uv", Path("c.txt"), Path("out.txt"), upgrade=True)[-1] == "--upgrade"


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_what_lies_in_the_tree_is_hashed_and_names_no_place(name: str) -> None:
    text = WRITTEN[name]
    assert requirements.places(text) == []
    assert len(requirements.versions(text)) >= 8
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; .+)?", one) for one in requirements.versions(text))
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text)) == text.count("--hash=")


@pytest.mark.parametrize("name", [name for name in sorted(WRITTEN) if name != "sprout/requirements-build.txt"])
def test_what_is_constrained_is_as_constrained(name: str) -> None:
    lines = (ROOT / requirements.CONSTRAINTS).read_text("utf-8").splitlines()
    pinned = {line.split(" ;")[0] for line in lines if not line.startswith("#")}
    constrained = {line.split("==")[0] for line in pinned}
    found = {one.split(" ;")[0] for one in requirements.versions(WRITTEN[name])}
    apart = {f"{package}=={version}" for package, version in SHEETS[name].pins}
    assert {one for one in found if one.split("==")[0] in constrained} - apart <= pinned


def test_thor_has_the_torch_with_its_kernels_and_sprout_has_none() -> None:
    """Facts §2.3: this very wheel bundles NVPL and has sm_110; there is none with sm_87 for Sprout."""
    (torch,) = (one for one in WRITTEN["thor/requirements.txt"].split("\ntorch==")[1:])
    assert torch.startswith("2.15.0 ")
    entry = re.split(r"\n(?=[a-z])", torch)[0]
    assert "sha256:9e51cf9460c5441dcd2a4f31ece207e35ea7c3d2535be0f929cca4944e2eeb18" in entry
    for name in ("sprout/requirements.txt", "sprout/requirements-cpu.txt", "thor/requirements-cpu.txt"):
        assert not re.search(r"^(torch|transformers|fabric|nvidia-)", WRITTEN[name], re.MULTILINE)
    assert "huggingface-hub" not in WRITTEN["sprout/requirements.txt"], "nothing on Sprout fetches a model"


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.test/simple",
        "-i example",
        "--find-links=/somewhere",
        "x @ file:x.whl",
        "x==1 --hash=sha256:a # from https://example.test",
    ],
)
def test_a_line_that_says_where_from_is_found(line: str) -> None:
    assert requirements.places(f"a==1 \\\n    --hash=sha256:b\n{line}\n") == [line]


def test_a_pin_of_an_image_takes_the_place_of_the_constraint() -> None:
    text = "# torch==0\ntorch==2.13.0\ntorchvision==1 ; python_version < '3.11'\n"
    assert requirements.constrained(text, {"torch": "2.15.0", "new": "1"}) == (
        "# torch==0\ntorchvision==1 ; python_version < '3.11'\nnew==1\ntorch==2.15.0\n"
    )


def test_changes_are_told_by_version() -> None:
    old, new = "a==1 \\\n    --hash=sha256:1\nb==1\n", "a==2 \\\n    --hash=sha256:2\nb==1\n"
    assert requirements.changes(old, new) == ["- a==1", "+ a==2"]
    assert requirements.changes(old, old) == []
    assert requirements.changes(old, old.replace("sha256:1", "sha256:3")) == ["only hashes differ"]


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `uv` that appends `says` to its output file, or fails with what `fails` says."""
    program = tmp_path / "uv"
    program.write_text(
        '#!/bin/sh\nhere=$(dirname "$0")\n[ ! -f $here/fails ] || { cat $here/fails >&2; exit 2; }\n'
        'while [ "$1" != --output-file ]; do shift; done\ncat $here/says >"$2"\n',
        "utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setattr(requirements, "tool", lambda: str(program))
    return tmp_path


def sheet(images: Path) -> Sheet:
    return next(one for one in requirements.sheets(images.parent) if one.path.parent.name == "thor")


@pytest.fixture
def checkout(images: Path) -> Path:
    """A root with the real declarations and constraints."""
    for name in ("pyproject.toml", "requirements"):
        (images.parent / name).symlink_to(ROOT / name)
    return images.parent


def test_an_address_is_never_written(uv: Path, checkout: Path) -> None:
    (uv / "says").write_text("--index-url https://example.test/simple\na==1\n", "utf-8")
    with pytest.raises(
        NamesAPlace, match=r"requirements\.txt would say where packages come from: --index-url"
    ) as refused:
        requirements.compiled(checkout, sheet(checkout / "images"))
    assert refused.value.hint


@pytest.mark.parametrize(
    ("says", "kind", "code"),
    [("error: Failed to fetch: `x`\n  Caused by: dns error", Offline, 4), ("× No solution found", NotPinned, 1)],
)
def test_why_there_are_none_is_told_apart(
    says: str, kind: type[NotPinned], code: int, uv: Path, checkout: Path
) -> None:
    (uv / "fails").write_text(says, "utf-8")
    with pytest.raises(NotPinned, match=r"images/thor/requirements\.txt") as refused:
        requirements.compiled(checkout, sheet(checkout / "images"))
    assert type(refused.value) is kind
    assert refused.value.code == code


def test_the_task_shows_and_writes_all_of_them(
    uv: Path, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(checkout / "fleet"))
    path, text = checkout / "images" / "thor" / "requirements.txt", "torch==9 \\\n    --hash=sha256:1\n"
    (uv / "says").write_text(text, "utf-8")
    assert call(image_tasks.requirements, dry_run=True) == 0
    assert path.read_text("utf-8") == WRITTEN["thor/requirements.txt"]
    shown = capsys.readouterr()
    assert "images/thor/requirements.txt:\n    - accelerate==" in shown.out
    assert "\n    + torch==9\n" in shown.out
    assert "nothing was written" in shown.err
    assert call(image_tasks.requirements) == 0
    assert path.read_text("utf-8") == text
    capsys.readouterr()
    assert call(image_tasks.requirements) == 0
    assert "images/thor/requirements.txt: no change" in capsys.readouterr().out


def test_without_uv_the_next_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCompiler) as refused:
        requirements.tool()
    assert "pip install uv" in hints.text(refused.value.hint)
