"""One item of a list of turns → an utterance, or a question with its answer (legacy §4, rule 2).

    {speaker, text[, salience[, stored]]}                             an utterance
    {claude | thor, sage[, timestamp, turn, error, …]}                a question with its answer
    {probe, response, …}    {prompt, response, …}                     a question with its answer
    {exercise: {type, prompt, expected}, response, evaluation}        an exercise with its answer
    {instruction, input, output}                                      a question in two texts, with its answer

and whatever has the same shape under other names: `role` and `content`, `question` and `answer`; what is said may stand
in parts (`parts`). Every other key is
kept verbatim in `rest`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from sage_edge.legacy import parts
from sage_edge.legacy.errors import NoText, NoTurn
from sage_edge.legacy.parts import Json
from sage_edge.legacy.vocabulary import (
    ANSWERS,
    INPUT,
    INSTRUCTION,
    QUESTIONS,
    SPEAKERS,
    TEXTS,
    is_empty,
    is_thought,
    key,
    person,
    self_of,
)

MOST_ARMS = 16
"""Arms of one question; each of them has what stands around it, so that more would make much of little."""

JOINED_INPUT = "an instruction and its input were joined by a blank line; the input stands in stored"

_NO_ERROR = frozenset(("", "none", "null", "nil", "no", "no error", "false", "0", "ok", "success", "n/a"))
_ARMS = frozenset(("isolated", "scaffolded", "baseline", "control", "treatment", "with_context", "without_context"))
"""Names under which a battery keeps what one arm answered."""


@dataclass(frozen=True)
class Utterance:
    """One utterance. text: None for a stored null. error: what the item says went wrong.

    is_joined: its text stood in several parts; others: kinds of the parts that are no text. repairs: what was done
    with further texts of it. is_thought: it is marked as what was thought.
    """

    who: str
    text: str | None
    error: str | None = None
    rest: Json = field(default_factory=dict)
    is_joined: bool = False
    others: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    is_thought: bool = False


@dataclass(frozen=True)
class QuestionItem:
    """A question with its answer. has_answer is False where the item has no place for one; None is a stored null.

    is_joined, others, repairs: as of an utterance.
    """

    question: str | None
    answer: str | None
    has_answer: bool
    asker: str | None = None
    mind: str | None = None
    error: str | None = None
    exercise: str | None = None
    expected: tuple[str, ...] = ()
    rest: Json = field(default_factory=dict)
    is_joined: bool = False
    others: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()


def read(item: JsonValue) -> Utterance | QuestionItem:
    """Return what one item is. Raises NoTurn."""
    if not isinstance(item, dict):
        raise NoTurn(f"expected an object, got {_kind(item)}")
    words = parts.plain(item)
    turn = _turn(dict(words.item))
    names = (TEXTS,) if isinstance(turn, Utterance) else (QUESTIONS, ANSWERS)
    repairs = (*turn.repairs, *(words.passed[name] for name in names if name in words.passed))
    return replace(turn, is_joined=words.is_joined, others=words.others, repairs=repairs)


def _turn(rest: Json) -> Utterance | QuestionItem:
    speaker = key(rest, SPEAKERS, str)
    text = key(rest, TEXTS, str) or key(rest, TEXTS, type(None))
    answer = key(rest, ANSWERS, str)
    is_hidden = (
        answer and text and is_empty(rest[answer]) and not is_empty(rest[text]) and not key(rest, QUESTIONS, str)
    )
    if speaker and text and (is_hidden or not answer):
        who, words = rest.pop(speaker), rest.pop(text)
        repairs = (parts.passed_over(answer, text),) if answer else ()
        spoken = None if words is None else str(words)
        return Utterance(str(who), spoken, _error(rest), rest, repairs=repairs, is_thought=is_thought(rest))
    return _asked(rest)


def spread(items: Iterable[JsonValue]) -> list[JsonValue]:
    """Return the items, one for each arm where an item holds the answers of several to its one question."""
    return [turn for item in items for turn in (arms(item) or [item])]


def arms(item: JsonValue) -> list[JsonValue]:
    """Return an item for each arm of a battery's one question, which `arm` names; none where it has no arms.

    {prompt, isolated: {response, …}, scaffolded: {response, …}}      two arms; a text for an object is the answer
    """
    if not isinstance(item, dict) or key(item, QUESTIONS, str) is None or key(item, ANSWERS) is not None:
        return []
    held = {name: inner for name, raw in item.items() if (inner := _arm(name, raw)) is not None}
    if len(held) > MOST_ARMS or (len(held) < 2 and not _ARMS.intersection(held)):
        return []
    around: Json = {name: raw for name, raw in item.items() if name not in held}
    return [{**around, **inner, "arm": name} for name, inner in held.items()]


def _arm(name: str, raw: JsonValue) -> Json | None:
    if isinstance(raw, dict) and (key(raw, ANSWERS, str) or (name in _ARMS and raw)):
        return raw
    return {"response": raw} if isinstance(raw, str) and name in _ARMS else None


def is_whole(item: JsonValue) -> bool:
    """Whether an item is an utterance, or a question that has an answer."""
    try:
        turn = read(item)
    except NoTurn:
        return False
    return isinstance(turn, Utterance) or (turn.has_answer and turn.question is not None)


def is_turn(item: JsonValue) -> bool:
    """Whether an item can be read at all."""
    try:
        read(item)
    except NoTurn:
        return False
    return True


def is_silent(item: JsonValue) -> bool:
    """Whether an item is a turn in which nothing is said."""
    try:
        read(item)
    except NoText:
        return True
    except NoTurn:
        return False
    return False


def _asked(rest: Json) -> QuestionItem:
    exercise, expected, question = _exercise(rest)
    repairs: tuple[str, ...] = ()
    asked = key(rest, QUESTIONS, str)
    holder = key(rest, QUESTIONS, dict) if asked is None or is_empty(rest[asked]) else None
    if question is None and holder and (question := _inner(rest, holder, (*QUESTIONS, *TEXTS))) is not None:
        asked = holder
    elif question is None and asked:
        question = str(rest.pop(asked))
        repairs = (JOINED_INPUT,) if (whole := _instructed(rest, asked, question)) else ()
        question = whole or question
    asked = asked or holder
    place = key(rest, ANSWERS)
    if place is None and question is None:
        raise NoTurn(f"no question and no answer under a known name: {_names(rest)}")
    answer = None if place is None else _answer(rest, place)
    asker, mind = (asked and person(asked)), (place and self_of(place))
    return QuestionItem(
        question, answer, place is not None, asker, mind, _error(rest), exercise, expected, rest, repairs=repairs
    )


def _instructed(rest: Json, asked: str, question: str) -> str | None:
    """Return an instruction and its input as one question; None where the question is no input of one."""
    order = key(rest, INSTRUCTION, str) if key({asked: None}, INPUT) else None
    if order is None or is_empty(rest[order]):
        return None
    rest[asked] = question
    return f"{rest.pop(order)}\n\n{question}"


def _exercise(rest: Json) -> tuple[str | None, tuple[str, ...], str | None]:
    """Take type, expectation and question of an exercise out of an item."""
    inner = rest.get("exercise")
    if isinstance(inner, dict):
        inner = dict(inner)
        asked = key(inner, QUESTIONS, str)
        question = None if asked is None or parts.says(rest, QUESTIONS) else str(inner.pop(asked))
        kind, expected = _typed(inner)
        rest.pop("exercise")
        if inner:
            rest["exercise"] = inner
        return kind, expected, question
    return (*_typed(rest), None) if "expected" in rest else (None, (), None)


def _typed(holder: Json) -> tuple[str | None, tuple[str, ...]]:
    kind, expected = holder.get("type"), holder.get("expected")
    phrases = [expected] if isinstance(expected, str) else expected
    if isinstance(kind, str):
        holder.pop("type")
    if isinstance(phrases, list) and all(isinstance(phrase, str) for phrase in phrases):
        holder.pop("expected")
        return (kind if isinstance(kind, str) else None), tuple(str(phrase) for phrase in phrases)
    return (kind if isinstance(kind, str) else None), ()


def _answer(rest: Json, place: str) -> str | None:
    value = rest[place]
    if value is None or isinstance(value, str):
        rest.pop(place)
        return value
    if isinstance(value, dict) and (answer := _inner(rest, place, (*TEXTS, *ANSWERS))) is not None:
        return answer
    raise NoTurn(f"its answer {place!r} is no text but {_kind(value)}")


def _inner(rest: Json, place: str, names: Iterable[str]) -> str | None:
    """Take a text out of the object under `place`; what else it holds stays there."""
    inner = rest[place]
    if not isinstance(inner, dict) or (text_key := key(inner, names, str)) is None:
        return None
    left = {name: value for name, value in inner.items() if name != text_key}
    rest[place] = left
    if not left:
        rest.pop(place)
    return str(inner[text_key])


def _error(rest: Json) -> str | None:
    """Take what the item says went wrong; an `error` that is empty, or says that there was none, says nothing."""
    error = rest.get("error")
    if _is_none(error):
        return None
    if isinstance(error, str):
        rest.pop("error")
        return error
    return "the file marks it as an error"


def _is_none(error: JsonValue) -> bool:
    """Whether a value says that nothing went wrong, as `none`, `{"code": 0}` and nothing at all do."""
    if isinstance(error, (dict, list)):
        return all(map(_is_none, error.values() if isinstance(error, dict) else error))
    return error.strip().lower() in _NO_ERROR if isinstance(error, str) else not error


def _names(holder: Mapping[str, JsonValue]) -> str:
    return f"it has the keys {', '.join(sorted(holder)):.80}" if holder else "it is empty"


def _kind(value: JsonValue) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
