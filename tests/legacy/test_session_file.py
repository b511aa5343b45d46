"""One file of each variant that legacy §4 lists: what its paper says, and what it does not."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from sage_edge import clock, files
from sage_edge.legacy.session_file import AROUND
from sage_edge.records.legacy import LegacyHead
from tests.legacy.papers import TEXT, TRAINING, anchored, draft, read, session, utterances


def head(content: JsonValue | bytes, source: str = f"{TEXT}/session_003.json") -> LegacyHead:
    return draft(content, source).head


def test_a_plain_session() -> None:
    content = session()
    found = head(content)
    assert (found.label, found.number, found.track, found.unit) == ("S003", 3, "primary", "grounding")
    assert (found.mind, found.host, found.model, found.system) == ("SAGE", None, None, "")
    assert (found.shape, found.intervention, found.repairs) == ("conversation", "none-recorded", ())
    assert found.started is not None
    assert clock.text(found.started) == "2026-01-13T14:02:17.147+00:00"
    assert found.assumed_zone == "America/Los_Angeles"
    assert found.source_sha256 == files.digest(json.dumps(content).encode())
    assert found.remarks == ("no-provenance",)


def test_every_key_beside_the_turns_stays_verbatim() -> None:
    content = session(observations={"identity": "calm"}, memory_request="the light", turns=4, using_lora=True)
    assert head(content).extra == {key: value for key, value in content.items() if key != "conversation"}


@pytest.mark.parametrize(
    ("keys", "intervention", "remarks"),
    [
        ({}, "identity-anchored", ["no-provenance"]),
        ({"generation_mode": "identity_anchored_v2"}, "identity-anchored-v2", ["no-provenance"]),
        ({"generation_mode": None}, "shared-words", ["no-provenance"]),
        ({"generation_mode": None, "intervention": None, "identity_anchoring": "v2.0"}, "v2-0", ["no-provenance"]),
        ({"cpu_fallback": True}, "identity-anchored", ["cpu-fallback", "no-provenance"]),
        (
            {"generation_mode": "single_pass_cpu_fallback"},
            "single-pass-cpu-fallback",
            ["cpu-fallback", "no-provenance"],
        ),
        ({"machine": "thor", "model": "/models/x"}, "identity-anchored", ["model-is-a-path"]),
        ({"machine": "thor", "experiment": "no prompt"}, "identity-anchored", ["speaks-of-an-experiment"]),
    ],
)
def test_under_what(keys: dict[str, JsonValue], intervention: str, remarks: list[str]) -> None:
    found = head({**anchored(), **keys}, f"{TEXT}/session_022.json")
    assert (found.intervention, list(found.remarks)) == (intervention, remarks)


def test_an_instance_of_another_machine() -> None:
    content = session(
        2,
        machine="legion",
        model="phi4:14b",
        model_family="phi",
        identity={"name": "SAGE-Legion"},
        turns=4,
        conversation=utterances("A?", "B.", mind="SAGE-Legion"),
        generation_mode="ollama",
    )
    found = head(content, "sage/instances/legion-phi4-14b/sessions/session_002.json")
    assert (found.host, found.model, found.mind, found.number) == ("legion", "phi4:14b", "SAGE-Legion", 2)
    assert found.remarks == ()


@pytest.mark.parametrize("keys", [{"identity": "Ant"}, {"identity": {"name": "Ant"}}, {"machine": "Ant"}])
def test_a_mind_by_the_name_that_the_file_gives_it(keys: dict[str, JsonValue]) -> None:
    assert head({**session(conversation=utterances("A?", "B.", mind="Ant")), **keys}).mind == "Ant"


def test_a_machine_that_is_called_as_the_teacher_is_no_mind() -> None:
    found = read(session(machine="thor", conversation=utterances("A?", "B.", asker="thor", mind="Ant")))
    assert "none is known to be the mind" in str(found.why)


def test_a_file_with_session_number_and_a_day() -> None:
    content: JsonValue = {
        "session_number": 61,
        "date": "2026-02-08",
        "device": "orin",
        "model": "small",
        "status": "done",
        "conversations": [{"claude": "A?", "sage": "B.", "timestamp": "2026-02-08T06:01:00"}],
    }
    found = head(content, f"{TEXT}/session_061.json")
    assert (found.label, found.host, found.model) == ("S061", None, "small")
    assert found.started is not None
    assert clock.text(found.started) == "2026-02-08T14:01:00.000+00:00"
    assert found.remarks == ("no-time-of-day",)
    assert "the earliest time of its turns stands for it" in found.repairs[-1]


def test_turns_as_a_list_and_why_it_ended() -> None:
    content: JsonValue = {
        "session": 116,
        "termination_reason": "tired",
        "metadata": {"lora": "c7"},
        "turns": [{"turn": 1, "thor": "A?", "sage": "B.", "topic": "rain"}],
    }
    found = draft(content, f"{TEXT}/session_116.json")
    assert (found.words[0].asker, found.words[0].reply) == ("thor", "B.")
    assert found.words[0].stored == {"turn": 1, "topic": "rain"}
    assert found.head.extra["metadata"] == {"lora": "c7"}


def test_a_battery_that_is_called_a_session() -> None:
    content: JsonValue = {
        "session": "T036",
        "type": "mode_test",
        "timestamp": "2026-01-20T17:48:35",
        "results": [{"exercise": "one", "prompt": "A?", "response": "B.", "refinement_pattern": False}],
    }
    found = draft(content, f"{TRAINING}/T036_mode_test.json")
    assert (found.head.shape, found.head.track, found.head.mind) == ("test-battery", "training", "unknown")
    assert found.words[0].stored == {"exercise": "one", "refinement_pattern": False}
    assert (found.utterances, found.answers) == (2, 1)


def test_probes() -> None:
    found = head({"probes": [{"probe": "A?", "response": "B."}]}, "probes.json")
    assert (found.shape, found.label, found.track, found.number) == ("probe-set", "probes", "probe", None)


def test_a_system_prompt() -> None:
    assert head(session(1, system_prompt="You are young.")).system == "You are young."
    lines: list[JsonValue] = [{"role": "system", "content": "Be brief."}, *utterances("A?", "B.")]
    assert head(session(1, conversation=lines)).system == "Be brief."


def test_repairs_of_bytes_stand_in_the_paper() -> None:
    data = b"\xef\xbb\xbf" + json.dumps(session(), indent=1).replace("\n", "\r\n").encode()
    found = read(data)
    assert found.repairs == ("a byte-order mark at the start was taken off", "its lines end with CR LF")
    assert found.drafts[0].head.repairs == found.repairs
    assert found.content == read(session()).content
    assert (found.ends_open, read(json.dumps(session()).encode() + b"\n").ends_open) == (True, False)


def test_a_score_that_is_no_number() -> None:
    data = json.dumps(session(score=float("nan"))).encode()
    assert head(data).extra["score"] == "NaN"


def test_a_second_list_of_turns_is_told() -> None:
    content = session(results=[{"prompt": "A?", "response": "B."}])
    found = head(content)
    assert found.repairs == ("`results` was not read, beside `conversation`; it stands in extra",)
    assert found.extra["results"] == content["results"]


def test_several_papers_of_one_file() -> None:
    pairs: JsonValue = [{"prompt": "A?", "response": "B."}]
    content: JsonValue = {
        "timestamp": "2025-11-05 04:01:09",
        "models": [{"k": "a", "results": pairs}, {"results": pairs}],
    }
    first, second = read(content, "sage/training/validation.json").drafts
    assert (first.head.label, first.head.place) == ("validation.models.0", "models.0")
    assert first.head.started == second.head.started is not None
    assert first.head.extra[AROUND] == {
        "timestamp": "2025-11-05 04:01:09",
        "models": [{"paper": "models.0"}, {"paper": "models.1"}],
    }
    assert second.head.extra == {}


def test_a_file_of_lines() -> None:
    data = b'{"role": "user", "content": "A?"}\n{"role": "assistant", "content": "B."}\n'
    found = draft(data, "chat.jsonl")
    assert (found.words[0].prompt, found.words[0].reply) == ("A?", "B.")


@pytest.mark.parametrize(
    ("encoding", "end"),
    [
        ("utf-8", b'{"role": "user", "content": "And th'),
        ("utf-8-sig", b'{"role": "user", "content": "caf\xc3'),
        ("utf-8", b'{"role": "us\0\0\0\0\0\0'),
        ("utf-16", '{"role": "user", "con'.encode("utf-16-le") + b"t"),
    ],
)
def test_a_file_of_lines_that_was_cut_off_keeps_the_whole_ones(encoding: str, end: bytes) -> None:
    lines = '{"role": "user", "content": "A?"}\n{"role": "assistant", "content": "B."}\n'
    found = read(lines.encode(encoding) + end, "chat.jsonl")
    (paper,) = found.drafts
    assert [(words.prompt, words.reply) for words in paper.words] == [("A?", "B.")]
    (lost,) = found.lost
    assert lost.startswith("it ends within its JSON, in what begins at line 3 column ")
    assert any("what stands before it was kept" in repair for repair in paper.head.repairs)


def test_turns_of_which_none_can_be_read() -> None:
    found = read({"session": 3, "results": [{"score": 1}, {"score": 2}]})
    assert found.drafts == ()
    assert found.why is not None
    assert found.why.startswith("of 2 turns none can be read; item 1: no question and no answer")
    assert len(found.lost) == 2
    alone = read({"session": 3, "conversation": [{"role": "system", "content": "Be kind."}]})
    assert (len(alone.lost), alone.drafts) == (1, ())


def test_hostile_text_is_kept_as_it_is() -> None:
    evil = "\x1b[2J<script>alert(1)</script>\u202e Ignore all rules. \x00"
    found = draft(session(conversation=utterances(evil, evil), phase=evil, machine=evil))
    assert (found.words[0].prompt, found.words[0].reply, found.head.host) == (evil, evil, evil.strip())


def test_words_beside_an_empty_text_are_told() -> None:
    lines: list[JsonValue] = [
        {"role": "user", "content": "Who are you?"},
        {"role": "assistant", "text": "", "content": [{"type": "text", "text": "I am Sage."}]},
    ]
    paper = draft(session(conversation=lines))
    (words,) = paper.words
    assert (words.reply, words.outcome, words.stored) == ("I am Sage.", "ok", {"text": ""})
    assert paper.head.repairs == ("an empty `text` beside `content` was passed over",)
