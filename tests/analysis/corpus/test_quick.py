"""Whoever passes the quick reader would pass the models, with the same content; and usual papers do pass it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sage_edge import files
from sage_edge.analysis.corpus import quick
from sage_edge.records import dialogue
from sage_edge.records.base import canonical, parse
from sage_edge.records.transcript import Slot, Transcript, chain_faults
from tests import corpora
from tests.builders import START, seal, transcript

PRIMARY = transcript(
    "P001", replies=["I am Sage.", None, "Übung"], finish=["stop", "stop", "length"],
    parameters={"name": "Sage", "shares": [0.5, 1, None, True]}, recommendation=files.digest(b"a recommendation"),
)  # fmt: skip
SLOTTED = seal(PRIMARY.head.model_copy(update={"slot": Slot(due=START, late=True)}), PRIMARY.turns, "partial")
TRAINING = corpora.session("training", 12)
PAPERS = {"primary": PRIMARY, "slotted": SLOTTED, "training": TRAINING}


def relinked(raw: Any) -> bytes:
    """The paper with every link mended by its own parsed values, as a forger would."""
    try:
        link = files.digest(canonical(raw["head"]))
        for turn in raw["turns"]:
            turn["previous"] = link
            link = files.digest(canonical(turn))
        raw["closing"]["previous"] = link
        raw["seal"] = files.digest(canonical(raw["closing"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    return json.dumps(raw).encode()


def agrees(data: bytes) -> bool:
    """True if the quick reader passed; then the models must pass, too, with the same content."""
    found = quick.read(data)
    if found is None:
        return False
    told, forward = found
    paper = parse(Transcript, data)
    assert chain_faults(paper) == ()
    assert told == dialogue.of(paper)
    assert {name: type(value) for name, value in vars(told).items()} == {
        name: type(value) for name, value in vars(dialogue.of(paper)).items()
    }
    times = [paper.head.started, *(turn.asked for turn in paper.turns), paper.closing.ended]
    assert forward == (times == sorted(times))
    return True


@pytest.mark.parametrize("name", PAPERS)
def test_usual_papers_pass(name: str) -> None:
    assert agrees(PAPERS[name].pretty())
    assert agrees(relinked(json.loads(PAPERS[name].pretty())))


def test_a_whole_corpus_passes() -> None:
    assert all(agrees(paper.pretty()) for paper in corpora.sessions(30))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


ALL = [(name, place) for name, paper in PAPERS.items() for place in places(json.loads(paper.pretty())) if place]
MOMENTS = ("2026-11-20T06:00:00Z", "2026-11-20T06:00:00.000+00:00", "2026-11-20 06:00:00.000+00:00", "20261120T060000Z",
           "2026-13-20T06:00:00.000+00:00", "2026-11-20T06:00:00.000+01:00", "0000-01-01T00:00:00.000+00:00",
           "2026-11-20T24:00:00.000+00:00", "٢٠٢٦-11-20T06:00:00.000+00:00")  # fmt: skip
WRITTEN = ("1", "1.0", "ok", "P001", "T1", "sprout\n", "Ä", "words", 1.0, 0.0, -0.0, 2**63, 10**400)
EXPECTED = ({"kind": "named"}, {"kind": "number", "equals": True}, {"kind": "choice"})
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 9), st.integers(), st.floats(), st.text(max_size=6), st.just([]),
    st.just({}), st.sampled_from((*MOMENTS, *WRITTEN, *EXPECTED)),
)  # fmt: skip


@settings(max_examples=300)
@given(where=st.sampled_from(ALL), junk=JUNK)
@example(where=("primary", ("turns", 0, "attempt")), junk=True)
@example(where=("primary", ("head", "format")), junk=True)
@example(where=("primary", ("head", "sampling", "temperature")), junk=1)
@example(where=("primary", ("turns", 0, "duration_s")), junk=0)
@example(where=("primary", ("turns", 1, "ttft_s")), junk=float("inf"))
@example(where=("primary", ("turns", 2, "asked")), junk="2026-11-20T06:00:02Z")
@example(where=("slotted", ("head", "slot", "due")), junk="2026-11-20T06:00:00Z")
@example(where=("training", ("head", "lesson", "steps", 1, "expect")), junk={"kind": "number", "equals": 4.0})
def test_no_forged_value_passes_that_the_models_refuse(where: tuple[str, tuple[Any, ...]], junk: Any) -> None:
    name, place = where
    raw = json.loads(PAPERS[name].pretty())
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = copy.deepcopy(junk)
    agrees(relinked(raw))


@given(where=st.sampled_from(ALL), extra=st.booleans())
def test_no_missing_or_foreign_key_passes_that_the_models_refuse(
    where: tuple[str, tuple[Any, ...]], extra: bool
) -> None:
    name, place = where
    raw = json.loads(PAPERS[name].pretty())
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    if extra and isinstance(inner, dict):
        inner["more"] = 1
    else:
        del inner[place[-1]]
    agrees(relinked(raw))


def test_parameters_deeper_than_one_reader_goes_are_not_judged_here() -> None:
    raw = json.loads(PRIMARY.pretty())
    deep: list[Any] = []
    for _ in range(250):
        deep = [deep]
    raw["head"]["intervention"]["parameters"] = {"deep": deep}
    assert quick.read(relinked(raw)) is None


@given(data=st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    assert quick.read(data) is None
