"""Whether an answer is what an exercise expects: whole words, typed expectations, no judge but the rule (legacy §5.8).

    words        every phrase occurs; a phrase may list alternatives: `two | 2`
    any          one phrase occurs
    sequence     the phrases occur one after the other
    number       the number occurs, and no other number does
    choice       the right option occurs, and none of the others
    not_knowing  the answer says that it does not know, was not told, or is not sure
    named        the mind gives its own name: `naming`, or a sentence that is the name and nothing else
    not_named    the mind neither says yes at the start nor gives the other name as its own

An empty answer meets nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sage_edge.records import expectation
from sage_edge.scorers.text import numerals, self_naming
from sage_edge.scorers.text.normalize import phrase, plain

NOT_KNOWING = (
    r"i (?:really |simply |honestly )?(?:do not|don'?t) (?:really |yet |even )?(?:know|remember)",
    r"i (?:cannot|can'?t|could not|couldn't) (?:really |yet |even )?(?:know|remember|tell|say)",
    r"i (?:was not|wasn't|have not been|haven't been|was never) told",
    r"you (?:did not|didn't|have not|haven't|never) (?:tell|told|say|said|mention|mentioned)",
    r"i(?:'?m| am) (?:unsure|uncertain|not (?:quite |entirely |so )?(?:sure|certain))",
    r"i have (?:never|not) heard",
    r"(?:no|have no|not any) idea",
    r"(?:is|are) (?:unknown|not known) to me",
)
AGREEMENT = (
    r"yes",
    r"yeah",
    r"yep",
    r"yup",
    r"sure",
    r"correct",
    r"right",
    r"exactly",
    r"indeed",
    r"certainly",
    r"of course",
    r"(?:that is|that's|you are|you're) (?:right|correct|true)",
    r"i am(?=\s*(?:$|[.!,]))",
)
RULES = {
    "not_knowing": NOT_KNOWING,
    "agreement": AGREEMENT,
    "numbers": [numerals.PATTERN, numerals.SMALL],
    "naming": [self_naming.RULES, self_naming.BARE],
}

_NOT_KNOWING = tuple(re.compile(rf"(?<!\w){pattern}(?!\w)".replace(" ", r"\s+")) for pattern in NOT_KNOWING)
_AGREEMENT = re.compile(rf"\W*(?:{'|'.join(AGREEMENT)})(?!\w)".replace(" ", r"\s+"))


def meets(expect: expectation.Expectation, answer: str, mind: str) -> bool:
    """True if the answer of a mind of this name is what was expected."""
    reply = plain(answer)
    if not reply:
        return False
    match expect:
        case expectation.Words():
            return all(phrase(wanted).search(reply) for wanted in expect.all)
        case expectation.AnyOf():
            return any(phrase(wanted).search(reply) for wanted in expect.of)
        case expectation.InOrder():
            return _in_order(expect.items, reply)
        case expectation.Number():
            numbers = numerals.numbers(reply)
            return bool(numbers) and all(number == expect.equals for number in numbers)
        case expectation.Choice():
            others = [option for option in expect.of if plain(option) != plain(expect.is_)]
            return bool(phrase(expect.is_).search(reply)) and not any(phrase(option).search(reply) for option in others)
        case expectation.NotKnowing():
            return any(pattern.search(reply) for pattern in _NOT_KNOWING)
        case expectation.Named():
            return _takes(reply, mind)
        case expectation.NotNamed():
            return not _AGREEMENT.match(reply) and not _takes(reply, expect.other)


def _takes(reply: str, name: str) -> bool:
    return self_naming.names_itself(reply, name) or self_naming.is_bare_name(reply, name)


def _in_order(items: Sequence[str], reply: str) -> bool:
    place = 0
    for item in items:
        match = phrase(item).search(reply, place)
        if match is None:
            return False
        place = match.end()
    return True
