"""What preparing refuses: each with its message, and the model's name given to nothing."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.errors import CommandFailed, ExitCode, NoDiskSpace, SageError, StorageError, Unreachable
from sage_edge.models.download.hub import Hub
from sage_edge.models.errors import (
    AdapterWithoutBase,
    CannotMerge,
    DigestMismatch,
    DoesNotFit,
    ModelError,
    ModelIncomplete,
    NotLocked,
    ParityFailed,
)
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare import chain, gguf_tools, merge, merge_proof, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from tests.models import quick, tiny
from tests.models.hub_server import HubServer

ZEROS = "sha256:" + "0" * 64


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrepareContext:
    """A place to prepare in, with doubles at its doors, an empty store, and everything on this machine."""
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path)
    return quick.context(tmp_path)


def refused(context: PrepareContext, kind: type[Exception]) -> Any:
    """The refusal of preparing; afterwards nothing has the model's name, and no lock speaks of it."""
    with pytest.raises(kind) as caught:
        run.prepare(tiny.REF, context)
    assert context.store.manifest(tiny.REF) is None
    assert tiny.REF not in read_lock(context.fleet)
    return caught.value


def test_another_base_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path, base_weights=ZEROS)
    context = quick.context(tmp_path)
    refusal = refused(context, DigestMismatch)
    base = context.store.manifest(tiny.BASE)
    assert base is not None
    says = f"the base tiny/base:f32 has digest {base.weights_digest()}, the card of {tiny.REF} says {ZEROS}"
    assert refusal.message == says
    assert (
        hints.text(refusal.hint)
        == "an adapter is merged into its own base and no other: sage-edge model show tiny/base:f32"
    )


def test_a_card_that_pins_no_base_is_refused_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path, base_weights=...)
    refusal = refused(quick.context(tmp_path), ModelError)
    assert refusal.message == f"{tiny.REF} does not say which weights of tiny/base:f32 its adapter belongs to"
    assert "write `base_weights: sha256:" in hints.text(refusal.hint)
    assert "fleet/models/tiny_introspective_v1-q8_0.yaml" in hints.text(refusal.hint)


def test_an_adapter_whose_base_is_not_here_says_where_it_pointed(context: PrepareContext, tmp_path: Path) -> None:
    _, adapter, merge, *_ = chain.stages(tiny.REF, context.cards)
    adapter.run(context, tmp_path / "scratch")
    with pytest.raises(AdapterWithoutBase) as caught:
        merge.run(context, tmp_path / "scratch")
    assert caught.value.message == (
        "an adapter without its base tiny/base:f32: it points at './fine_tuned_model/final_model', "
        "a folder's path, and such names no base"
    )
    assert hints.text(caught.value.hint) == "sage-edge model prepare tiny/base:f32"


def sourced(folder: Path, base: dict[str, str], adapter: dict[str, str]) -> PrepareContext:
    """A context whose cards name other sources."""
    quick.fleet(folder)
    tiny.declare(folder / "fleet", tiny.cards(base, adapter, quick.SIZES, base_weights=ZEROS))
    return quick.context(folder)


def test_without_a_network_the_hub_is_not_reached(tmp_path: Path) -> None:
    refusal = refused(sourced(tmp_path, {"hub": "tiny/base@" + "a" * 40}, {"directory": "adapter"}), Unreachable)
    assert refusal.message.startswith("cannot reach the hub at http://127.0.0.1:9")
    assert refusal.code == 4
    assert hints.text(refusal.hint).endswith(
        f"take the model from a folder: sage-edge model import DIR --ref {tiny.REF}"
    )


def test_a_revision_that_nobody_pinned_is_looked_up_and_not_used(tmp_path: Path) -> None:
    context = sourced(tmp_path, {"hub": "tiny/base@unresolved"}, {"directory": "adapter"})
    with HubServer() as hub:
        revision = hub.add("tiny/base", {"config.json": b"{}"})
        refusal = refused(replace(context, hub=Hub(hub.endpoint)), NotLocked)
    says = f"tiny/base:f32 is not locked: tiny/base is pinned to no commit; it is at {revision} now"
    assert refusal.message == says
    assert hints.text(refusal.hint) == "if that is meant, write it behind the @ in fleet/models/tiny_base_f32.yaml"


def test_what_lies_on_another_board_is_copied_by_another_command(tmp_path: Path) -> None:
    refusal = refused(sourced(tmp_path, {"directory": "base"}, {"host": "sprout"}), ModelError)
    assert refusal.message == (
        f"{tiny.REF}.adapter lies in the store of sprout, and this command copies nothing between machines"
    )
    assert hints.text(refusal.hint) == f"invoke sync --from-host sprout --model {tiny.REF}.adapter"


@pytest.mark.parametrize(
    ("base", "adapter", "kind", "says"),
    [
        ("gone", "adapter", ModelIncomplete, "tiny/base:f32 lacks its folder gone"),
        ("base", "gone", ModelIncomplete, f"{tiny.REF}.adapter lacks its folder gone"),
        ("base", "base", ModelError, f"{tiny.REF}.adapter is no adapter but complete"),
    ],
)
def test_the_wrong_folder_is_refused(tmp_path: Path, base: str, adapter: str, kind: type[Exception], says: str) -> None:
    refusal = refused(sourced(tmp_path, {"directory": base}, {"directory": adapter}), kind)
    assert refusal.message == says
    assert refusal.hint


def test_an_adapter_for_a_base_is_refused(tmp_path: Path) -> None:
    refusal = refused(sourced(tmp_path, {"directory": "adapter"}, {"directory": "adapter"}), AdapterWithoutBase)
    assert "./fine_tuned_model/final_model" in refusal.message


@pytest.mark.parametrize(
    ("where", "name"),
    [("base", "model.safetensors"), ("adapter", "adapter_model.safetensors"), ("base", "config.json")],
)
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, where: str, name: str) -> None:
    quick.fleet(tmp_path)
    (tmp_path / where / name).unlink()
    assert refused(quick.context(tmp_path), ModelError).hint


def test_a_pickle_in_the_place_of_weights_is_refused(tmp_path: Path) -> None:
    quick.fleet(tmp_path)
    (tmp_path / "adapter" / "adapter_model.safetensors").rename(tmp_path / "adapter" / "adapter_model.bin")
    assert "pickle" in refused(quick.context(tmp_path), ModelError).message


def test_a_model_that_brings_code_is_refused(tmp_path: Path) -> None:
    quick.fleet(tmp_path)
    config = tmp_path / "base" / "config.json"
    config.write_text(config.read_text().replace("{", '{"auto_map": {"AutoModel": "evil.Model"}, ', 1))
    assert "code of its own" in refused(quick.context(tmp_path), ModelError).message


def test_another_chat_template_than_the_card_pins_is_refused(tmp_path: Path) -> None:
    context = sourced(tmp_path, {"directory": "base"}, {"directory": "adapter"})
    content = tiny.cards({"directory": "base"}, {"directory": "adapter"}, quick.SIZES, base_weights=ZEROS)
    content["tiny_base_f32"]["chat_template"] = ZEROS
    tiny.declare(context.fleet, content)
    (tmp_path / "base" / "chat_template.jinja").write_text("{{ messages }}")
    refusal = refused(quick.context(tmp_path), DigestMismatch)
    assert refusal.message == f"the chat template of {tiny.BASE} has digest {quick.TEMPLATE}, its card says {ZEROS}"
    assert (
        hints.text(refusal.hint) == "look at the template, then mend chat_template in fleet/models/tiny_base_f32.yaml"
    )


def test_a_full_disk_is_told_before_the_first_byte(context: PrepareContext, monkeypatch: pytest.MonkeyPatch) -> None:
    room = shutil.disk_usage(context.home)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room._replace(free=66_000_000))
    refusal = refused(context, NoDiskSpace)
    assert (refusal.where, refusal.free_bytes, refusal.code) == (str(context.store.root), 66_000_000, ExitCode.REFUSED)
    assert not context.store.partial.exists()


def test_a_merge_that_no_memory_holds_is_told_before_it_begins(
    context: PrepareContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sysconf", lambda _: 10_000)
    refusal = refused(context, DoesNotFit)
    assert (refusal.ref, refusal.has_bytes, refusal.code) == (
        f"merge {tiny.REF}.merged",
        100_000_000,
        ExitCode.REFUSED,
    )
    assert refusal.needs_bytes > 1_000_000_000
    assert not context.store.partial.exists()


def test_what_is_not_the_same_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.doubles(monkeypatch, [quick.SAME, replace(quick.SAME, differing=("a",))])
    quick.fleet(tmp_path)
    refusal = refused(quick.context(tmp_path), ParityFailed)
    assert refusal.message == f"{tiny.REF} (quantised) tokenises 1 of 200 texts differently, first 'a'"
    assert refusal.code == 8


DOORS = [
    (merge, "merge", 0),
    (merge, "merge", 1),
    (merge_proof, "measure", 1),
    (merge_proof, "measure", 3),
    (gguf_tools, "convert", 0),
    (gguf_tools, "convert", 1),
    (gguf_tools, "quantise", 1),
]
"""What works on copies: where it is, its name, and which of its arguments is a copy."""


@pytest.mark.parametrize(("room", "door", "copy"), DOORS)
@pytest.mark.parametrize(
    "refusal_of",
    [
        lambda path: CannotMerge(f"{path}/config.json and {path} do not fit", hint=hints.sage("model inspect", path)),
        lambda path: ModelError(f"no '{path}'", hint=("look: ", hints.sage("model inspect", f"{path}/config.json"))),
        lambda path: CommandFailed(("-m", "sage_edge.models", path, path), -9, f"died at {path}/model.safetensors"),
        lambda path: StorageError(path, "No space left on device"),
    ],
)
def test_no_refusal_names_a_working_copy(
    context: PrepareContext, monkeypatch: pytest.MonkeyPatch, room: Any, door: str, copy: int, refusal_of: Any
) -> None:
    def refuses(*words: Any, **more: Any) -> None:
        raise refusal_of(str(words[copy]))

    monkeypatch.setattr(room, door, refuses)
    refusal = refused(context, SageError)
    told = f"{refusal.message} {refusal} {hints.text(refusal.hint)}"
    assert str(context.store.partial) not in told
    assert hints.text(refusal.hint)
    gone = [
        word for word in told.split() if word.startswith(str(context.home)) and not Path(word.rstrip(":;),")).exists()
    ]
    assert gone == []


def test_an_adapter_that_does_not_fit_is_looked_at_where_it_came_from(
    context: PrepareContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(base: Path, adapter: Path, out: Path, **words: object) -> None:
        raise CannotMerge("the adapter does not fit", hint=hints.sage("model inspect", str(adapter)))

    monkeypatch.setattr(merge, "merge", refuses)
    found = hints.text(refused(context, CannotMerge).hint)
    assert found == f"sage-edge model inspect {context.home / 'adapter'}"
