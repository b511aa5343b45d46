"""Promise 3, over generated worlds: every wrong combination is refused for its own reason, every right one allowed.

The expectation is written here a second time, from the issue's words and from how a machine was put together;
it reads neither the declarations nor the facts.
"""

from __future__ import annotations

import functools
import itertools
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge.errors import SageError, UsageError
from sage_edge.inventory import guard, load
from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.inventory.roles import ABILITIES, Ability

from .machines import AGX_THOR, FLEET, LAPTOP, ORIN_NANO, paths_in, snapshot

EXAMPLES = 1100

MAY = {
    "practitioner": {"conduct", "decide", "bench", "delegate"},
    "researcher": {"analyse", "recommend", "direct", "answer", "bench", "merge", "train"},
    "operator": {"deploy", "direct"},
}
ROLES = tuple(itertools.product(sorted(MAY), sorted(MAY), sorted(MAY)))
BOARD = {"sprout": "orin-nano", "thor": "agx-thor", "desk": "cpu"}
MACHINE = {"orin-nano": ORIN_NANO, "agx-thor": AGX_THOR, "cpu": LAPTOP}

# what may differ on a machine that is still that board, and what makes it another or an unknown one
HARMLESS: dict[str, tuple[dict[str, Any], ...]] = {
    "orin-nano": (
        {"l4t": "36.5.0"},
        {"l4t": "36.4"},
        {"part_number": None},
        {"part_number": "p3767-0003"},
        {"model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super"},
    ),
    "agx-thor": ({"l4t": "38.2.1"}, {"l4t": "39.2.0"}, {"part_number": None}, {"soc": "tegra26x"}),
    "cpu": (
        {"arch": "aarch64"},
        {"memory_bytes": 2_000_000_000},
        {"part_number": "p0000-0000"},
        {"soc": "bcm2712", "model": "Raspberry Pi 5 Model B"},
    ),
}
_JETSON = (
    {"arch": "x86_64"},
    {"l4t": None},
    {"l4t": None, "l4t_unreadable": "R36?"},
    {"l4t": "35.6.0"},
    {"l4t": "40.0.0"},
    {"soc": None},
    {"soc": "tegra194"},
    {"model": None},
    {"model": "NVIDIA Jetson AGX Orin Developer Kit"},
    {"part_number": "p3701-0005"},
    {"memory_bytes": 0},
    {"memory_bytes": 4_000_000_000},
)
HARMFUL: dict[str, tuple[dict[str, Any], ...]] = {
    "orin-nano": (*_JETSON, {"l4t": "36.3.0"}, {"l4t": "39.2.0"}, {"soc": "tegra264"}, {"part_number": "p3767-0004"}),
    "agx-thor": (*_JETSON, {"l4t": "36.4.7"}, {"soc": "tegra234"}, {"memory_bytes": 64_000_000_000}),
    "cpu": (
        {"arch": "riscv64"},
        {"l4t": "36.4.7"},
        {"l4t_unreadable": "rubbish"},
        {"soc": "tegra234"},
        {"model": "NVIDIA Jetson Nano"},
        {"memory_bytes": 0},
        {"memory_bytes": 500_000_000},
    ),
}


@dataclass(frozen=True)
class Question:
    """Who asks (card: host and overlay; as_host), in a fleet of which roles, on which machine, to do what."""

    roles: tuple[str, str, str]
    card: tuple[str, str | None] | None
    as_host: str | None
    kind: str
    sound: bool
    facts: BoardFacts
    ability: Ability


def _expected(asked: Question) -> str:
    """The name of the error that must come, or `allowed`."""
    if asked.card is None and asked.as_host is None:
        return "NoIdentity"
    if asked.as_host == "nobody":
        return "UsageError"
    if asked.card is not None and asked.as_host not in (None, asked.card[0]):
        return "IdentityConflict"
    host = asked.as_host if asked.card is None else asked.card[0]
    role = dict(zip(BOARD, asked.roles, strict=True))[str(host)]
    if asked.ability not in MAY[role]:
        return "NotMyRole"
    board = "cpu" if asked.card is not None and asked.card[1] == "cpu" else BOARD[str(host)]
    return "allowed" if asked.sound and asked.kind == board else "IdentityConflict"


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Half of them are right but for the machine's one flaw, if any: drawn freely, such near misses would be rare."""
    roles = draw(st.sampled_from(ROLES))
    host = draw(st.sampled_from(sorted(BOARD)))
    overlay = draw(st.sampled_from([None, "cpu"]))
    card: tuple[str, str | None] | None = (host, overlay)
    as_host: str | None = draw(st.sampled_from([None, host]))
    kind = "cpu" if overlay == "cpu" else BOARD[host]
    ability = draw(
        st.sampled_from([one for one in ABILITIES if one in MAY[dict(zip(BOARD, roles, strict=True))[host]]])
    )
    harm = draw(st.sampled_from([0, 0, 1]))
    if draw(st.booleans()):
        card = draw(st.none() | st.tuples(st.sampled_from(sorted(BOARD)), st.sampled_from([None, "cpu"])))
        as_host = draw(st.none() | st.sampled_from([*sorted(BOARD), "nobody"]))
        kind = draw(st.sampled_from(sorted(MACHINE)))
        ability = draw(st.sampled_from(ABILITIES))
        harm = draw(st.integers(0, 2))  # no two of them make a true board of another kind; three could
    changes = [draw(st.sampled_from(HARMLESS[kind])) for _ in range(draw(st.integers(0, 2)))]
    changes += draw(st.lists(st.sampled_from(HARMFUL[kind]), min_size=harm, max_size=harm))
    facts = functools.reduce(lambda machine, change: replace(machine, **change), changes, MACHINE[kind])
    return Question(roles, card, as_host, kind, harm == 0, facts, ability)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 27 ways of giving three roles to three hosts, and every card."""
    folder = tmp_path_factory.mktemp("world")
    for roles in ROLES:
        _write_fleet(folder / "-".join(roles) / "fleet", dict(zip(BOARD, roles, strict=True)))
    for host, overlay in itertools.product(BOARD, (None, "cpu")):
        place = folder / f"card-{host}-{overlay}"
        place.mkdir()
        said = f"overlay: {overlay}\n" if overlay else ""
        (place / "host.yaml").write_text(f"format: 1\nhost: {host}\n{said}", encoding="utf-8")
    (folder / "card-none").mkdir()
    return folder


def _write_fleet(fleet: Path, roles: dict[str, str]) -> None:
    for name in ("roles", "boards"):
        shutil.copytree(FLEET / name, fleet / name)
    shutil.copy(FLEET / "fleet.yaml", fleet)
    (fleet / "curriculum").mkdir()
    shutil.copy(FLEET / "curriculum" / "kinds.yaml", fleet / "curriculum")
    for name in ("hosts", "overlays"):
        (fleet / name).mkdir()
    mind = (FLEET / "hosts" / "sprout.yaml").read_text(encoding="utf-8").partition("board: orin-nano\n")[2]
    for host, role in roles.items():
        head = f"format: 1\nname: {host}\nrole: {role}\nboard: {BOARD[host]}\n"
        body = mind if role == "practitioner" else ""
        (fleet / "hosts" / f"{host}.yaml").write_text(head + body, encoding="utf-8")
    overlay = "format: 1\nname: cpu\nsummary: a laptop\nhosts: {sprout: {board: cpu}, thor: {board: cpu}}\n"
    (fleet / "overlays" / "cpu.yaml").write_text(overlay, encoding="utf-8")


def _answer(world: Path, asked: Question) -> str:
    card = "card-none" if asked.card is None else f"card-{asked.card[0]}-{asked.card[1]}"
    paths = paths_in(world / card, fleet=world / "-".join(asked.roles) / "fleet")
    try:
        me = guard.require(paths, asked.ability, as_host=asked.as_host, facts=asked.facts)
    except SageError as error:
        refused = error
    else:
        assert me.host.name == (asked.card[0] if asked.card else asked.as_host)
        return "allowed"
    assert refused.code == (2 if isinstance(refused, UsageError) else 3)
    assert refused.hint, "every refusal has a next step"
    return type(refused).__name__


@pytest.mark.slow
def test_every_wrong_combination_is_refused_and_every_right_one_allowed(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the declarations do not change during this test: each fleet is read once and not at every question
    monkeypatch.setattr(load, "load", functools.cache(load.load))
    before = snapshot(world)
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(questions())
    def ask(asked: Question) -> None:
        expected = _expected(asked)
        assert _answer(world, asked) == expected
        seen[expected] += 1

    ask()
    assert snapshot(world) == before, "asking writes nothing"
    assert sum(seen.values()) >= 1000
    assert set(seen) == {"allowed", "NotMyRole", "IdentityConflict", "NoIdentity", "UsageError"}
    assert min(seen.values()) >= 20
    assert seen["allowed"] >= 200


def test_every_host_role_and_action_on_its_own_board(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not drawn but complete: 27 fleets, 3 hosts, 11 abilities, with nothing else wrong."""
    monkeypatch.setattr(load, "load", functools.cache(load.load))
    for roles, host, ability in itertools.product(ROLES, BOARD, ABILITIES):
        asked = Question(roles, (host, None), None, BOARD[host], True, MACHINE[BOARD[host]], ability)
        assert _answer(world, asked) == _expected(asked)
