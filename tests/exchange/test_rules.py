"""The same table of deeds against both ends: a receiver behind a careless hub, and the hub's own doorkeeper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.exchange import rules
from sage_edge.exchange.post import Post
from sage_edge.exchange.rules import BranchChange

from .world import FOLDERS, SPROUT, THOR, Stranger, World, git

CASES = yaml.safe_load((Path(__file__).parent / "broken_rules.yaml").read_text())
LAWFUL = [case for case in CASES if "rule" not in case]
BROKEN = [case for case in CASES if "rule" in case]
FIRST = {
    "decisions/first.json": ("100644", b"{}"),
    "worklog/2026-11.jsonl": ("100644", b"one\ntwo\n"),
    "status.json": ("100644", b"{}"),
}


def _name(case: Mapping[str, str]) -> str:
    return case["name"]


def _content(entry: str | Mapping[str, Any]) -> tuple[str, bytes]:
    if isinstance(entry, str):
        return "100644", entry.encode()
    data = b"x" * (entry["megabytes"] * 1_000_000) if "megabytes" in entry else entry["text"].encode()
    return entry.get("mode", "100644"), data


@dataclass
class Scene:
    """A hub with the branch that every case starts from, a receiver who has read it, and the one who does the deed."""

    world: World
    stranger: Stranger
    thor: Post
    start: str

    @classmethod
    def set_up(cls, folder: Path, *, doorkeeper: bool) -> Scene:
        world = World(folder)
        world.open_hub(doorkeeper=doorkeeper)
        stranger = Stranger(folder / "stranger", world.hub)
        base = stranger.commit([], {"status.json": ("100644", b"{}")}, **_words("sprout"))
        start = stranger.commit([base], FIRST, **_words("sprout"))
        assert stranger.push(start, "refs/heads/host/sprout")[0] == 0
        thor = world.post(THOR)
        assert thor.receive().updated == (SPROUT,)
        return cls(world, stranger, thor, start)

    def play(self, case: Mapping[str, Any]) -> tuple[int, str]:
        """Push what the case says; exit status and what the hub said."""
        host = case.get("branch", "sprout")
        return self.stranger.push(self._made(case, host, case.get("shape", "")), f"refs/heads/host/{host}")

    def reset(self) -> None:
        """Bring the hub back to where the cases start."""
        for ref in git(self.world.hub, "for-each-ref", "--format=%(refname)").split():
            git(self.world.hub, "update-ref", "-d", ref)
        git(self.world.hub, "update-ref", "refs/heads/host/sprout", self.start)

    def _made(self, case: Mapping[str, Any], host: str, shape: str) -> str:
        words = {**_words(host), **{key: case[key] for key in ("author", "committer", "message") if key in case}}
        if shape == "delete":
            return ""
        if shape == "back":
            return git(self.stranger.folder, "rev-parse", f"{self.start}^")
        put = {path: _content(entry) for path, entry in case.get("put", {}).items()}
        taken: dict[str, None] = dict.fromkeys(case.get("take", []))
        parents = [self.start] if host == "sprout" and shape != "anew" else []
        if shape == "merge":
            parents.append(self.stranger.commit([], {"status.json": ("100644", b"x")}, **words))
        made = self.stranger.commit(parents, {**taken, **put}, **words)
        if shape == "mended":
            made = self.stranger.commit([made], {path: FIRST[path] for path in put}, **words)
        return made


def _words(host: str) -> dict[str, str]:
    who = f"{host}@sage-edge.invalid"
    return {"author": who, "committer": who, "message": f"{host}: x\n\nSage-Host: {host}\n"}


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A hub that lets everything in."""
    return Scene.set_up(tmp_path_factory.mktemp("careless"), doorkeeper=False)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A hub with its doorkeeper."""
    return Scene.set_up(tmp_path_factory.mktemp("guarded"), doorkeeper=True)


@pytest.mark.parametrize("case", BROKEN, ids=_name)
def test_a_receiver_reads_on_at_the_last_good_tip(careless: Scene, case: Mapping[str, Any]) -> None:
    careless.reset()
    thor, before = careless.thor, careless.thor.read(SPROUT, "decisions")
    code, said = careless.play(case)
    assert code == 0, said

    received = thor.receive()
    assert [found.rule for found in received.quarantined] == [case["rule"]]
    assert received.updated == ()
    assert received.quarantined == thor.quarantined()
    [found] = received.quarantined
    foreign = case.get("branch")
    assert (found.host, found.trusted) == ((foreign, None) if foreign else ("sprout", careless.start))
    assert re.fullmatch(r"[ -~]*", found.detail)
    assert thor.read(SPROUT, "decisions") == before != ()


@pytest.mark.parametrize("case", BROKEN, ids=_name)
def test_the_hub_refuses_the_same(guarded: Scene, case: Mapping[str, Any]) -> None:
    code, said = guarded.play(case)
    assert code != 0
    assert re.search(rf"^remote: sage: host/\S+: {case['rule']}: ", said, re.MULTILINE), said
    assert git(guarded.world.hub, "for-each-ref", "--format=%(objectname)").split() == [guarded.start]


@pytest.mark.parametrize("case", LAWFUL, ids=_name)
def test_what_is_allowed_passes_both(tmp_path: Path, case: Mapping[str, Any]) -> None:
    scene = Scene.set_up(tmp_path, doorkeeper=True)
    code, said = scene.play(case)
    assert code == 0, said
    received = scene.thor.receive()
    assert (received.updated, received.quarantined) == ((SPROUT,), ())


def test_every_rule_of_the_docstring_has_a_case() -> None:
    drawn = set(re.findall(r"^    ([a-z-]+)  ", rules.__doc__ or "", re.MULTILINE))
    assert drawn - {case.get("rule") for case in CASES} == {"not-a-commit"}


# --- the pure part against somebody else's reading of the same sentences --------------------------------------------

_TOPS = st.sampled_from(
    ["sessions", "decisions", "findings", "worklog", "status.json", "LATEST_STATUS.md", "theories", ".git", "x"]
)
_PARTS = st.sampled_from(
    ["a.json", "b.jsonl", "000", "P001.json", ".hidden.json", "..", "", "a b", "é.json", "status.json"]
)
_PATHS = st.builds(lambda top, rest: "/".join([top, *rest]), _TOPS, st.lists(_PARTS, max_size=3))
_CHANGES = st.builds(
    BranchChange,
    path=_PATHS,
    status=st.sampled_from("AMDT"),
    mode=st.sampled_from(["100644", "100755", "120000", "160000", "000000"]),
    size_bytes=st.sampled_from([0, 10, rules.LIMIT_BYTES, rules.LIMIT_BYTES + 1]),
    grew=st.booleans(),
)


def _lawful(change: BranchChange, writable: frozenset[str]) -> bool:
    """An independent reading: the few things that are allowed, instead of the many that are not."""
    parts = change.path.split("/")
    if not all(part.isascii() and part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in parts):
        return False
    if any(part.startswith((".", "-", "_")) for part in parts) or change.status == "D":
        return False
    if change.mode != "100644" or change.size_bytes > 4_000_000:
        return False
    if parts == ["status.json"] or (parts == ["LATEST_STATUS.md"] and "theories" in writable):
        return True
    if len(parts) >= 2 and parts[0] == "worklog":
        return parts[-1].endswith(".jsonl") and change.grew
    return len(parts) >= 2 and parts[0] in writable and parts[-1].endswith(".json") and change.status == "A"


@given(st.lists(_CHANGES, max_size=8), st.sampled_from(["sprout", "thor", "desk"]))
def test_the_rules_allow_what_is_allowed_and_nothing_else(changes: list[BranchChange], host: str) -> None:
    for change in changes:
        breach = rules.breach_of_change(FOLDERS[host], "c0ffee", change)
        assert (breach is None) == _lawful(change, FOLDERS[host]), (change, breach)


@given(st.text(max_size=300))
def test_foreign_text_is_shown_on_one_line_of_plain_characters(text: str) -> None:
    assert re.fullmatch(r"[ -~]{2,120}", rules.shown(text))
