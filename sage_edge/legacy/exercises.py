"""The exercises of a training session, between its warm-up and its cool-down.

The older runner cut its history back before each exercise, so that `conversation` holds the warm-up, the last exercise
and the cool-down only (legacy §3.2); `exercises` holds them all, with what was noted about each. An exchange that
stands in both lists is taken from `exercises`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sage_edge.legacy.turn_pairs import Talk
from sage_edge.records.legacy import LegacyWords
from sage_edge.records.transcript import StepKind


@dataclass(frozen=True)
class Merged:
    """One order of both lists. doubled: items of the conversation that stand among the exercises as well."""

    words: tuple[LegacyWords, ...]
    doubled: int
    repairs: tuple[str, ...] = ()


def merge(talk: Talk, exercises: Talk) -> Merged:
    """Return warm-up, exercises in their stored order, cool-down."""
    drills = [_as(words, "exercise") for words in exercises.words]
    same = _matches(talk.words, exercises.words)
    doubled = sum(size for size, match in zip(talk.sizes, same, strict=True) if match is not None)
    hits = [number for number, match in enumerate(same) if match is not None]
    if not hits:
        return _without_a_match(talk, drills)
    before = [_as(words, "warm-up") for words in talk.words[: hits[0]]]
    after = [_as(words, "cool-down") for words in talk.words[hits[-1] + 1 :]]
    following: dict[int | None, list[LegacyWords]] = {}
    hit: int | None = None
    for number in range(hits[0], hits[-1]):
        match = same[number]
        if match is None:
            following.setdefault(hit, []).append(talk.words[number])
        else:
            hit = match
    middle = [words for index, drill in enumerate(drills) for words in (drill, *following.get(index, ()))]
    remarks: tuple[str, ...] = ()
    if between := sum(map(len, following.values())):
        remarks = (f"{between} exchanges between the exercises are no exercise; they stand where they were said",)
    return Merged((*before, *middle, *after), doubled, remarks)


def _matches(talk: list[LegacyWords], drills: list[LegacyWords]) -> list[int | None]:
    """For each exchange of the conversation, the exercise that it is; each exercise once, the first one first."""
    left: dict[tuple[str, str], deque[int]] = {}
    for number, words in enumerate(drills):
        left.setdefault(_said(words), deque()).append(number)
    matches: list[int | None] = []
    for words in talk:
        same = left.get(_said(words))
        matches.append(same.popleft() if same else None)
    return matches


def _without_a_match(talk: Talk, drills: list[LegacyWords]) -> Merged:
    if not talk.words:
        return Merged(tuple(drills), 0)
    first, *rest = talk.words
    remark = "no exchange of the conversation is one of the exercises; the first was taken for the warm-up"
    if not rest:
        return Merged((_as(first, "warm-up"), *drills), 0, (remark,))
    remark += " and the last for the cool-down"
    return Merged((_as(first, "warm-up"), *drills, *rest[:-1], _as(rest[-1], "cool-down")), 0, (remark,))


def _as(words: LegacyWords, kind: StepKind) -> LegacyWords:
    return LegacyWords.model_validate({**dict(words), "kind": kind})


def _said(words: LegacyWords) -> tuple[str, str]:
    return words.prompt.strip(), (words.verbatim or words.reply).strip()
