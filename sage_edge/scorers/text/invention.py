"""Persons, places and numbers that an answer brings up and that the conversation does not hold.

Knowledge is no invention, and a text does not tell one from the other: "Paris is the capital of France" names a place
that nobody mentioned. So a name counts only where the answer presents it as part of the speaker's own experience (met,
lived in, my friend …) or introduces a person by title or a person or place by name; a number only where it counts
something of the speaker's experience, or is a large one. To a question whose answer nobody can know, every name and
number that the question does not hold is invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sage_edge.scorers.text import numerals, tokens
from sage_edge.scorers.text.lexicon import listed
from sage_edge.scorers.text.normalize import plain
from sage_edge.scorers.text.sentences import is_asserted, is_of_self, sentences

_ONE = r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]\w{0,30}"
NAME = rf"[*_\"'“‘(]{{0,3}}(?P<name>{_ONE}(?:[ -]{_ONE}){{0,2}})"
"""What stands for {name}: up to three capitalised words, perhaps in quotes."""

PERSONS = listed(
    "friend | colleague | teacher | student | neighbour | neighbor | brother | sister | mother | father | "
    "uncle | aunt | daughter | son | partner | boss | mentor | client | customer | user | person | man | woman | "
    "boy | girl | someone | somebody | child"
)
PLACES = ("city", "town", "village", "country", "island", "river", "mountain", "place", "street", "region", "capital")
TITLES = ("Dr", "Mr", "Mrs", "Ms", "Prof", "Professor", "Doctor", "Uncle", "Aunt", "Captain")
DEEDS = listed(
    "met | visited | lived | live | born | grew | moved | travelled | traveled | went | came | flew | drove | "
    "stayed | spoke | talked | married"
)


class Introduction(NamedTuple):
    """One way to bring up a name. words: what stands for {words}, and one of which the text holds; with: one more."""

    words: tuple[str, ...]
    pattern: str
    with_: tuple[str, ...] = ()


INTRODUCTIONS = {
    "titled": Introduction(TITLES, r"(?<!\w)(?:{words})\.? {name}"),
    "called": Introduction(
        (*PERSONS, *PLACES),
        r"(?<!\w)(?:{words})(?: (?:who|that|which) (?:is|was)| is| was)?(?: now| then)? (?:called|named) {name}",
        ("called", "named"),
    ),
    "related": Introduction(PERSONS, r"(?<!\w)(?:[Mm]y|[Oo]ur)(?: [a-z]{1,12})? (?:{words}),? {name}", ("my", "our")),
    "deed": Introduction(
        DEEDS,
        r"(?<!\w)(?:I|[Ww]e)(?:['’]\w{1,2})?(?: [a-z]{1,12}){0,2} (?:{words})"
        r"(?: (?:up|with|to|in|at|from|near)){0,2} {name}",
        ("i", "we", "i've", "we've", "i'd", "we'd", "i'm", "we're"),
    ),
}

ANY_NAME = r"(?<=[\w,;:] ){name}"
"""A name that does not begin a sentence."""

ORDINARY = listed(
    "monday | tuesday | wednesday | thursday | friday | saturday | sunday | january | february | march | april | "
    "may | june | july | august | september | october | november | december | english | french | german | "
    "spanish | italian | latin | greek | chinese | japanese | earth | internet | god"
)
"""Words with a capital that name neither a person nor a place that could be invented."""

COUNTED = listed(
    "years | months | weeks | days | hours | sessions | conversations | meetings | times | people | users | "
    "students | clients | customers | friends | colleagues | children | brothers | sisters | books | projects | "
    "miles | kilometres | kilometers | dollars | euros"
)
LARGE = 12
"""Up to here a number may count what the answer itself says ("three things")."""

USUAL = (24, 60, 100, 360, 365, 1000)
"""Large numbers that everybody uses."""

ASKED = (
    r"\d|(?<!\w)(?:how (?:many|much|old|long|often|far|big)|count|numbers?|sum|plus|minus|calculate|percent|years?"
    r"|when|date)(?!\w)"
)
"""A question that asks for numbers, or gives some to work with: what it is answered with is computed or known."""

COUNT = rf"(?P<number>{numerals.PATTERN})[ -](?:\w{{1,15}} ){{0,2}}(?:{'|'.join(COUNTED)})(?!\w)"
BIG = r"(?!^)(?<![\w.,/-])(?P<number>\d{1,3}(?:,\d{3})+|\d{2,})(?![\w%/)]|[.,]\d)"
"""Digits that are no part of a name, a date, a fraction or a share, and no mark of a list."""

RULES = {
    "name": NAME,
    "introductions": INTRODUCTIONS,
    "any_name": ANY_NAME,
    "ordinary": ORDINARY,
    "count": COUNT,
    "big": BIG,
    "large": LARGE,
    "usual": USUAL,
    "asked": ASKED,
    "numbers": numerals.SMALL,
}

_INTRODUCTIONS = tuple(
    (
        frozenset(word.lower() for word in introduction.words),
        frozenset(introduction.with_),
        re.compile(introduction.pattern.replace("{words}", "|".join(introduction.words)).replace("{name}", NAME)),
    )
    for introduction in INTRODUCTIONS.values()
)
_INTRODUCING = frozenset().union(*(words | with_ for words, with_, _ in _INTRODUCTIONS))
_ANY_NAME = re.compile(ANY_NAME.replace("{name}", NAME))
_COUNTED, _NUMBER_WORDS = frozenset(COUNTED), frozenset((*numerals.SMALL[2:], *numerals.LARGE))
_COUNT, _BIG, _ASKED = re.compile(COUNT), re.compile(BIG), re.compile(ASKED)
_WORD, _DIGITS = re.compile(r"\w+"), re.compile(r"\d\d")


class KnownFacts:
    """What a conversation holds: everything that was said so far, the mind's own name, and the session's number."""

    def __init__(self, mind: str, session: int | None) -> None:
        self._mind, self._session = mind, session
        self._texts: list[str] = []
        self._words: frozenset[str] | None = None
        self._numbers: frozenset[object] | None = None

    def add(self, text: str) -> None:
        """Hold one more text."""
        self._texts.append(text)
        self._words = self._numbers = None

    @property
    def words(self) -> frozenset[str]:
        """Every word of it, and those that never count."""
        if self._words is None:
            self._words = frozenset(ORDINARY).union(tokens.words(self._mind), *map(tokens.vocabulary, self._texts))
        return self._words

    @property
    def numbers(self) -> frozenset[object]:
        """Every number of it, and those that never count."""
        if self._numbers is None:
            self._numbers = frozenset((0, 1, *USUAL)).union(*map(numerals.numbers, self._texts))
        return self._numbers

    @property
    def sessions(self) -> tuple[int, ...]:
        """The numbers by which a mind may call this session and the one before."""
        return () if self._session is None else (self._session, self._session - 1)

    def lacks(self, name: str) -> bool:
        """True if no word of a name is held."""
        return self.words.isdisjoint(tokens.words(name))

    def lacks_number(self, text: str, over: int, known: Sequence[int] = ()) -> bool:
        """True if a text has a number over a bound that is neither held nor known."""
        large = [
            number for number in numerals.numbers(text) if number is None or (number > over and number not in known)
        ]
        return bool(large) and not self.numbers.issuperset(large)


def invents_a_name(answer: str, held: KnownFacts, *, unknowable: bool = False) -> bool:
    """True if an answer brings up a person or a place. unknowable: nobody can know the answer to its question."""
    # the patterns read the answer as it stands: without what folding would join or take away
    words = tokens.pieces(answer) if answer.isascii() else _WORD.findall(answer.lower())
    hints = _INTRODUCING.intersection(words)
    patterns = [
        pattern
        for words, with_, pattern in _INTRODUCTIONS
        if not words.isdisjoint(hints) and not (with_ and with_.isdisjoint(hints))
    ]  # most answers leave nothing to look for
    if unknowable:
        patterns.append(_ANY_NAME)
    return any(held.lacks(match["name"]) for pattern in patterns for match in pattern.finditer(answer))


def invents_a_number(answer: str, question: str, held: KnownFacts, *, unknowable: bool = False) -> bool:
    """True if an answer brings up a number. A question that asks for numbers or gives some is passed over."""
    if unknowable:
        return held.lacks_number(answer, 0)
    kinds = [*_kinds(answer)]
    if not kinds or _ASKED.search(plain(question)):
        return False  # most answers end here
    return any(
        is_asserted(sentence) and (pattern is _BIG or is_of_self(sentence))
        for sentence in sentences(answer)
        for pattern, over in kinds
        if any(_is_new(sentence, match, over, held) for match in pattern.finditer(sentence))
    )


def _is_new(sentence: str, match: re.Match[str], over: int, held: KnownFacts) -> bool:
    is_session = sentence.endswith("session ", 0, match.start("number"))
    return held.lacks_number(match["number"], over, held.sessions if is_session else ())


def _kinds(answer: str) -> Iterable[tuple[re.Pattern[str], int]]:
    """Yield the patterns that are worth a look, each with the bound that its numbers must pass."""
    if not _COUNTED.isdisjoint(tokens.pieces(answer)) and _counts(_WORD.findall(plain(answer))):
        yield _COUNT, 1
    if _DIGITS.search(plain(answer)):
        yield _BIG, LARGE


def _counts(words: Sequence[str]) -> bool:
    """True if a number stands up to three words before what it may count."""
    return any(
        before in _NUMBER_WORDS or before[0].isdecimal()
        for at, word in enumerate(words)
        if word in _COUNTED
        for before in words[max(0, at - 3) : at]
    )
