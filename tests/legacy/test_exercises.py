"""The exercises between warm-up and cool-down, each once, in their stored order, with what was noted about them."""

from __future__ import annotations

from pydantic import JsonValue

from sage_edge.legacy.exercises import Merged, merge
from sage_edge.legacy.turn_pairs import pair
from tests.legacy.papers import DRILLS, draft, drill, training, utterances


def merged(conversation: list[JsonValue]) -> Merged:
    return merge(pair(conversation), pair(list(DRILLS), "exercise"))


def kinds(found: Merged) -> list[tuple[str, str]]:
    return [(words.kind, words.prompt) for words in found.words]


FRAME = ("Shall we practise?", "Yes.")
END = ("Well done.", "Thanks.")
FIRST = ("What is one and one?", "That makes 2.")
MIDDLE = ("Count to three.", "1, 2")
LAST = ("Is ice warm?", "No, ice is cold.")
DRILLED = [("exercise", FIRST[0]), ("exercise", MIDDLE[0]), ("exercise", LAST[0])]


def test_a_history_that_was_cut_back() -> None:
    """`conversation` holds warm-up, last exercise and cool-down only (legacy §3.2)."""
    found = merged(utterances(*FRAME, *LAST, *END, asker="Teacher"))
    assert kinds(found) == [("warm-up", FRAME[0]), *DRILLED, ("cool-down", END[0])]
    assert (found.doubled, found.repairs) == (2, ())


def test_a_whole_history() -> None:
    found = merged(utterances(*FRAME, *FIRST, *MIDDLE, *LAST, *END))
    assert kinds(found) == [("warm-up", FRAME[0]), *DRILLED, ("cool-down", END[0])]
    assert found.doubled == 6


def test_two_exchanges_of_warm_up() -> None:
    found = merged(utterances(*FRAME, "Now listen.", "I do.", *LAST, *END))
    assert kinds(found)[:3] == [("warm-up", FRAME[0]), ("warm-up", "Now listen."), DRILLED[0]]


def test_an_exchange_between_the_exercises_stays_where_it_was() -> None:
    found = merged(utterances(*FRAME, *FIRST, "Good. Go on?", "Yes.", *MIDDLE, *LAST))
    assert kinds(found) == [("warm-up", FRAME[0]), DRILLED[0], ("prompt", "Good. Go on?"), *DRILLED[1:]]
    assert found.doubled == 6
    assert "1 exchanges between" in found.repairs[0]


def test_a_conversation_without_any_of_them() -> None:
    found = merged(utterances(*FRAME, "Something else?", "Yes.", *END))
    assert kinds(found) == [("warm-up", FRAME[0]), *DRILLED, ("prompt", "Something else?"), ("cool-down", END[0])]
    assert (found.doubled, len(found.repairs)) == (0, 1)
    assert kinds(merged(utterances(*FRAME))) == [("warm-up", FRAME[0]), *DRILLED]
    assert kinds(merged([])) == DRILLED


def test_one_exercise_twice_is_two() -> None:
    twice = pair([DRILLS[0], DRILLS[0]], "exercise")
    found = merge(pair(utterances(*FIRST)), twice)
    assert [words.kind for words in found.words] == ["exercise", "exercise"]
    assert found.doubled == 2


def test_an_exercise_with_thinking_or_a_failure_is_known_by_its_stored_words() -> None:
    thinking = drill("math", "And two?", "2", "<think>hm</think>Two.")
    failed = drill("math", "And three?", "3", "[GENERATION FAILED]")
    talk = pair(utterances("And two?", "<think>hm</think>Two.", "And three?", "[GENERATION FAILED]"))
    found = merge(talk, pair([thinking, failed]))
    assert found.doubled == 4
    assert [(words.reply, words.outcome) for words in found.words] == [("Two.", "ok"), ("", "failed")]


def test_a_training_file() -> None:
    found = draft(training(t3_trust_summary={"trust": {"talent": 0.5}}))
    assert (found.id.label, found.head.unit, found.head.shape) == ("T021", "identity-and-boundaries", "exercises")
    assert (found.utterances, found.answers, found.exercises, len(found.words)) == (6, 3, 3, 5)
    assert (found.kept, found.doubled, found.refused) == (7, 2, ())
    assert found.words[1].stored == {"evaluation": {"success": True, "match": "exact"}}
    assert (found.words[1].exercise, found.words[1].expected) == ("math", ("2",))
    assert found.head.extra["t3_trust_summary"] == {"trust": {"talent": 0.5}}


def test_what_the_later_runner_noted_stays_verbatim() -> None:
    noted: dict[str, JsonValue] = {
        "r6_evaluation": {"status": "completed", "quality": {"overall_quality": 0.65}, "meta_cognitive": []},
        "trust_update": {"competence": 0.505},
    }
    exercise = drill("greeting", "Good evening!", "evening", "Good evening to you.", **noted)
    assert draft(training("T049", [exercise])).words[1].stored == noted
