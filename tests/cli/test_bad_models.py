"""Every kind of bad input that the model road promises to refuse, at the command, in its exact words and exit code.

The rows that are folders or files are case files (`tests/cases/inspection/`, cases with a `row`); the others are here.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from sage_edge.models import errors as model_errors
from sage_edge.models.store import disk_space
from tests.models import cases, quick, shelving, tiny
from tests.models.prepare import test_run_kills

FOLDERS = {name: case for file in ("folders.yaml", "gguf.yaml") for name, case in cases.load(file).items()}
REF = shelving.REF
ROWS = {name: case for name, case in FOLDERS.items() if "row" in case}
Type = Callable[..., Result]


def demand(result: Result, code: int, message: str, hint: str) -> None:
    """Fail unless a command ended with this code and, on stderr, with these two lines and nothing else."""
    assert (result.exit_code, result.stderr) == (code, f"error: {message}\n next: {hint}\n")


@pytest.fixture
def type_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types `sage-edge model WORDS` with the fleet and the store of the test's folder."""

    def typed(*words: str, store: str = "store") -> Result:
        monkeypatch.setenv("SAGE_FLEET", str(tmp_path / "fleet"))
        monkeypatch.setenv("SAGE_MODELS", str(tmp_path / store))
        return CliRunner().invoke(main, ["model", *words])

    return typed


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['row']} ({name})") for name, case in ROWS.items()])
def test_a_folder_is_refused_in_so_many_words(case: dict[str, Any], tmp_path: Path, type_: Type) -> None:
    folder, path = cases.plant(tmp_path, case)
    known, expected = cases.words(folder, case, path), case["error"]
    message, hint = (cases.filled(expected[part], known) for part in ("message", "hint"))
    result = type_("inspect", str(path), *(["--architecture", case["family"]] if "family" in case else []))
    demand(result, getattr(model_errors, expected["kind"]).code, message, hint)


@pytest.mark.parametrize("verb", ["prepare", "show", "verify"])
def test_a_path_in_the_place_of_a_name(tmp_path: Path, type_: Type, verb: str) -> None:
    """The seeds' first error: a home directory went where a name belongs, and the hub's client refused its form."""
    quick.fleet(tmp_path)
    path = "/home/dp/model-zoo/introspective-qwen-merged"
    what = f"expected a model like family/name:variant, got '{path}'"
    demand(type_(verb, path), 2, what, f"a model has a name; to look at a folder: sage-edge model inspect {path}")


def test_an_adapter_in_the_place_of_a_model(tmp_path: Path, type_: Type) -> None:
    """The seeds' third error, in the store: an adapter stands under a model's name, its base is on no machine."""
    shelving.declare(tmp_path / "fleet", ref="tiny/base:bf16", container="safetensors")
    config = b'{"base_model_name_or_path": "./fine_tuned_model/final_model"}'
    adapter = {"adapter_config.json": config, "adapter_model.safetensors": b"a" * 100}
    shelving.library(tmp_path, adapter, container="safetensors", base="tiny/base:bf16")
    what = "an adapter without its base tiny/base:bf16: it points at './fine_tuned_model/final_model', a folder's path,"
    demand(type_("verify", REF, store="models"), 1, f"{what} and such names no base", f"sage-edge model prepare {REF}")


def test_a_symlink_in_the_store(tmp_path: Path, type_: Type) -> None:
    blob = shelving.library(tmp_path).store.blob(shelving.digest(shelving.FILES["model.gguf"]))
    blob.rename(tmp_path / "elsewhere")
    blob.symlink_to(tmp_path / "elsewhere")
    what = f"{REF} lacks model.gguf (a symlink stands in its place)"
    demand(type_("verify", REF, store="models"), 1, what, f"sage-edge model prepare {REF}")


def test_a_listing_that_leaves_the_store(tmp_path: Path, type_: Type) -> None:
    path = shelving.library(tmp_path).store.manifest_path(REF)
    path.write_text(path.read_text().replace("model.gguf", "../../model.gguf"))
    why = "files.0.path: Value error, expected a path below the model's folder, got '../../model.gguf'"
    what = f"{path} cannot be read: no manifest: {why}"
    demand(type_("verify", REF, store="models"), 1, what, f"sage-edge model prepare {REF}")


@pytest.mark.parametrize(
    ("verb", "what", "needs"),
    [("prepare", f"preparing {tiny.REF}", "67.3 MB"), ("import", f"importing {tiny.BASE}", "67.2 MB")],
)
def test_a_disk_that_is_too_small(
    tmp_path: Path, type_: Type, monkeypatch: pytest.MonkeyPatch, verb: str, what: str, needs: str
) -> None:
    quick.fleet(tmp_path)
    base = {"ref": tiny.BASE, "container": "safetensors", "chat_template": ..., "source": {"directory": "base"}}
    shelving.declare(tmp_path / "fleet", **base, **quick.SIZES)
    free = disk_space.SPARE_BYTES
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free, 0, free))
    refused = type_(verb, *([tiny.REF] if verb == "prepare" else [str(tmp_path / "base"), "--ref", tiny.BASE]))
    why = f"needs {needs} free on {tmp_path / 'store'}, there are 67.1 MB; nothing was written"
    demand(refused, 3, f"{what} {why}", f"see on {tmp_path / 'store'} what can go: sage-edge model gc")
    assert not any((tmp_path / "store" / name).exists() for name in ("blobs", "partial", "manifests"))


def test_two_processes_that_prepare_the_same_name(tmp_path: Path, type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path)
    with test_run_kills.start(tmp_path, 0, "wait") as first:
        assert first.stdout is not None
        assert any(line == "merging\n" for line in first.stdout)
        second = type_("prepare", tiny.REF)
        (tmp_path / "go").touch()
        assert first.wait(60) == 0
    since = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", second.stderr)
    assert since is not None
    what = f"the preparation of {tiny.REF} is in use by process {first.pid} since {since[0]}"
    demand(second, 5, what, "wait until it is done; a dead owner needs no help")
    assert type_("verify", tiny.REF).exit_code == 0


PROMISED = {
    "seeds, error 1",
    "seeds, error 2",
    "seeds, error 3",
    "tokenizer-only folder",
    "adapter with ./fine_tuned_model/final_model",
    "adapter with an absolute home path",
    "index naming 8 shards with none present",
    "one shard truncated by a byte",
    "LFS pointer instead of weights",
    "config without weights",
    "weights whose shapes disagree with the config",
    "header longer than the file",
    "overlapping tensors",
    "GGUF with 2^60 tensors",
    "GGUF of another architecture",
    "symlink or .. leaving the store",
    "a pickle (.bin)",
    "trust_remote_code",
    "disk too small",
    "two processes preparing the same ref at once",
}
HERE = {
    "disk too small": test_a_disk_that_is_too_small,
    "two processes preparing the same ref at once": test_two_processes_that_prepare_the_same_name,
}


def test_every_row_of_the_list_has_its_test() -> None:
    rows = {row for case in ROWS.values() for row in case["row"].split("; ")}
    assert rows | HERE.keys() == PROMISED
