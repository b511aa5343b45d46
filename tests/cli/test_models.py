"""`sage-edge model …` as a person meets it: on a bare machine, with a store, with something wrong in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from sage_edge.models import lock
from sage_edge.models.resolve import SHIPPED, Library
from tests.models.building import index, plant
from tests.models.shelving import FILES, REF, declare, digest, fill, library, manifest

FLEET = Path(__file__).parents[2] / "fleet"
TREE = {
    "config.json": {"config": {"of": "qwen2"}},
    "model.safetensors.index.json": {"json": index(total=2)},
    "model-00001-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [1, 2]}},
    "model-00002-of-00002.safetensors": {"safetensors": {"of": "qwen2", "part": [2, 2]}},
    "tokenizer.json": {"tokenizer": {}},
    "tokenizer_config.json": {"text": "{}"},
}
SIZES = {"parameters": 20_000, "context_length": 128}
Say = Callable[..., Result]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Type `sage-edge model WORDS` in a folder's fleet and store."""

    def typed(*words: str, fleet: Path = tmp_path / "fleet") -> Result:
        monkeypatch.setenv("SAGE_FLEET", str(fleet))
        monkeypatch.setenv("SAGE_MODELS", str(tmp_path / "models"))
        return CliRunner().invoke(main, ["model", *words])

    return typed


def test_a_machine_with_only_the_seedling_is_in_order(say: Say, tmp_path: Path) -> None:
    assert "sage/seedling:q8_0" in say("list", fleet=FLEET).stdout
    for words in (["verify"], ["verify", "--deep"], ["verify", "sage/seedling"]):
        result = say(*words, fleet=FLEET)
        assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
        assert result.stdout.startswith("sage/seedling:q8_0 is ")
    assert say("lock", fleet=FLEET).stderr == "models.lock says what the store holds; nothing to do\n"
    assert say("gc", fleet=FLEET).stderr == "everything in the store belongs to a model; nothing to free\n"
    assert not (tmp_path / "models").exists()


def test_every_declared_model_can_be_shown(say: Say) -> None:
    content = json.loads(say("list", "--json", fleet=FLEET).stdout)
    assert content["schema"] == "sage-edge/models/2"
    shown = {row["ref"]: row for row in content["content"]}
    for ref in ("qwen2.5-0.5b/introspective:v2.1-q8_0", "qwen3-omni-30b/instruct:int8-awq", "sage/seedling:q8_0"):
        said = say("show", ref, fleet=FLEET)
        assert said.exit_code == 0
        assert said.stdout.startswith(f"{ref} · {shown[ref]['state']}\n")
        assert json.loads(say("show", ref, "--json", fleet=FLEET).stdout)["content"]["ref"] == ref
    assert [row["ref"] for row in content["content"] if row["state"] == "here"] == ["sage/seedling:q8_0"]


def test_from_a_folder_to_a_locked_model(say: Say, tmp_path: Path) -> None:
    declare(tmp_path / "fleet", container="safetensors", quantisation=..., chat_template=..., **SIZES)
    source = plant(tmp_path / "merged", TREE)
    brought = say("import", str(source), "--ref", "tiny/mind")
    assert brought.exit_code == 0
    assert brought.stdout.startswith("tiny/mind:q8_0 is in the store: 6 files, ")
    refused = say("verify", REF)
    assert (refused.exit_code, refused.stderr.splitlines()[1]) == (1, " next: sage-edge model lock")
    asked = say("lock")
    assert (asked.exit_code, asked.stderr.splitlines()) == (
        2,
        ["error: nothing was changed, because nobody can be asked here", " next: sage-edge model lock --yes"],
    )
    assert asked.stdout.startswith("+ tiny/mind:q8_0 ")
    assert not lock.lock_path(tmp_path / "fleet").exists()
    assert say("lock", "--yes").stdout == asked.stdout
    assert say("lock").stdout == ""
    assert say("verify", "--deep", REF).exit_code == 0
    shown = say("show", REF).stdout
    assert all(name in shown for name in TREE)


def test_what_was_measured_while_it_was_made_is_shown(say: Say, tmp_path: Path) -> None:
    store = library(tmp_path).store
    listed = store.manifest(REF)
    assert listed is not None
    proof = "64 prompts, 956 tokens, max logit difference 1.4e-06 from base and adapter unmerged"
    measured = {"measured: merged": proof, "measured: quantised": "200/200 texts", "recipe": "sha256:0"}
    store.put(listed.model_copy(update={"made_by": measured}))
    lines = [line.split(maxsplit=1) for line in say("show", REF).stdout.splitlines()]
    assert [rest for key, *rest in lines if key == "measured"] == [[f"merged: {proof}"], ["quantised: 200/200 texts"]]


def test_verifying_looks_at_everything_and_ends_with_the_worst(say: Say, tmp_path: Path) -> None:
    made = library(tmp_path)
    blob = made.store.blob(digest(FILES["model.gguf"]))
    blob.chmod(0o644)
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    assert say("verify").exit_code == 0
    deep = say("verify", "--deep")
    assert deep.exit_code == 8
    assert deep.stdout.startswith("sage/seedling:q8_0 is whole, every byte read: ")
    assert deep.stderr.startswith("error: model.gguf has digest sha256:")
    assert deep.stderr.splitlines()[1] == " next: sage-edge model prepare tiny/mind:q8_0"


def test_collecting_shows_first_and_asks(say: Say, tmp_path: Path) -> None:
    made = library(tmp_path)
    fill(made.store, {"old.gguf": b"old" * 10}, tmp_path / "parts")
    left = f"            30  blobs/sha256-{digest(b'old' * 10)[7:]}\n"
    asked = say("gc")
    assert (asked.exit_code, asked.stdout) == (2, left)
    assert asked.stderr.splitlines() == [
        "this would free 30 B",
        "error: nothing was changed, because nobody can be asked here",
        " next: sage-edge model gc --yes",
    ]
    assert made.store.has(digest(b"old" * 10), 30)
    assert (say("gc", "--yes").exit_code, made.store.has(digest(b"old" * 10), 30)) == (0, False)
    assert made.resolve(REF, deep=True).ref == REF


def test_giving_a_model_up_shows_first_and_frees_only_its_own_bytes(say: Say, tmp_path: Path) -> None:
    made = library(tmp_path)
    fill(made.store, {"old.gguf": b"old" * 10}, tmp_path / "parts")
    asked = say("rm", REF)
    assert asked.exit_code == 2
    assert asked.stdout.startswith(f"name  {REF}\n")
    assert " next: sage-edge model rm tiny/mind:q8_0 --yes" in asked.stderr
    assert made.store.refs() == (REF,)
    assert say("rm", REF, "--yes").exit_code == 0
    assert made.store.refs() == ()
    assert [path.stat().st_size for path in made.store.blobs.iterdir()] == [30], "gc's business, not rm's"
    assert say("rm", REF).exit_code == 1


def test_replacing_a_locked_model_shows_both_sides(say: Say, tmp_path: Path) -> None:
    made = library(tmp_path)
    made.store.put(manifest(seed=2))
    minus, plus = say("lock").stdout.splitlines()
    assert minus.split()[:3] == ["-", REF, manifest().digest()]
    assert plus.split()[:3] == ["+", REF, manifest(seed=2).digest()]


def test_a_name_with_two_variants_lists_them(say: Say) -> None:
    refused = say("show", "qwen2.5-0.5b/instruct", fleet=FLEET)
    assert refused.exit_code == 1
    assert "known: qwen2.5-0.5b/instruct:bf16, qwen2.5-0.5b/instruct:q8_0" in refused.stderr
    assert say("show", "nonsense", fleet=FLEET).exit_code == 2


def test_the_shipped_shelf_is_the_one_that_is_resolved() -> None:
    assert (SHIPPED / "seedling" / "card.yaml").is_file()
    assert Library(FLEET, Path("nowhere")).shelves[0] == SHIPPED
