"""Under which names the older family of systems keeps who speaks, what is said, what is asked and what is answered.

Capitals, hyphens and blanks in a key do not matter. A person and a word together are a name too: `claude_message`,
`sage_response`.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable

from pydantic import JsonValue

SPEAKERS = ("speaker", "role", "sender", "from", "author", "who", "name")
TEXTS = ("text", "content", "message", "value", "utterance", "said", "refusal")
"""What a mind says when it refuses stands apart in some exports, beside an empty `content`."""
PEOPLE = ("claude", "thor", "teacher", "tutor", "human", "user")
_SELVES = ("sage", "assistant", "model", "student")
_WORDS = (
    "text",
    "message",
    "prompt",
    "question",
    "response",
    "reply",
    "answer",
    "input",
    "output",
    "utterance",
    "said",
)


def _spoken(who: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{speaker}_{word}" for speaker in who for word in _WORDS)


QUESTIONS = (*PEOPLE, *_spoken(PEOPLE), "probe", "prompt", "question", "input", "query", "q", "instruction", "message")
INSTRUCTION, INPUT = ("instruction",), ("input",)
"""A question in two texts, of which the second may be empty."""
ANSWERS = ("sage", "response", "answer", "reply", "assistant", *_spoken(_SELVES), "output", "completion", "a")

_ASKERS = frozenset((*PEOPLE, "system", "instructor", "interviewer", "questioner", "operator"))
_SYSTEMS = frozenset(("system", "developer"))
_TOOLS = frozenset(("tool", "function", "ipython"))
_THOUGHT_FLAGS = frozenset(
    ("isthought", "is_thought", "thought", "isthinking", "is_thinking", "isreasoning", "is_reasoning")
)
_KINDS = ("type", "kind", "channel")
_THOUGHT_KINDS = frozenset(
    (("channel", "analysis"), *((name, kind) for name in _KINDS for kind in ("thought", "thoughts", "thinking")))
)
_MINDS = frozenset((*_SELVES, "ai", "bot", "llm", "agent"))


def key(holder: dict[str, JsonValue], names: Iterable[str], kind: type | None = None) -> str | None:
    """Return the key of the first of some names that holds a value of a kind; any value without a kind.

    Where that value is empty, the first that holds words, if there is one.
    """
    spellings = {
        _fold(spelling): spelling for spelling in reversed(holder) if kind is None or isinstance(holder[spelling], kind)
    }
    if not spellings:
        return None
    present = (spellings[name] for name in names if name in spellings)
    first = next(present, None)
    if first is None or not is_empty(holder[first]):
        return first
    return next((spelling for spelling in present if _has_words(holder[spelling])), first)


def is_empty(value: JsonValue) -> bool:
    """Whether a value is null, or a text in which nothing stands."""
    return value is None or (isinstance(value, str) and not value.strip())


def empty(holder: dict[str, JsonValue], names: Iterable[str]) -> str | None:
    """Return the key of the first of some names, where what it holds is empty."""
    if not any(map(is_empty, holder.values())):
        return None
    spellings = {_fold(spelling): spelling for spelling in reversed(holder)}
    first = next((spellings[name] for name in names if name in spellings), None)
    return first if first is not None and is_empty(holder[first]) else None


def _has_words(value: JsonValue) -> bool:
    if isinstance(value, dict):
        inner = key(value, (*TEXTS, *ANSWERS, *QUESTIONS), str)
        return inner is not None and not is_empty(value[inner])
    return isinstance(value, str) and not is_empty(value)


def folded(holder: dict[str, JsonValue], names: Collection[str]) -> dict[str, JsonValue]:
    """Return what an object holds under some names, by these."""
    return {name: holder[spelling] for spelling in reversed(holder) if (name := _fold(spelling)) in names}


def person(name: str) -> str | None:
    """Who asks, by the key of a question: `claude` for `Claude_message`; None where it names nobody."""
    return next((person for person in PEOPLE if _fold(name) == person or _fold(name).startswith(f"{person}_")), None)


def self_of(name: str) -> str | None:
    """Who answers, by the key of an answer: the older system had one name for every mind."""
    return "SAGE" if _fold(name).split("_")[0] == "sage" else None


def is_mind(who: str) -> bool:
    """Whether this is a name under which a mind answers: SAGE in all its spellings, `assistant`, `model`."""
    return _fold(who).startswith("sage") or _fold(who) in _MINDS


def is_system(who: str) -> bool:
    """Whether this is the name under which a mind is told what it is."""
    return _fold(who) in _SYSTEMS


def is_thought(item: dict[str, JsonValue]) -> bool:
    """Whether an item is marked as what was thought, by itself or in the message within it."""
    inner = item.get("message")
    holders = (item, inner) if isinstance(inner, dict) else (item,)
    return any(
        True in folded(holder, _THOUGHT_FLAGS).values()
        or any((name, str(kind).lower()) in _THOUGHT_KINDS for name, kind in folded(holder, _KINDS).items())
        for holder in holders
    )


def is_tool(who: str) -> bool:
    """Whether this is the name under which what a tool returned is kept."""
    return _fold(who) in _TOOLS


def is_asker(who: str) -> bool:
    """Whether this is the name of somebody who asks."""
    return _fold(who) in _ASKERS


@functools.lru_cache(maxsize=4096)
def _fold(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")
