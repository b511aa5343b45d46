"""Thor does not conduct: refused with owner, ability and remedy, before anything is written."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import UsageError
from sage_edge.inventory import guard, load
from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.inventory.errors import NotMyRole

from .machines import AGX_THOR, FLEET, LAPTOP, ORIN_NANO, paths_in, snapshot


@pytest.mark.parametrize("card", [False, True], ids=["by --as", "by card"])
@pytest.mark.parametrize("facts", [AGX_THOR, LAPTOP, ORIN_NANO], ids=["on thor", "on a laptop", "on sprout"])
def test_thor_may_not_conduct_wherever_it_runs(tmp_path: Path, card: bool, facts: BoardFacts) -> None:
    if card:
        (tmp_path / "host.yaml").write_text("format: 1\nhost: thor\n", encoding="utf-8")
    before = snapshot(tmp_path)
    with pytest.raises(NotMyRole) as refused:
        guard.require(paths_in(tmp_path), "conduct", as_host=None if card else "thor", facts=facts)
    assert snapshot(tmp_path) == before
    assert refused.value.code == 3
    assert refused.value.message == ("thor (researcher) lacks the ability 'conduct', which belongs to sprout")
    assert "thor may: analyse, recommend, direct, answer, bench, merge, train" in hints.text(refused.value.hint)


def test_sprout_conducts_on_its_board(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("format: 1\nhost: sprout\n", encoding="utf-8")
    me = guard.require(paths_in(tmp_path), "conduct", facts=ORIN_NANO)
    assert (me.host.name, me.role.name) == ("sprout", "practitioner")


def test_an_ability_that_nobody_has(tmp_path: Path) -> None:
    fleet = load.load(FLEET)
    lonely = dataclasses.replace(fleet, hosts={"thor": fleet.hosts["thor"]})
    with pytest.raises(NotMyRole, match="'deploy', which belongs to no host"):
        guard.allow(lonely, "thor", "deploy")
    with pytest.raises(UsageError):
        guard.allow(lonely, "sprout", "conduct")


def test_the_capability_table() -> None:
    rows = {row.host: row for row in guard.table(load.load(FLEET))}
    assert list(rows) == ["desk", "sprout", "thor"]
    assert rows["sprout"].abilities == ("conduct", "decide", "bench", "delegate")
    assert rows["sprout"].model == "qwen2.5-0.5b/introspective:v2.1-q8_0"
    assert rows["sprout"].schedule == "primary every 6h (offset 0s), training every 6h (offset 3h), jitter 5m"
    assert rows["thor"].schedule == "looks for new papers every 5m"
    assert (rows["desk"].role, rows["desk"].board, rows["desk"].model) == ("operator", "cpu", None)
    written = json.loads(json.dumps([dataclasses.asdict(row) for row in rows.values()]))
    assert written[2]["abilities"][0] == "analyse"
