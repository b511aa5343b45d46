from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sage_edge import curriculum
from sage_edge.curriculum import Curriculum, UndeclaredIntervention
from sage_edge.curriculum.catalogue import assemble
from sage_edge.declared import Reader
from sage_edge.errors import DeclarationError

FLEET = Path(__file__).parents[2] / "fleet"
PHASES, TRACKS, CARDS = "phases", "tracks", "interventions"


@pytest.fixture(scope="module")
def declared() -> Curriculum:
    return curriculum.load(FLEET)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    shutil.copytree(FLEET / "curriculum", tmp_path / "fleet" / "curriculum")
    return tmp_path / "fleet"


def rewrite(fleet: Path, file: str, change: Callable[[dict[str, Any]], object]) -> None:
    path = fleet / "curriculum" / f"{file}.yaml"
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))


def faults(fleet: Path) -> list[str]:
    with pytest.raises(DeclarationError) as wrong:
        curriculum.load(fleet)
    return [str(fault).removeprefix("fleet/curriculum/") for fault in wrong.value.faults]


def test_the_declared_curriculum_holds_together(declared: Curriculum) -> None:
    assert [phase.name for phase in declared.phases] == ["grounding", "sensing", "relating", "questioning", "creating"]
    assert [track.name for track in declared.tracks] == ["A", "B", "C", "D"]
    assert {card.name for card in declared.interventions} >= {"observe", "identity-anchored"}


@pytest.mark.parametrize(
    ("count", "phase"),
    [(1, "grounding"), (5, "grounding"), (6, "sensing"), (15, "sensing"), (16, "relating"), (25, "relating"),
     (26, "questioning"), (40, "questioning"), (41, "creating"), (9999, "creating")],
)  # fmt: skip
def test_phases_follow_the_issue(declared: Curriculum, count: int, phase: str) -> None:
    assert declared.phase_for(count).name == phase


@pytest.mark.parametrize(
    ("count", "track"), [(1, "A"), (10, "A"), (11, "B"), (20, "B"), (21, "C"), (31, "D"), (500, "D")]
)
def test_tracks_follow_the_sessions(declared: Curriculum, count: int, track: str) -> None:
    assert declared.track_for(count).name == track


def test_sessions_count_from_one(declared: Curriculum) -> None:
    with pytest.raises(ValueError, match="from 1"):
        declared.phase_for(0)


def test_an_intervention_is_known_by_name_and_version(declared: Curriculum) -> None:
    assert declared.intervention("observe", 2).name == "observe"
    for name, version in (("observe", 1), ("obey", 2)):
        with pytest.raises(UndeclaredIntervention, match=r"known: .*identity-anchored v2, observe v2"):
            declared.intervention(name, version)


def test_the_digest_follows_the_content_and_not_the_order(declared: Curriculum, fleet: Path) -> None:
    assert curriculum.load(fleet).digest == declared.digest
    turned = assemble(declared.phases[::-1], declared.tracks[::-1], declared.interventions[::-1])
    assert turned == declared
    rewrite(fleet, "phases/sensing", lambda phase: phase.update(closing="Which moment should stay?"))
    assert curriculum.load(fleet).digest != declared.digest


def test_what_a_card_has_not_is_no_part_of_the_digest(declared: Curriculum) -> None:
    """Cards of before there were lines, summaries and reminders keep the digest that stands in lessons."""
    earlier = {"format", "name", "version", "summary", "parameters", "system", "memory_line", "exemplar_line"}
    assert set(declared.intervention("observe", 2).model_dump()) == earlier
    assert {"lines", "reminder"} <= set(declared.intervention("anchored-pattern", 1).model_dump())


FAULTS: list[tuple[str, str, Callable[[dict[str, Any]], object], str]] = [
    (PHASES, "sensing", lambda d: d.update(first=7), "first: session 6 belongs nowhere"),
    (PHASES, "sensing", lambda d: d.update(first=4), "first: the sessions 4 to 5 belong to grounding too"),
    (PHASES, "sensing", lambda d: d.update(last=3), "last: expected at least 6, got 3"),
    (PHASES, "grounding", lambda d: d.pop("last"), "last: is missing; only the last one is open"),
    (PHASES, "creating", lambda d: d.update(last=50), "last: the sessions from 51 on belong nowhere"),
    (PHASES, "creating", lambda d: d.update(first=43), "first: the sessions 41 to 42 belong nowhere"),
    (PHASES, "creating", lambda d: d.update(prompts=[]), "prompts: "),
    (PHASES, "creating", lambda d: d.update(prompts=["a\u200bb"]), "prompts[0]: expected one line of plain text"),
    (PHASES, "creating", lambda d: d.update(prompts=["<|im_end|>"]), "prompts[0]: expected one line of plain text"),
    (PHASES, "creating", lambda d: d.update(closing=d["prompts"][0]), "closing: is one of the prompts too"),
    (PHASES, "creating", lambda d: d.update(closin="x"), "closin: unknown key; did you mean 'closing'?"),
    (
        PHASES,
        "creating",
        lambda d: d.update(name="making"),
        "name: expected creating, as the file is called, got making",
    ),
    (TRACKS, "a", lambda d: d.update(draw=99), "draw: cannot draw 99 of 10 exercises"),
    (TRACKS, "a", lambda d: d.update(first=2), "first: session 1 belongs nowhere"),
    (TRACKS, "d", lambda d: d.update(last=40), "last: the sessions from 41 on belong nowhere"),
    (
        TRACKS,
        "b",
        lambda d: d["exercises"][1].update(id="count-to-three"),
        "exercises[1].id: count-to-three is used in track A already",
    ),
    (
        TRACKS,
        "b",
        lambda d: d["exercises"][1].update(id="one-word"),
        "exercises[1].id: one-word is used in track B already",
    ),
    (TRACKS, "b", lambda d: d["exercises"][0].update(prompts=[]), "exercises[0].prompts: "),
    (
        TRACKS,
        "b",
        lambda d: d["exercises"][0].update(expect={"kind": "guess"}),
        "exercises[0].expect: expected one of ",
    ),
    (
        TRACKS,
        "b",
        lambda d: d["exercises"][0].update(expect={"kind": "words", "all": ["a|"]}),
        "exercises[0].expect.all: expected words, got 'a|'",
    ),
    (
        TRACKS,
        "b",
        lambda d: d["exercises"][0].update(expect={"kind": "choice", "is": "ja", "of": ["yes", "no"]}),
        "exercises[0].expect.is: expected one of yes, no, got 'ja'",
    ),
    (CARDS, "observe", lambda d: d.update(name="watch"), "name: expected observe"),
    (CARDS, "observe", lambda d: d.update(system="Hello {name}."), "system: unknown placeholder {name}"),
    (
        CARDS,
        "observe",
        lambda d: d.update(system="Hello {Name}."),
        "system: holds a brace that belongs to no placeholder",
    ),
    (
        CARDS,
        "observe",
        lambda d: d.update(parameters={"depth": {"kind": "count", "default": 1, "maximum": 2}}),
        "parameters.depth: has no effect: no text uses it",
    ),
    (
        CARDS,
        "identity-anchored",
        lambda d: d["parameters"]["name"].update(default="S 1"),
        "parameters.name.default: expected 1 to 24 letters, got 'S 1'",
    ),
    (
        CARDS,
        "identity-anchored",
        lambda d: d["parameters"]["exemplars"].update(default=4),
        "parameters.exemplars.default: expected a whole number from 0 to 3, got 4",
    ),
    (
        CARDS,
        "identity-anchored",
        lambda d: d["parameters"].pop("memory"),
        "memory_line: needs a parameter 'memory' of kind switch",
    ),
    (
        CARDS,
        "identity-anchored",
        lambda d: d.update(memory_line="Nothing."),
        "memory_line: lacks its placeholder {memory}",
    ),
    (
        CARDS,
        "identity-anchored",
        lambda d: d.update(exemplar_line="{exemplar} {memory}"),
        "exemplar_line: unknown placeholder {memory}",
    ),
    (CARDS, "identity-anchored", lambda d: d.update(version=0), "version: "),
    (
        CARDS,
        "observe",
        lambda d: d.update(lines=[{"text": "I am {mood}."}]),
        "lines[0].text: unknown placeholder {mood}",
    ),
    (
        CARDS,
        "anchored-ontology",
        lambda d: d["lines"][1].update(first=26),
        "lines[1].last: expected at least 26, got 25",
    ),
    (CARDS, "anchored-ontology", lambda d: d["reminder"].update(before=[]), "reminder.before: "),
    (CARDS, "anchored-ontology", lambda d: d["reminder"].update(before=[0]), "reminder.before[0]: "),
    (
        CARDS,
        "anchored-ontology",
        lambda d: d["reminder"].update(before=[5, 3]),
        "reminder.before: expected numbers of questions, each above the one before it",
    ),
    (
        CARDS,
        "anchored-ontology",
        lambda d: d["reminder"].update(text="Remember {exemplar}."),
        "reminder.text: unknown placeholder {exemplar}",
    ),
    (
        CARDS,
        "anchored-ontology",
        lambda d: d.update(summary_line="Session {session} is over."),
        "summary_line: lacks its placeholder {summary}",
    ),
    (
        CARDS,
        "anchored-ontology",
        lambda d: d["parameters"].pop("summaries"),
        "summary_line: needs a parameter 'summaries' of kind count",
    ),
]


@pytest.mark.parametrize(("folder", "file", "change", "expected"), FAULTS, ids=[fault[3] for fault in FAULTS])
def test_a_fault_is_named_by_file_and_key(
    fleet: Path, folder: str, file: str, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    rewrite(fleet, f"{folder}/{file}", change)
    assert any(fault.startswith(f"{folder}/{file}.yaml: {expected}") for fault in faults(fleet)), faults(fleet)


def test_no_phase_falls_back_to_another(fleet: Path) -> None:
    other = yaml.safe_load((fleet / "curriculum/phases/grounding.yaml").read_text())
    repeated = {"prompts": [prompt.upper() for prompt in other["prompts"]], "closing": other["closing"]}
    rewrite(fleet, "phases/questioning", lambda phase: phase.update(repeated))
    assert faults(fleet) == [
        "phases/questioning.yaml: closing: repeats the closing of grounding (line 1)",
        "phases/questioning.yaml: prompts: repeats the prompts of grounding (line 10)",
    ]


def test_all_faults_come_at_once(fleet: Path) -> None:
    rewrite(fleet, "phases/sensing", lambda phase: phase.update(first=7))
    rewrite(fleet, "tracks/a", lambda track: track.update(draw=99))
    (fleet / "curriculum/interventions/observe.yaml").unlink()
    assert [fault.split(": ")[0] for fault in faults(fleet)] == [
        "interventions/observe.yaml",
        "phases/sensing.yaml",
        "tracks/a.yaml",
    ]


def test_one_broken_file_is_one_fault(fleet: Path) -> None:
    (fleet / "curriculum/phases/sensing.yaml").write_text("first: [")
    assert len(faults(fleet)) == 1


def test_missing_and_empty_folders(fleet: Path) -> None:
    shutil.rmtree(fleet / "curriculum/tracks")
    shutil.rmtree(fleet / "curriculum/phases")
    (fleet / "curriculum/phases").mkdir()
    assert faults(fleet) == ["phases: holds no declaration", "tracks: the folder is missing"]


def test_reading_with_a_reader_that_has_other_faults(fleet: Path) -> None:
    reader = Reader(fleet)
    reader.fault(fleet / "hosts" / "sprout.yaml", "role", "is missing")
    assert curriculum.read(reader) is not None
    assert len(reader.faults) == 1
    (fleet / "curriculum/tracks/a.yaml").unlink()
    assert curriculum.read(reader) is None
    assert len(reader.faults) == 2
