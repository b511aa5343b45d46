"""How long a hub asks to be left alone, read from the headers of its answer.

Retry-After: 300                              seconds
Retry-After: Mon, 30 Nov 2026 06:05:00 GMT    a moment, by the hub's own clock where it says that too (Date); by ours
                                              only within what is waited, as ours may be wrong by years
RateLimit: "api";r=0;t=243                    windows of requests: none left, the window ends in 243 s
RateLimit: limit=500, remaining=0, reset=243  the same as older hubs write it
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

MOST_S = 900.0
"""Longest wait that is obeyed; whoever asks for more is told to people instead. The windows of hubs are 300 s."""

LIMITED = 429
_LONGEST_HEADER = 1_000
_SECONDS = re.compile(r"\s*([0-9]{1,12})\s*")
_LEFT = re.compile(r"\b(?:r|remaining)\s*=\s*([0-9]{1,12})\b")
_ENDS = re.compile(r"\b(?:t|reset)\s*=\s*([0-9]{1,12})\b")


def asked_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a hub asks to wait; None where it asks for none, or in words that make no sense.

    headers: names in lower case, of an answer of 429 or 503. now: this machine's time, for a date without the hub's.
    """
    asked = [*_retry_after(headers, now), *_windows(headers.get("ratelimit", ""))]
    return max(asked, default=None)


def _retry_after(headers: Mapping[str, str], now: datetime) -> Iterator[float]:
    text = headers.get("retry-after", "")[:_LONGEST_HEADER]
    if seconds := _SECONDS.fullmatch(text):
        yield float(seconds[1])
    elif (moment := _moment(text)) is not None:
        there = _moment(headers.get("date", "")[:_LONGEST_HEADER])
        asked = max(0.0, (moment - (there or now)).total_seconds())
        if there or asked <= MOST_S:
            yield asked


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _windows(header: str) -> Iterator[float]:
    """The end of each window in which nothing is left."""
    text = header[:_LONGEST_HEADER]
    for window in (text,) if "reset" in text else text.split(","):
        ends, left = _ENDS.search(window), _LEFT.search(window)
        if ends and (left is None or int(left[1]) == 0):
            yield float(ends[1])
