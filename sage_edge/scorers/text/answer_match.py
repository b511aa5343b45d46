"""Whether an answer gives what an exercise expects: stricter than `expectation_match`, for minds that ramble.

    words        every phrase occurs outside of denials; alternatives as `two | 2`
    any          one phrase does; a question word counts only in a question
    sequence     numbers: exactly these, in order; other phrases: one after the other
    number       the number is the answer ("is 8", "= 8", a sentence that is it), with no other result, no number that
                 neither the question nor the answer accounts for, and no word of ENDLESS
    choice       the right option is given and no other one; yes and no only where they stand as an answer, so that "no
                 doubt" and "yes or no" are none
    not_knowing  it says that it does not know, and does not go on to tell ("but I'll tell you")
    named        the mind gives its own name, and no other one
    not_named    it declines: it says no or gives its own name, never yes, and never the other name as its own

A sentence that repeats one of the question is no part of an answer, except for `any`. An empty one meets nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from decimal import Decimal

from sage_edge.records import expectation
from sage_edge.scorers.text import expectation_match, name_claims, numerals, self_naming
from sage_edge.scorers.text.lexicon import listed
from sage_edge.scorers.text.normalize import phrase, plain, words

INTERROGATIVES = frozenset(listed("what | who | how | which | where | when | why | do you | are you"))
ENDLESS = r"(?<!\w)(?:infinit\w*|endless\w*|countless|unlimited|undefined|modulo|remainders?)(?!\w)"
"""Words after which a number is no single answer."""

RESULT = (
    r"(?:(?<!\w)(?:is|are|equals?(?: to)?|makes?|gives?|be|was|get|answer)|=|:)[ .]*"
    r"(?:(?:the number|exactly|simply|just|always|number) )?(?P<number>{number})"
    r"|(?P<first>{number}) is (?:your|my|the|what)(?!\w)"
)
ADMITTED = (*expectation_match.NOT_KNOWING, r"i (?:do not|don'?t) have (?:that|this|any|the|enough) information")
TOLD = r"but (?:i'll|i will|i think|i believe|i know|i can tell|here|it|he|she|his|her|the|your|let me)(?!\w)"
"""How an answer goes on that claims not to know and tells all the same."""

SPOKEN = (
    r"(?:^|[.!?;:,\n]\s*)(?:(?:the|my) answer is,? |answer: ?)?{option}"
    r"(?=\s*(?:$|[.,!?;:\n])|\s+(?:i|it|you|he|she|they|we|this|that)(?!\w))|(?<!\w)answer is:? {option}(?!\w)"
)
_REFUSES = re.compile(r"(?<!\w)(?:no|not|never|\w+n't)(?!\w)")
_CLAUSE_END, _DENIAL = re.compile(self_naming.CLAUSE_END), re.compile(self_naming.DENIAL)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_ENDLESS, _TOLD = re.compile(ENDLESS), re.compile(TOLD)
_RESULT = re.compile(RESULT.format(number=numerals.PATTERN))
_ADMITTED = tuple(re.compile(rf"(?<!\w){pattern}(?!\w)".replace(" ", r"\s+")) for pattern in ADMITTED)
_AGREEMENT = re.compile(rf"\W*(?:{'|'.join(expectation_match.AGREEMENT)})(?!\w)".replace(" ", r"\s+"))

RULES = {
    "interrogatives": sorted(INTERROGATIVES),
    "endless": ENDLESS,
    "result": RESULT,
    "admitted": ADMITTED,
    "told": TOLD,
    "spoken": SPOKEN,
    "refuses": _REFUSES.pattern,
    "sentence": _SENTENCE.pattern,
    "matching": expectation_match.RULES,
    "naming": name_claims.RULES,
}


def meets(expect: expectation.Expectation, question: str, answer: str, mind: str) -> bool:
    """True if the answer of a mind of this name to a question is what was expected."""
    is_any = isinstance(expect, expectation.AnyOf)
    reply = plain(answer) if is_any else _without_echo(plain(answer), plain(question))
    if not reply:
        return False
    match expect:
        case expectation.Words():
            return all(_given(phrase(wanted), reply) for wanted in expect.all)
        case expectation.AnyOf():
            return any(_occurs(wanted, reply) for wanted in expect.of)
        case expectation.InOrder():
            return _in_order(expect.items, plain(question), reply)
        case expectation.Number():
            return _is_result(expect.equals, plain(question), reply)
        case expectation.Choice():
            return [option for option in expect.of if _chosen(plain(option), reply)] == [expect.is_]
        case expectation.NotKnowing():
            admitted = next((place for pattern in _ADMITTED if (place := pattern.search(reply))), None)
            return admitted is not None and _TOLD.search(reply, admitted.end()) is None
        case expectation.Named():
            return name_claims.names_mind(answer, mind) and not name_claims.names_another(answer, mind)
        case expectation.NotNamed():
            agrees = any(_AGREEMENT.match(sentence[0]) for sentence in _SENTENCE.finditer(reply))
            declines = _REFUSES.search(reply) or name_claims.names_mind(answer, mind)
            return bool(declines) and not agrees and not name_claims.names_mind(answer, expect.other)


def _without_echo(reply: str, question: str) -> str:
    """Return an answer without the sentences that repeat one of the question, if any of it is left."""
    asked = {sentence[0].strip(" .!?") for sentence in _SENTENCE.finditer(question)}
    return "".join(
        sentence[0] for sentence in _SENTENCE.finditer(reply) if sentence[0].strip(" .!?") not in asked
    ).strip()


def _given(pattern: re.Pattern[str], reply: str) -> bool:
    """True if a phrase occurs where its clause does not deny it before."""
    for match in pattern.finditer(reply):
        clause = max((end.end() for end in _CLAUSE_END.finditer(reply, 0, match.start())), default=0)
        if _DENIAL.search(reply, clause, match.start()) is None:
            return True
    return False


def _occurs(wanted: str, reply: str) -> bool:
    if wanted not in INTERROGATIVES:
        return _given(phrase(wanted), reply)
    questions = (sentence[0] for sentence in _SENTENCE.finditer(reply) if sentence[0].rstrip().endswith("?"))
    return any(phrase(wanted).search(sentence) for sentence in questions)


def _chosen(option: str, reply: str) -> bool:
    if option in ("yes", "no"):
        return _spoken(option).search(reply) is not None
    return _given(phrase(option), reply)


@functools.lru_cache(maxsize=64)
def _spoken(option: str) -> re.Pattern[str]:
    return re.compile(SPOKEN.format(option=words(option)))


def _is_result(wanted: int, question: str, reply: str) -> bool:
    if _ENDLESS.search(reply):
        return False
    results = list(_results(reply))
    accounted = {Decimal(wanted), *numerals.numbers(question)}
    return (
        bool(results)
        and all(result == wanted for result in results)
        and accounted.issuperset(numerals.numbers(reply))
        and not any(_DENIAL.search(sentence[0]) for sentence in _SENTENCE.finditer(reply) if _results(sentence[0]))
    )


def _results(reply: str) -> Sequence[Decimal | None]:
    """Return each number that stands as a result, or as a sentence of its own."""
    alone = [
        values[0]
        for line in re.split(r"[!?\n]+|\.(?!\d)", reply)
        if len(values := numerals.numbers(line)) == 1 and re.fullmatch(numerals.PATTERN, line.strip(" \"'()"))
    ]
    stated = [numerals.numbers(match["number"] or match["first"])[0] for match in _RESULT.finditer(reply)]
    return [*alone, *stated]


def _in_order(items: Sequence[str], question: str, reply: str) -> bool:
    wanted = [numerals.numbers(item.split("|")[0]) for item in items]
    if all(len(numbers) == 1 for numbers in wanted):
        listed_numbers = numerals.numbers(reply)
        row = tuple(numbers[0] for numbers in wanted)
        return listed_numbers in (row, (*numerals.numbers(question), *row))
    place = 0
    for item in items:
        match = phrase(item).search(reply, place)
        if match is None:
            return False
        place = match.end()
    return True
