"""Items of a list of turns → questions with answers, in the order of the file; what is no turn is refused by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from sage_edge.legacy import answers, parts, shapes
from sage_edge.legacy.errors import NoTurn
from sage_edge.legacy.host_names import slug
from sage_edge.legacy.parts import Json
from sage_edge.legacy.shapes import QuestionItem, Utterance
from sage_edge.legacy.vocabulary import is_asker, is_mind, is_system, is_tool
from sage_edge.records.legacy import LegacyWords

NO_ANSWER = "no answer follows in the file"
THOUGHTS = "items marked as thoughts are no answers; they stand in thought, before the answer that follows"
MARKS = "answers end where their turn does, without a template's marks; the whole text stands in verbatim"
THINKING = "what was thought was taken out of answers; it stands in thought, the whole text in verbatim"
QUESTION = "(question)"
"""The key of `stored` under which stands what the file noted beside the question."""
THOUGHT = "(thought)"
"""The key of `stored` under which stands what the file noted beside each thought."""


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
    repairs: list[str] = field(default_factory=list)
    kept: int = 0
    utterances: int = 0
    answers: int = 0
    is_parted: bool = False
    is_cut: bool = False
    _open: Utterance | None = None
    _thoughts: list[Utterance] = field(default_factory=list)

    def close(self) -> None:
        """Note a question that no answer followed, or thoughts."""
        spoken, self._open = self._open, None
        if spoken is not None or self._thoughts:
            words = LegacyWords(
                asker=spoken.who if spoken else None,
                prompt=(spoken.text if spoken else None) or "",
                reply="",
                outcome="interrupted",
                error=(spoken.error if spoken else None) or NO_ANSWER,
                stored={QUESTION: spoken.rest} if spoken and spoken.rest else None,
            )
            self._add(words, 1 if spoken else 0)

    def say(self, spoken: Utterance, by_mind: bool) -> None:
        """Take one utterance in."""
        self.utterances += 1
        if is_system(spoken.who):
            self.system.append(spoken.text or "")
            self.kept += 1
        elif by_mind and spoken.is_thought:
            self.minds.append(spoken.who.strip())
            self._thoughts.append(spoken)
        elif by_mind:
            self._answer(spoken)
        else:
            self.close()
            self._open = spoken

    def ask(self, asked: QuestionItem) -> None:
        """Take a question with its answer in."""
        self.close()
        self.utterances += (asked.question is not None) + asked.has_answer
        self.answers += asked.has_answer
        if asked.mind:
            self.minds.append(asked.mind)
        self._add(_words(asked), 1)

    def _answer(self, spoken: Utterance) -> None:
        question, self._open = self._open, None
        rest: Json = dict(spoken.rest)
        if question is not None and question.rest:
            rest[QUESTION] = question.rest
        self.minds.append(spoken.who.strip())
        self.answers += 1
        words = LegacyWords(
            asker=question.who if question else None,
            prompt=(question.text if question else None) or "",
            stored=rest or None,
            **vars(answers.judge(spoken.text, spoken.error)),
        )
        self._add(words, 1 if question is None else 2)

    def _add(self, words: LegacyWords, items: int) -> None:
        self.is_parted = self.is_parted or words.thought is not None
        self.is_cut = self.is_cut or (words.outcome == "ok" and words.thought is None and words.verbatim is not None)
        items += len(self._thoughts)
        self.words.append(self._with_thoughts(words))
        self.sizes.append(items)
        self.kept += items

    def _with_thoughts(self, words: LegacyWords) -> LegacyWords:
        """Return the words with what was thought in items of its own before them."""
        if not self._thoughts:
            return words
        thoughts, self._thoughts = self._thoughts, []
        texts = filter(None, [*(thought.text for thought in thoughts), words.thought])
        stored: Json = {**(words.stored or {}), THOUGHT: [_noted(thought) for thought in thoughts]}
        return LegacyWords.model_validate({**dict(words), "thought": "\n\n".join(texts), "stored": stored})


def pair(
    items: Sequence[JsonValue], what: str = "item", selves: Iterable[str] = (), numbers: Sequence[int] = ()
) -> Talk:
    """Return what a list of turns comes to. selves: how the file calls its mind, where no speaker has a known name.

    numbers: what is told as the number of each item, where that is not its place.
    """
    talk, numbered, own_names = Talk(), list[tuple[int, Utterance | QuestionItem | None]](), set(selves)
    for number, item in zip(numbers or range(1, len(items) + 1), items, strict=True):
        try:
            numbered.append((number, shapes.read(item)))
        except NoTurn as why:
            talk.refused.append(f"{what} {number}: {why}")
            if _asks(item, own_names):
                numbered.append((number, None))
    readable = [turn for _, turn in numbered if turn is not None]
    talk.repairs += _in_parts(readable)
    names = [turn.who for turn in readable if isinstance(turn, Utterance) and not is_tool(turn.who)]
    minds = {name for name in names if is_mind(name)} or own_names.intersection(names)
    strangers = "" if minds or all(map(is_asker, names)) else _told(names)
    for number, turn in numbered:
        if turn is None:  # what is said next answers what was refused, not what was asked before it
            talk.close()
        elif isinstance(turn, QuestionItem):
            talk.ask(turn)
        elif is_tool(turn.who) and turn.who not in minds:
            talk.refused.append(f"{what} {number}: it is what a tool returned; nobody says it")
        elif strangers:
            talk.refused.append(f"{what} {number}: of its speakers {strangers} none is known to be the mind")
        else:
            talk.say(turn, turn.who in minds)
    talk.close()
    if talk.is_cut:
        talk.repairs.append(MARKS)
    if talk.is_parted:
        talk.repairs.append(THINKING)
    if any(words.stored and THOUGHT in words.stored for words in talk.words):
        talk.repairs.append(THOUGHTS)
    return talk


def _noted(thought: Utterance) -> Json:
    return {**thought.rest, **({"error": thought.error} if thought.error else {})}


def _asks(refused: JsonValue, own_names: Iterable[str]) -> bool:
    """Whether a refused item is the turn of somebody who asks: a picture alone, for one."""
    if not isinstance(refused, dict):
        return False
    who = parts.speaker(refused)
    if who is None:
        return parts.is_asked(refused)
    is_other = is_mind(who) or who in own_names or is_system(who) or is_tool(who)
    return not is_other and not parts.is_returned(refused)


def _in_parts(turns: Sequence[Utterance | QuestionItem]) -> Iterator[str]:
    """Yield what was done with turns that stood in parts, or beside empty texts."""
    yield from dict.fromkeys(repair for turn in turns for repair in turn.repairs)
    if any(turn.is_joined for turn in turns):
        yield "texts in several parts were joined by a line end; the parts stand in stored"
    if others := sorted({kind for turn in turns for kind in turn.others}):
        yield f"what is no text ({', '.join(others):.80}) was left out; it stands in stored"


def _told(names: list[str]) -> str:
    return ", ".join(repr(name)[:40] for name in dict.fromkeys(names))[:200]


def _words(asked: QuestionItem) -> LegacyWords:
    if asked.has_answer:
        answer = answers.judge(asked.answer, asked.error)
    else:
        answer = answers.Answer("", "interrupted", asked.error or NO_ANSWER)
    return LegacyWords(
        asker=asked.asker,
        prompt=asked.question or "",
        exercise=slug(asked.exercise),
        expected=asked.expected,
        stored=asked.rest or None,
        **vars(answer),
    )
