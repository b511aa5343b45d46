"""What a paper counts as, once all of them are known: only a `session` counts in statistics.

dry-run      its file's name or a key says so, or its number is 900 or more, which the older system used for trials
experiment   it is of that kind; or it says so; or its file's name goes on after a number that another file of its
             folder claims by name alone; or it is a battery of prompts that names no session, or a side chain
superseded   it lies in a folder of older contents, and its own path holds a newer one
session      everything else; where two of them claim one number, both say so
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from sage_edge.legacy import heads, versions
from sage_edge.legacy.session_file import Draft
from sage_edge.names import Slug, Track
from sage_edge.records.dialogue import UNKNOWN_MIND, Standing
from sage_edge.records.legacy import LegacyHead, individual
from sage_edge.sizes import counted

TRIALS_FROM = 900
"""Numbers from here on are trials: there are 901, 999 and 1000 beside series that end near 120 (legacy §4)."""

CLAIMED_TWICE = Slug("number-claimed-twice")
_DRY = re.compile(r"dry[ _-]?run", re.IGNORECASE)
_TRIAL = re.compile(r"(^|[_ -])(test|experiment)\Z", re.IGNORECASE)
_COPY = re.compile(r"(.+\.json)[._~-].+", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{7,40}")

StandingReason = tuple[Standing, str | None]


def settle(drafts: Sequence[Draft]) -> list[LegacyHead]:
    """Return the heads in the same order, each with its standing."""
    paths = {draft.head.source for draft in drafts}
    plain = {_claim(draft) for draft in drafts if not draft.id.suffix}
    verdicts = [_alone(draft) or _among(draft, paths, plain) for draft in drafts]
    numbers = Counter(
        _number(draft.head) for draft, (standing, _) in zip(drafts, verdicts, strict=True) if standing == "session"
    )
    settled = []
    for draft, (standing, why) in zip(drafts, verdicts, strict=True):
        notes = list(draft.head.remarks)
        if standing == "session" and draft.head.number is not None and numbers[_number(draft.head)] > 1:
            notes.append(CLAIMED_TWICE)
        settled.append(
            LegacyHead.model_validate({**dict(draft.head), "standing": standing, "why": why, "remarks": tuple(notes)})
        )
    return settled


def _alone(draft: Draft) -> StandingReason | None:
    """What a paper says of itself."""
    head, chain = draft.head, draft.chain
    name = PurePosixPath(head.source).name
    if (
        _DRY.search(name)
        or heads.value(chain, "dry_run") is True
        or _DRY.search(heads.text(chain, "type", "mode") or "")
    ):
        return "dry-run", "its name or a key says that it is a dry run"
    if head.number is not None and head.number >= TRIALS_FROM and head.track is not None:
        return "dry-run", f"the older system used numbers from {TRIALS_FROM} for trials"
    if (
        head.extra.get("experiment_type")
        or head.extra.get("hypothesis")
        or _TRIAL.search(heads.text(chain, "type") or "")
    ):
        return "experiment", "it says that it is an experiment"
    if any("experiment" in part.lower() for part in PurePosixPath(head.source).parts[:-1]):
        return "experiment", "it lies in a folder of experiments"
    if head.shape in ("test-battery", "probe-set") and head.number is None:
        return "experiment", "it is a battery of prompts and names no session"
    if head.track == "experiment":
        return "experiment", "its name or its folder says that it is an experiment"
    return None


def _among(draft: Draft, paths: set[str], plain: set[tuple[object, ...]]) -> StandingReason:
    """What a paper is beside the others."""
    if draft.is_beside:
        return "experiment", "it stands beside the first turns of its file, in a battery or as a side chain"
    for newer in _newer(draft.head.source):
        if newer in paths:
            return "superseded", f"an older content of {newer}"
    if draft.id.suffix and draft.head.number is not None and _claim(draft) in plain:
        return "experiment", f"its name goes on after the number: {draft.id.suffix:.60}"
    return "session", None


def is_older(source: str) -> bool:
    """Whether a path lies in a folder of older contents."""
    parts = PurePosixPath(source).parts
    return any(part.lower() in versions.OLDER for part in parts[:-1]) or _COPY.fullmatch(parts[-1]) is not None


def _newer(source: str) -> Iterator[str]:
    """Paths at which the newer content of a file in a folder of older ones may lie."""
    parts = PurePosixPath(source).parts
    if copy := _COPY.fullmatch(parts[-1]):
        yield "/".join((*parts[:-1], copy[1]))
    for at, part in enumerate(parts[:-1]):
        if part.lower() in versions.OLDER:
            rest = parts[at + 1 :]
            tails = [rest, rest[1:]] if len(rest) > 1 and _COMMIT.fullmatch(rest[0]) else [rest]
            for tail in tails:
                yield "/".join((*parts[:at], *tail))


def _claim(draft: Draft) -> tuple[object, ...]:
    return PurePosixPath(draft.head.source).parent, draft.head.track, draft.head.number


def _number(head: LegacyHead) -> tuple[object, ...]:
    return head.host, individual(head), head.track, head.number


def numbering(heads_: Sequence[LegacyHead]) -> tuple[str, ...]:
    """Return sentences about the numbers of the sessions: claimed twice, missing, and not in the order of time."""
    series: dict[tuple[str, str, Track], dict[int, list[LegacyHead]]] = {}
    for head in heads_:
        if head.standing == "session" and head.number is not None and head.track is not None:
            key = head.host or "", individual(head), head.track
            series.setdefault(key, {}).setdefault(head.number, []).append(head)
    return tuple(
        sentence
        for (host, mind, track), held in sorted(series.items())
        for sentence in _series(_name(track, host, mind), held)
    )


def _name(track: Track, host: str, mind: str) -> str:
    """`primary of sprout, phi4-14b`; what is not known is left out."""
    known = ", ".join(part for part in (host, mind) if part and part != UNKNOWN_MIND)
    return f"{track} of {known}" if known else track


def _series(name: str, held: Mapping[int, Sequence[LegacyHead]]) -> Iterator[str]:
    for number, claims in sorted(held.items()):
        if len(claims) > 1:
            yield f"{name}: number {number} is claimed by {', '.join(sorted(head.source for head in claims))}"
    missing = [number for number in range(min(held), max(held)) if number not in held]
    if missing:
        which = f"{counted(len(missing), 'number')} {'is' if len(missing) == 1 else 'are'} missing"
        yield f"{name}: {which} between {min(held)} and {max(held)}: {_runs(missing)}"
    last: LegacyHead | None = None
    for _, claims in sorted(held.items()):
        for head in sorted((head for head in claims if head.started), key=lambda head: head.source):
            if last and last.started and head.started and head.started < last.started:
                days = (
                    f"{head.label} of {head.started:%Y-%m-%d} was held before {last.label} of {last.started:%Y-%m-%d}"
                )
                yield f"{name}: {days}"
            last = head


def _runs(numbers: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)[:200]
