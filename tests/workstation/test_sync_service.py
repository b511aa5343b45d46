"""What `invoke sync` is given and what it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sage_edge.errors import UsageError
from sage_edge.model_sync.sync import Carried, Says, SyncOrder
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.workstation import context, sync_service
from sage_edge.workstation.sync_service import SyncAsked

REF = ModelRef("tiny/introspective:q8_0")


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SyncOrder]:
    """The orders that reach the one who carries."""
    given: list[SyncOrder] = []

    def carry(order: SyncOrder, fleet: Path, store: Store, says: Says) -> Carried:
        given.append(order)
        says("to thor", 2_000_000, 1_000_000)
        says("to thor", 2_000_000, 2_000_000)
        crossed = 0 if order.limit is None else 2_000_000
        why = "" if order.source is None else "thor lacks the base"
        return Carried(order.ref, order.host, Digest("sha256:" + "0" * 64), "sent the files", 2, crossed, 1.25, why)

    shutil.copytree(Path(__file__).parents[2] / "fleet", tmp_path / "fleet")
    monkeypatch.setenv("SAGE_FLEET", str(tmp_path / "fleet"))
    monkeypatch.setattr(sync_service, "sync", carry)
    return given


def carry(*words: str, merge_there: bool = True, as_json: bool = False) -> int:
    """Ask for host, model, source and limit."""
    asked = SyncAsked(*words, merge_there=merge_there)  # type: ignore[arg-type, misc]
    return sync_service.carry(context.make_context(None), asked, as_json=as_json)


def test_names_and_numbers_become_an_order(orders: list[SyncOrder], capsys: pytest.CaptureFixture[str]) -> None:
    assert carry("thor", REF, "sprout", "0.5", merge_there=False) == 0
    assert orders == [SyncOrder(REF, HostName("thor"), HostName("sprout"), 500_000, False)]
    out, err = capsys.readouterr()
    assert out == f"thor has {REF}: sent the files (2 files, 2.00 MB over the wire, 1.2 s)\n"
    assert err == "to thor: 2.00 MB\nthe files went because thor lacks the base\n"


def test_a_name_without_its_variant_is_enough_where_one_card_has_it(
    orders: list[SyncOrder], capsys: pytest.CaptureFixture[str]
) -> None:
    carry("thor", "qwen2.5-0.5b/introspective", "", "1")
    assert orders[0].ref == "qwen2.5-0.5b/introspective:v2.1-q8_0"
    assert "(2 files, " in capsys.readouterr().out
    with pytest.raises(ModelNotFound, match=r"known: qwen2.5-0.5b/instruct:bf16, qwen2.5-0.5b/instruct:q8_0"):
        carry("thor", "qwen2.5-0.5b/instruct")


def test_one_document_for_programs(orders: list[SyncOrder], capsys: pytest.CaptureFixture[str]) -> None:
    assert carry("thor", REF, as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "sage-edge/carried/1"
    assert (document["content"]["how"], document["content"]["host"]) == ("sent the files", "thor")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("", REF), "no host named ''; there are: desk, sprout, thor"),
        (("mars", REF), "no host named 'mars'; there are: desk, sprout, thor"),
        (("thor", ""), "expected a model like family/name:variant, got ''"),
        (("thor", REF, "thor"), "thor cannot be both ends of a copy"),
        (("thor", REF, "", "fast"), "expected megabytes a second, like 5 or 0.5, got 'fast'"),
        (("thor", REF, "", "0"), "expected megabytes a second, like 5 or 0.5, got '0'"),
        (("thor", REF, "", "nan"), "expected megabytes a second, like 5 or 0.5, got 'nan'"),
    ],
)
def test_what_cannot_be_carried_out(orders: list[SyncOrder], words: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        carry(*words)
    assert caught.value.message == says
    assert orders == []


def test_without_a_host_it_only_comes_here(
    orders: list[SyncOrder], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sync_service, "bring", lambda *_: 1_500_000)
    assert carry("", REF, "sprout") == 0
    assert capsys.readouterr().out == f"this machine has {REF} as sprout has it (1.50 MB over the wire)\n"
    assert orders == []


def test_nothing_to_send_is_said(orders: list[SyncOrder], capsys: pytest.CaptureFixture[str]) -> None:
    carry("thor", REF)
    assert "(nothing was sent, 1.2 s)" in capsys.readouterr().out
