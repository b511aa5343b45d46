"""`sage-edge model import`, `gc`, `lock` at their edges: what was made on the way, and files nobody has proven."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main, model_store
from sage_edge.models import lock
from sage_edge.models.store.store import Store
from sage_edge.names import Digest
from tests.benchmarks import random_gguf
from tests.models import quick, tiny
from tests.models.prepare.test_smoke import SHAPE
from tests.models.shelving import REF, declare, library

Say = Callable[..., Result]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Type `sage-edge model WORDS` in a folder's fleet and store."""
    monkeypatch.setenv("SAGE_FLEET", str(tmp_path / "fleet"))
    monkeypatch.setenv("SAGE_MODELS", str(tmp_path / "store"))
    return lambda *words: CliRunner().invoke(main, ["model", *words])


@pytest.fixture
def made(tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store in which a model was prepared, with doubles at the doors."""
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path)
    assert say("prepare", tiny.REF).exit_code == 0
    return Store(tmp_path / "store")


@pytest.mark.parametrize("name", ["sage/seedling:q8_0", "sage/seedling"])
def test_what_ships_with_the_program_cannot_be_removed(say: Say, tmp_path: Path, name: str) -> None:
    declare(tmp_path / "fleet")
    refused = say("rm", name)
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "error: sage/seedling:q8_0 ships with the program and cannot be removed",
        " next: see what takes room here: sage-edge model list",
    ]


def test_after_preparing_everything_that_is_here_can_be_verified(made: Store, say: Say) -> None:
    done = say("verify", "--deep")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["sage/seedling:q8_0", tiny.BASE, tiny.REF]
    assert say("lock").stderr == "models.lock says what the store holds; nothing to do\n"


def test_what_a_model_was_made_of_can_go_but_its_adapter(made: Store, say: Say) -> None:
    shown = say("gc")
    assert shown.stdout == ""
    assert shown.stderr.splitlines()[0].startswith("4 steps on the way to finished models: 126 kB more: ")
    asked = say("gc", "--parts")
    assert asked.stderr.splitlines()[-1] == " next: sage-edge model gc --yes --parts"
    assert say("gc", "--parts", "--yes").exit_code == 0
    assert made.refs() == (tiny.BASE, tiny.REF, f"{tiny.REF}.adapter")
    assert say("prepare", tiny.REF).stdout == f"{tiny.REF} is prepared; nothing is missing\n"
    assert say("verify", "--deep", tiny.REF).exit_code == 0


def test_a_gguf_speaks_before_it_gets_its_name(tmp_path: Path, say: Say) -> None:
    declare(tmp_path / "fleet", chat_template=..., parameters=SHAPE.parameters)
    (tmp_path / "good").mkdir()
    random_gguf.write(tmp_path / "good" / "m.gguf", SHAPE)
    data = bytearray((tmp_path / "good" / "m.gguf").read_bytes())
    at = data.index(b"tokenizer.ggml.model") + len("tokenizer.ggml.model") + 12
    data[at : at + 4] = b"gpt9"  # the header holds together; llama.cpp knows no such tokenizer
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "m.gguf").write_bytes(data)
    refused = say("import", str(tmp_path / "bad"), "--ref", REF)
    assert refused.exit_code == 8
    assert refused.stderr.startswith(f"error: {REF} does not run: it ended with 1: ")
    assert Store(tmp_path / "store").refs() == ()
    brought = say("import", str(tmp_path / "good"), "--ref", REF)
    assert (brought.exit_code, brought.stderr) == (0, "next: sage-edge model lock\n")


def test_where_llama_cpp_is_not_installed_nobody_has_asked(
    tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(tmp_path / "fleet", chat_template=..., parameters=SHAPE.parameters)
    monkeypatch.setattr(model_store, "find_spec", lambda _: None)
    (tmp_path / "good").mkdir()
    random_gguf.write(tmp_path / "good" / "m.gguf", SHAPE)
    brought = say("import", str(tmp_path / "good"), "--ref", REF)
    assert brought.stderr.splitlines()[0] == "llama.cpp is not installed here, so nobody has let it speak"


def test_an_adapter_is_imported_for_others_to_copy(tmp_path: Path, say: Say) -> None:
    quick.fleet(tmp_path)
    brought = say("import", str(tmp_path / "adapter"), "--ref", f"{tiny.REF}.adapter")
    assert (brought.exit_code, brought.stderr) == (0, f"next: sage-edge model prepare {tiny.REF}\n")
    assert Store(tmp_path / "store").refs() == (f"{tiny.REF}.adapter",)
    wrong = say("import", str(tmp_path / "base"), "--ref", f"{tiny.REF}.adapter")
    assert (wrong.exit_code, wrong.stderr.splitlines()) == (
        1,
        [
            f"error: {tiny.REF}.adapter is no adapter but complete",
            f" next: sage-edge model inspect {tmp_path / 'base'}",
        ],
    )
    nobody = say("import", str(tmp_path / "adapter"), "--ref", f"{tiny.BASE}.adapter")
    assert nobody.exit_code == 1
    assert f"no model named {tiny.BASE}.adapter" in nobody.stderr


def test_a_lock_that_changes_while_a_person_reads_is_not_overwritten(
    tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library(tmp_path, locked=False)
    made.store.root.rename(tmp_path / "store")
    monkeypatch.setattr(model_store, "_agree", lambda *_: lock.write_lock(made.fleet, {}))
    lock.lock_path(made.fleet).unlink()
    assert say("lock", "--yes").exit_code == 0
    other = {REF: lock.LockedModel(Digest("sha256:" + "0" * 64))}
    monkeypatch.setattr(model_store, "_agree", lambda *_: lock.write_lock(made.fleet, other))
    lock.write_lock(made.fleet, {})
    refused = say("lock", "--yes")
    assert (refused.exit_code, refused.stderr.splitlines()) == (
        2,
        ["error: fleet/models.lock was changed meanwhile; nothing is written", " next: sage-edge model lock"],
    )
    assert lock.read_lock(made.fleet) == other
