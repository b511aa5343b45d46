"""The order of sessions: which of them count, and which ones each of them follows.

Sessions of one mind on a host and of one track are ordered by their number. A number that two papers claim counts for
neither of them, until one is taken away. Dry runs and experiments follow sessions, but no session follows them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict

Chain = tuple[str, str, str]
"""Host, which of its minds, and track."""


class SessionOrder:
    """The sessions of every chain, by number; papers can be added in any order."""

    def __init__(self) -> None:
        self._numbers: defaultdict[Chain, list[int]] = defaultdict(list)
        self._claims: defaultdict[tuple[Chain, int], list[str]] = defaultdict(list)

    def add(self, chain: Chain, number: int, seal: str) -> None:
        """Add one session; adding it again changes nothing."""
        claims = self._claims[chain, number]
        if not claims:
            insort(self._numbers[chain], number)
        if seal not in claims:
            claims.append(seal)

    def counts(self, chain: Chain, number: int, seal: str) -> bool:
        """Return whether a paper is the only session of its number."""
        return self._claims.get((chain, number)) == [seal]

    def before(self, chain: Chain, number: int, span: int) -> list[tuple[int, str]]:
        """Return number and seal of the last `span` sessions before a number that count, oldest first."""
        sessions: list[tuple[int, str]] = []
        numbers = self._numbers.get(chain, [])
        place = bisect_left(numbers, number)
        while place and len(sessions) < span:
            place -= 1
            claims = self._claims[chain, numbers[place]]
            if len(claims) == 1:
                sessions.append((numbers[place], claims[0]))
        return sessions[::-1]
