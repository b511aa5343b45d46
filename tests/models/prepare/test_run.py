"""From a name to a locked model: the plan, what it skips, what it refuses, and what a kill costs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.engines import Deadline, Draw, Message, Sampling, Settings, open_engine
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import DigestMismatch, ModelWorkInterrupted
from sage_edge.models.lock import LockedModel, read_lock, write_lock
from sage_edge.models.model_inventory import is_prepared
from sage_edge.models.prepare import import_folder, plan, run
from sage_edge.models.prepare.plan import PlannedStage
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stages import part_names, parts_of
from sage_edge.models.resolve import Library
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef
from tests.benchmarks import random_gguf
from tests.cli.world import snapshot
from tests.models import quick, tiny
from tests.models.prepare.test_smoke import SHAPE

ROOT = Path(__file__).parents[3]
WHOLE = ["import", "import", "merge", "convert", "quantise", "parity", "smoke", "lock"]
ZEROS = "sha256:" + "0" * 64


def planned(context: PrepareContext) -> tuple[PlannedStage, ...]:
    """What is missing now."""
    return plan.plan(tiny.REF, context.cards, context.store, read_lock(context.fleet), home=context.home)


def kinds(steps: tuple[PlannedStage, ...]) -> list[str]:
    return [step.name for step in steps]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrepareContext:
    """A place to prepare in, with doubles at its doors, an empty store, and everything on this machine."""
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path)
    return quick.context(tmp_path)


# --- the plan ---


def test_the_plan_says_bytes_minutes_and_what_they_are_from(context: PrepareContext) -> None:
    found = planned(context)
    assert kinds(found) == WHOLE
    sizes = {step.name: (step.size_bytes, step.basis) for step in found}
    assert sizes["merge"] == (80_000, "0.0 M parameters of 4 bytes, in f32, held against base and adapter")
    assert sizes["quantise"] == (21_250, "0.0 M parameters of 1.06 bytes, in q8_0")
    assert sizes["import"][1] == "the size of its files"
    assert all(step.basis for step in found)
    assert all(step.minutes > 0 for step in found[:-1])
    assert str(found[2]) == "merge tiny/introspective:v1-q8_0.merged"


def test_planning_writes_nothing(context: PrepareContext, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    planned(context)
    assert snapshot(tmp_path) == before


def test_the_shipped_card_of_sprouts_mind_has_a_plan(tmp_path: Path) -> None:
    cards = read_cards(ROOT / "fleet")
    ref = ModelRef("qwen2.5-0.5b/introspective:v2.1-q8_0")
    found = plan.plan(ref, cards, Store(tmp_path), {}, home=tmp_path)
    assert kinds(found) == ["fetch", *WHOLE[1:]]
    sizes = {step.name: step.size_bytes for step in found}
    assert sizes["fetch"] == pytest.approx(988e6, rel=0.02)
    assert sizes["merge"] == sizes["convert"] == 4 * 494_032_768
    assert sizes["quantise"] == pytest.approx(531e6, rel=0.02)
    assert found[0].basis == "its card; at 10 MB/s"
    assert found[1].basis.startswith("adapters/introspective-v2.1 is not here yet; LoRA of rank 16")
    assert 2 < sum(step.minutes for step in found) < 60


def test_every_shipped_card_can_be_planned(tmp_path: Path) -> None:
    cards = read_cards(ROOT / "fleet")
    for ref in cards:
        plan.plan(ref, cards, Store(tmp_path), {}, home=tmp_path)
    assert not any(tmp_path.iterdir())


# --- doing it ---


def test_a_pull_brings_and_makes_nothing(context: PrepareContext) -> None:
    assert [(step.name, step.makes) for step in run.pull(tiny.REF, context)] == [
        ("import", tiny.BASE),
        ("import", f"{tiny.REF}.adapter"),
    ]
    assert context.store.refs() == (tiny.BASE, f"{tiny.REF}.adapter")
    assert read_lock(context.fleet) == {}
    assert run.pull(tiny.REF, context) == ()
    assert kinds(run.prepare(tiny.REF, context)) == WHOLE[2:]
    assert parts_of(tiny.BASE, context.store.refs()) == ()
    parts = {name.rpartition(".")[2] for name in parts_of(tiny.REF, context.store.refs())}
    assert parts == set(part_names()) - {"fetched", "dequantised"}


def test_everything_is_made_once_and_locked(context: PrepareContext) -> None:
    told: list[str] = []
    assert kinds(run.prepare(tiny.REF, replace(context, log=told.append))) == WHOLE
    manifest = context.store.manifest(tiny.REF)
    assert manifest is not None
    base = context.store.manifest(tiny.BASE)
    assert base is not None
    assert read_lock(context.fleet) == {tiny.REF: LockedModel(manifest.digest()), tiny.BASE: LockedModel(base.digest())}
    assert told[0] == "1/8 import tiny/base:f32"
    assert [line.split()[:2] for line in told[-1].splitlines()] == [
        ["fleet/models.lock:"],
        ["+", tiny.BASE],
        ["+", tiny.REF],
    ]
    assert (manifest.container, manifest.chat_template, len(manifest.parents)) == ("gguf", quick.TEMPLATE, 6)
    assert manifest.source == "made here: merge, convert, quantise of tiny/base:f32 with directory: adapter"
    measured = dict(plan.measurements(manifest))
    assert set(measured) == {f"measured: {what}" for what in ("merged", "converted", "kinds", "quantised", "smoke")}
    assert measured["measured: merged"] == str(quick.MERGED)
    assert manifest.made_by["torch"] == "0"
    assert list(context.store.partial.iterdir()) == []
    assert planned(context) == ()
    assert run.prepare(tiny.REF, context) == ()


def test_nothing_is_written_when_nothing_is_missing(context: PrepareContext, tmp_path: Path) -> None:
    run.prepare(tiny.REF, context)
    before = snapshot(tmp_path)
    assert run.prepare(tiny.REF, context) == ()
    assert snapshot(tmp_path) == before


def test_a_stop_request_ends_it_after_the_step_that_runs(context: PrepareContext) -> None:
    def tell(line: str) -> None:
        if line.startswith("3/8"):
            context.stop.set()

    with pytest.raises(ModelWorkInterrupted) as stopped:
        run.prepare(tiny.REF, replace(context, log=tell))
    assert stopped.value.message == "stopped at: merge tiny/introspective:v1-q8_0.merged"
    assert stopped.value.code == 130
    context.stop.clear()
    assert kinds(run.prepare(tiny.REF, context)) == WHOLE[3:]


def test_what_it_was_made_of_may_go(context: PrepareContext) -> None:
    run.prepare(tiny.REF, context)
    for ref in context.store.refs():
        if ref != tiny.REF:
            context.store.remove(ref)
    assert planned(context) == ()


def test_only_what_is_missing_is_made_again_and_it_is_the_same(context: PrepareContext) -> None:
    run.prepare(tiny.REF, context)
    locked = read_lock(context.fleet)
    manifest = context.store.manifest(tiny.REF)
    assert manifest is not None
    context.store.blob(manifest.files[0].digest).unlink()
    assert kinds(planned(context)) == ["quantise", "parity", "smoke", "lock"]
    run.prepare(tiny.REF, context)
    assert read_lock(context.fleet) == locked


def test_the_same_inputs_make_the_same_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.doubles(monkeypatch)
    locks = []
    for name in ("one", "two"):
        quick.fleet(tmp_path / name)
        run.prepare(tiny.REF, quick.context(tmp_path / name))
        locks.append(read_lock(tmp_path / name / "fleet"))
    assert locks[0] == locks[1]


def test_another_adapter_is_no_silent_change_of_the_lock(tmp_path: Path, context: PrepareContext) -> None:
    run.prepare(tiny.REF, context)
    before = read_lock(context.fleet)
    shutil.copytree(tmp_path / "adapter", tmp_path / "second")
    (tmp_path / "second" / "README.txt").write_text("a wanted file more")
    content = tiny.cards(
        {"directory": "base"}, {"directory": "second"}, quick.SIZES, base_weights=context.cards[tiny.REF].base_weights
    )
    tiny.declare(context.fleet, content)
    changed = quick.context(tmp_path)
    assert kinds(planned(changed)) == WHOLE[1:]
    with pytest.raises(DigestMismatch) as refused:
        run.prepare(tiny.REF, changed)
    manifest = changed.store.manifest(tiny.REF)
    assert manifest is not None
    says = (
        f"the manifest of {tiny.REF} has digest {manifest.digest()}, fleet/models.lock says {before[tiny.REF].manifest}"
    )
    assert refused.value.message == says
    assert hints.text(refused.value.hint) == "if the one made here is meant: sage-edge model lock"
    assert read_lock(context.fleet) == before


def test_a_base_that_lost_its_line_gets_it_back(context: PrepareContext) -> None:
    run.prepare(tiny.REF, context)
    locked = read_lock(context.fleet)
    write_lock(context.fleet, {ref: entry for ref, entry in locked.items() if ref != tiny.BASE})
    assert kinds(run.prepare(tiny.REF, context)) == ["lock"]
    assert read_lock(context.fleet) == locked


def test_another_base_than_the_locked_one_is_no_silent_change_either(context: PrepareContext) -> None:
    other = {tiny.BASE: LockedModel(Digest(ZEROS))}
    write_lock(context.fleet, other)
    with pytest.raises(DigestMismatch, match=rf"the manifest of {tiny.BASE} has digest .*, fleet/models.lock says"):
        run.prepare(tiny.REF, context)
    assert read_lock(context.fleet) == other


def test_other_lines_of_the_lock_stay(context: PrepareContext) -> None:
    other = {ModelRef("x/y:z"): LockedModel(Digest(ZEROS))}
    write_lock(context.fleet, other)
    run.prepare(tiny.REF, context)
    assert read_lock(context.fleet).items() >= other.items()


def test_what_was_imported_and_locked_is_not_made_anew(context: PrepareContext, tmp_path: Path) -> None:
    (tmp_path / "finished").mkdir()
    random_gguf.write(tmp_path / "finished" / "m.gguf", SHAPE)
    card = context.cards[tiny.REF].model_copy(update={"files": ("*.gguf",), "parameters": SHAPE.parameters})
    manifest = import_folder.import_folder(tmp_path / "finished", card, context.store, context.clock.now())
    assert kinds(planned(context)) == WHOLE
    write_lock(context.fleet, {tiny.REF: LockedModel(manifest.digest())})
    assert planned(context) == ()
    assert is_prepared(tiny.REF, context.fleet, context.store)
    context.store.blob(manifest.files[0].digest).unlink()
    assert kinds(planned(context)) == WHOLE


def sizes_of(shape: random_gguf.Shape) -> dict[str, int]:
    """What a card says of a random model."""
    return {"parameters": shape.parameters, "hidden_size": shape.hidden, "context_length": shape.context}


def test_one_gguf_of_several_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "gguf").mkdir()
    random_gguf.write(tmp_path / "gguf" / "q8.gguf", SHAPE)
    (tmp_path / "gguf" / "q4.gguf").write_bytes(b"GGUF")
    alone = {"base": ..., "adapter": ..., "steps": [], "source": {"directory": "gguf"}, "files": ["q8.gguf"]}
    tiny.declare(tmp_path / "fleet", tiny.cards({"directory": "base"}, {}, sizes_of(SHAPE), **alone))
    assert kinds(run.prepare(tiny.REF, quick.context(tmp_path))) == ["import", "smoke", "lock"]


def test_a_finished_gguf_is_imported_asked_locked_and_talks(tmp_path: Path) -> None:
    shape = random_gguf.Shape(hidden=32, intermediate=64, layers=1, heads=2, kv_heads=1, vocabulary=600, context=4096)
    (tmp_path / "gguf").mkdir()
    random_gguf.write(tmp_path / "gguf" / "m.gguf", shape)
    alone = {"base": ..., "adapter": ..., "steps": [], "source": {"directory": "gguf"}}
    tiny.declare(tmp_path / "fleet", tiny.cards({"directory": "base"}, {}, sizes_of(shape), **alone))
    assert kinds(run.prepare(tiny.REF, quick.context(tmp_path))) == ["import", "smoke", "lock"]
    model = Library(tmp_path / "fleet", tmp_path / "store").resolve(tiny.REF, deep=True)
    engine = open_engine("llamacpp", Settings(context_tokens=512, batch_tokens=64, threads=1, gpu_layers=0))
    engine.load(model)
    sampling = Sampling(temperature=0.0, top_p=1.0, top_k=1, min_p=0.0, repeat_penalty=1.0, max_tokens=4)
    reply = engine.reply([Message("user", "hello")], Draw(sampling, seed=1), Deadline(60))
    engine.close()
    assert reply.completion_tokens == 4
