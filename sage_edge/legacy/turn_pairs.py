"""Items of a list of turns → questions with answers, in the order of the file; what is no turn is refused by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from sage_edge.legacy import answers, shapes
from sage_edge.legacy.host_names import slug
from sage_edge.legacy.shapes import Asked, Json, Said, Strange
from sage_edge.legacy.vocabulary import is_asker, is_mind
from sage_edge.records.legacy import LegacyWords

NO_ANSWER = "no answer follows in the file"
QUESTION = "(question)"
"""The key of `stored` under which stands what the file noted beside the question."""


@dataclass
class Talk:
    """What a list of turns comes to: found = kept + len(refused), in items.

    utterances, answers: as legacy §4 counts them, a question with its answer being two utterances.
    """

    words: list[LegacyWords] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    minds: list[str] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kept: int = 0
    utterances: int = 0
    answers: int = 0
    _open: Said | None = None

    def close(self) -> None:
        """Note a question that no answer followed."""
        if self._open is not None:
            said, self._open = self._open, None
            words = LegacyWords(
                asker=said.who, prompt=said.text or "", reply="", outcome="interrupted", error=said.error or NO_ANSWER,
                stored={QUESTION: said.rest} if said.rest else None,
            )  # fmt: skip
            self._add(words, 1)

    def say(self, said: Said, by_mind: bool) -> None:
        """Take one utterance in."""
        self.utterances += 1
        if said.who.strip().lower() == "system":
            self.system.append(said.text or "")
            self.kept += 1
        elif by_mind:
            self._answer(said)
        else:
            self.close()
            self._open = said

    def ask(self, asked: Asked) -> None:
        """Take a question with its answer in."""
        self.close()
        self.utterances += (asked.question is not None) + asked.has_answer
        self.answers += asked.has_answer
        if asked.mind:
            self.minds.append(asked.mind)
        self._add(_words(asked), 1)

    def _answer(self, said: Said) -> None:
        question, self._open = self._open, None
        rest: Json = dict(said.rest)
        if question is not None and question.rest:
            rest[QUESTION] = question.rest
        self.minds.append(said.who.strip())
        self.answers += 1
        words = LegacyWords(
            asker=question.who if question else None,
            prompt=(question.text if question else None) or "",
            stored=rest or None,
            **vars(answers.judge(said.text, said.error)),
        )
        self._add(words, 1 if question is None else 2)

    def _add(self, words: LegacyWords, items: int) -> None:
        self.words.append(words)
        self.sizes.append(items)
        self.kept += items


def pair(items: Iterable[JsonValue], what: str = "item", selves: Iterable[str] = ()) -> Talk:
    """Return what a list of turns comes to. selves: how the file calls its mind, where no speaker has a known name."""
    talk, readable = Talk(), []
    for number, item in enumerate(items, start=1):
        try:
            readable.append((number, shapes.read(item)))
        except Strange as why:
            talk.refused.append(f"{what} {number}: {why}")
    names = [one.who for _, one in readable if isinstance(one, Said)]
    minds = {name for name in names if is_mind(name)} or {name for name in names if name in set(selves)}
    strangers = "" if minds or all(map(is_asker, names)) else _told(names)
    for number, one in readable:
        if isinstance(one, Asked):
            talk.ask(one)
        elif strangers:
            talk.refused.append(f"{what} {number}: of its speakers {strangers} none is known to be the mind")
        else:
            talk.say(one, one.who in minds)
    talk.close()
    return talk


def _told(names: list[str]) -> str:
    return ", ".join(repr(name)[:40] for name in dict.fromkeys(names))[:200]


def _words(asked: Asked) -> LegacyWords:
    if asked.has_answer:
        answer = answers.judge(asked.answer, asked.error)
    else:
        answer = answers.Answer("", "interrupted", asked.error or NO_ANSWER)
    return LegacyWords(
        asker=asked.asker, prompt=asked.question or "", exercise=slug(asked.exercise), expected=asked.expected,
        stored=asked.rest or None, **vars(answer),
    )  # fmt: skip
