"""When a text names a mind as the one who speaks.

Each pattern is bounded by words, and {n} is the name: not followed by 's or by a hyphen and more. A hit does not count
if its clause denies or doubts it ("I am not called Sage", "I do not know if I am Sage"); clauses end at punctuation
and at "but", "and", "because", "so".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from sage_edge.scorers.text import normalize, tokens

_START = r"(?:^|[.!?,;:—\n]\s*)"

PATTERNS = (
    r"(?<!\w)i(?:'?m| am)(?: still| also| just| really| simply)? {n}",
    r"(?<!\w)i(?:'?m| am| was)(?: \w+){0,4} (?:called|named) {n}",
    r"(?<!\w)my name(?:'s| is|,)(?: still)? {n}",
    r"(?<!\w)(?:call|calls|called|name|named) me {n}",
    r"(?<!\w)it(?: is|'s) me,? {n}",
    r"(?<!\w)as {n}(?=,| i(?!\w))",
    r"(?<!\w)(?:speaking|talking|answering|speak|talk|answer) as {n}",
    r"(?<!\w)this is {n}(?=\s*(?:$|[.,!?;:—\n]| and | who | speaking| here| again))",
    rf"{_START}{{n}} here(?=\s*(?:$|[.,!?;:—\n]))",
    rf"{_START}{{n}} is (?:speaking|talking|thinking|listening|learning|answering)(?!\w)",
)
"""A space stands for any white space."""

BARE = r"(?:yes,? )?(?:it is |it's |that is |that's )?{n}"
"""A sentence that is the name and nothing else: an answer to "What is your name?", but no self-reference elsewhere."""

CLAUSE_END = r"[.!?;:,—\n]|(?<!\w)(?:but|and|because|so)(?!\w)"
DENIAL = r"(?<!\w)(?:not|never|nobody|no one|no longer|neither|nor|cannot|\w+n't|if|whether)(?!\w)"

REACH = (120, 20)
"""Characters before and after a name in which its sentence is looked for, so that an endless answer costs little."""

NAME = r"[\"'(]{0,3}(?P<name>{name})(?!\w|[-'](?=\w))"
"""What {n} stands for: the name, perhaps in quotes."""

_SIGNS = r"\\.|\(\?[:=!<]*|\{n\}"
WORDS = frozenset(re.findall(r"[a-z]+", re.sub(_SIGNS, " ", " ".join((*PATTERNS, BARE, CLAUSE_END, DENIAL)))))
"""Every word that the patterns are made of."""

RULES = {
    "patterns": PATTERNS,
    "name": NAME,
    "clause_end": CLAUSE_END,
    "denial": DENIAL,
    "reach": REACH,
    "plain": normalize.RULES,
}

_CLAUSE_END, _DENIAL = re.compile(CLAUSE_END), re.compile(DENIAL)


def names_itself(text: str, name: str) -> bool:
    """True if the speaker of `text` calls the name its own; letter case and kinds of apostrophe do not matter."""
    called = normalize.plain(name)
    if not called or not tokens.vocabulary(text).issuperset(tokens.words(called)):
        return False  # most answers end here
    folded = normalize.plain(text)
    return any(_asserted(folded, match) for match in _matches(folded, name))


def _matches(folded: str, name: str) -> Iterator[re.Match[str]]:
    """Yield each place within REACH of a name where a pattern matches the whole text, not only the part in reach."""
    for start, end in _near(folded, _compiled("(?={n})", name)):
        for pattern in _patterns(name):
            for candidate in pattern.finditer(folded, start, end):
                # what stands behind `end` may make it another name: Sage's
                if match := pattern.match(folded, candidate.start()):
                    yield match


def _near(folded: str, name: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text within REACH of a name, each once, in order."""
    start, end = 0, 0
    for match in name.finditer(folded):
        if match.start("name") - REACH[0] > end:
            if end:
                yield start, end
            start = match.start("name") - REACH[0]
        end = match.end("name") + REACH[1]
    if end:
        yield start, end


def is_bare_name(text: str, name: str) -> bool:
    """True if a sentence of `text` is the name and nothing else."""
    if not normalize.plain(name):
        return False
    bare = _compiled(BARE, name)
    return any(bare.fullmatch(sentence.strip(" \"'")) for sentence in re.split(r"[.!?\n]+", normalize.plain(text)))


def _asserted(folded: str, match: re.Match[str]) -> bool:
    name = match.start("name")
    before = folded[max(0, name - REACH[0]) : name].rstrip(" ,")
    clause = max((end.end() for end in _CLAUSE_END.finditer(before)), default=0)
    return _DENIAL.search(before, clause) is None


@functools.lru_cache(maxsize=64)
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(_compiled(pattern, name) for pattern in PATTERNS)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str, name: str) -> re.Pattern[str]:
    bounded = NAME.replace("{name}", normalize.words(name))
    return re.compile(pattern.replace(" ", r"\s+").replace("{n}", bounded))
