"""`sage-edge model prepare`: the plan on stdout, progress on stderr, and nothing written by a dry run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from sage_edge import hints
from sage_edge.cli import model_prepare
from sage_edge.cli.model_prepare import command
from sage_edge.errors import Unreachable
from sage_edge.models.errors import ModelError, ModelNotFound
from sage_edge.models.lock import read_lock
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.cli.world import snapshot
from tests.models import quick, tiny

FLEET = Path(__file__).parents[2] / "fleet"
SPROUTS = "qwen2.5-0.5b/introspective:v2.1-q8_0"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny cards, an empty store, and doubles at the doors."""
    quick.doubles(monkeypatch)
    monkeypatch.setenv("SAGE_FLEET", str(quick.fleet(tmp_path)))
    monkeypatch.setenv("SAGE_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("HF_ENDPOINT", quick.NOWHERE)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "fleet"


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_a_dry_run_prints_the_plan_and_writes_nothing(fleet: Path, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    done = run(tiny.REF, "--dry-run")
    assert (done.exit_code, done.stderr) == (0, "")
    assert snapshot(tmp_path) == before
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["step", "makes", "bytes", "minutes", "estimated", "from"]
    assert re.search(r"merge +tiny/introspective:v1-q8_0.merged +\d\d\.\d kB ", done.stdout)
    assert lines[-1] == "tiny/introspective:v1-q8_0: 8 steps, 227 kB to write, 0.5 minutes"


def test_the_plan_as_a_document(fleet: Path) -> None:
    told = json.loads(run(tiny.REF, "--dry-run", "--json").stdout)
    assert (told["schema"], told["content"]["ref"]) == ("sage-edge/preparation/1", tiny.REF)
    steps = told["content"]["steps"]
    assert [step["step"] for step in steps][:3] == ["import", "import", "merge"]
    assert steps[2]["bytes"] == 80_000
    assert all(step["basis"] for step in steps)


def test_the_plan_is_carried_out_without_a_question_where_nobody_sits(fleet: Path) -> None:
    done = run("tiny/introspective")
    assert done.exit_code == 0, done.output
    assert "1/8 import tiny/base:f32\n" in done.stderr
    assert "8/8 lock tiny/introspective:v1-q8_0\n" in done.stderr
    assert "measured: quantised: 200/200 texts tokenised alike" in done.stdout
    assert "tiny/introspective:v1-q8_0 is prepared and locked: " in done.stdout
    assert tiny.REF in read_lock(fleet)
    again = run(tiny.REF)
    assert (again.stdout, again.stderr) == ("tiny/introspective:v1-q8_0 is prepared; nothing is missing\n", "")


@pytest.mark.parametrize(("typed", "name"), [(model_prepare.pull, "pull"), (command, "prepare")])
def test_a_refusal_names_the_command_that_was_typed(
    fleet: Path, tmp_path: Path, typed: click.Command, name: str
) -> None:
    shutil.move(tmp_path / "adapter", tmp_path / "elsewhere")
    answer = CliRunner().invoke(typed, [tiny.REF])
    assert isinstance(answer.exception, ModelError)
    assert hints.text(answer.exception.hint) == f"put its files there, then: sage-edge model {name} {tiny.REF}"


def test_pulling_brings_the_files_and_makes_nothing_of_them(fleet: Path, tmp_path: Path) -> None:
    def pull(*words: str) -> Result:
        return CliRunner().invoke(model_prepare.pull, words)

    before = snapshot(tmp_path)
    assert "import" in pull(tiny.REF, "--dry-run").stdout
    assert snapshot(tmp_path) == before
    done = pull(tiny.REF)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (0, f"next: sage-edge model prepare {tiny.REF}")
    assert Store(tmp_path / "store").refs() == (ModelRef("tiny/base:f32"), f"{tiny.REF}.adapter")
    assert read_lock(fleet) == {}
    assert pull(tiny.REF).stdout == f"{tiny.REF} has all of its files here; nothing to fetch\n"
    assert "import" not in run(tiny.REF, "--dry-run").stdout
    assert run(tiny.REF).exit_code == 0
    assert pull(tiny.REF).exit_code == 0


def test_an_unknown_name_is_refused(fleet: Path) -> None:
    refused = run("tiny/other:v1")
    assert isinstance(refused.exception, ModelNotFound)


def test_a_board_copies_nothing_from_another(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_prepare, "find_spec", lambda _: None)  # what reaches into machines is not installed there
    tiny.declare(
        fleet, tiny.cards({"directory": "base"}, {"host": "sprout"}, quick.SIZES, base_weights="sha256:" + "0" * 64)
    )
    refused = run(tiny.REF)
    assert isinstance(refused.exception, ModelError)
    assert refused.exception.message == (
        f"{tiny.REF}.adapter lies in the store of sprout, and this command copies nothing between machines"
    )
    assert hints.text(refused.exception.hint) == f"invoke sync --from-host sprout --model {tiny.REF}.adapter"


def test_sprouts_mind_offline_has_a_plan_and_then_no_hub(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(FLEET))
    done = run(SPROUTS, "--yes")
    assert isinstance(done.exception, Unreachable)
    assert done.exception.code == 4
    assert done.exception.message.startswith("cannot reach the hub at http://127.0.0.1:9")
    assert "8 steps, " in done.stdout.splitlines()[-1]
    assert done.stderr.startswith("1/8 fetch qwen2.5-0.5b/instruct:bf16\n")
