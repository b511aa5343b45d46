"""The paper of one session that an older system conducted: what its file says, no word more, hash-chained like ours.

    head      format 1, provenance "legacy": what the file says of the session, where it came from, what was repaired
    turns[0]  previous = digest(head)
    turns[i]  previous = digest(turns[i-1])
    closing   previous = digest(last turn, or head); what became of every turn that the file holds

    seal      digest(closing)

It lies at `sessions/<its kind, or other>/<number by hundreds, or unnumbered>/<label>-<seal, 12 digits>.json`, so
that two files which claim one number do not collide. A thing that the file does not say is None, "unknown" or
"none-recorded"; the older system noted no seed, no sampling, no release and no finish reason at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from sage_edge.names import Digest, Slug, Track
from sage_edge.records.base import Moment, Record
from sage_edge.records.dialogue import UNKNOWN_MIND, Dialogue, Exchange, Standing
from sage_edge.records.transcript import Outcome, StepKind

Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
"""What a session is called: `S021`, `T024`, `R14B_010`, or its file's name. It is part of a file's name."""

_INSTANCES = "instances"
_BETWEEN = re.compile(r"[^a-z0-9.]+")

Shape = Literal["conversation", "exercises", "probe-set", "test-battery"]


class LegacyHead(Record):
    """What the file says of the session as a whole, and where it was found.

    number, track, host, model: None where neither file nor folder says so. mind: the name under which it answered.
    unit: the phase or the skill, `unknown` without. intervention: the generation mode, `none-recorded` without.
    started, ended: UTC; assumed_zone names the zone that a time without offset was read in. why: why its standing is
    not `session`. source: path below the folder that was imported; place: where in that file, if not at its top.
    repairs: a sentence for each thing that had to be read otherwise than it stands. remarks: what a reader must know.
    extra: every key of the file beside its turns, verbatim.
    """

    format: Literal[1] = 1
    provenance: Literal["legacy"] = "legacy"
    label: Label
    track: Track | None = None
    number: int | None = Field(default=None, ge=0)
    standing: Standing = "session"
    why: str | None = None
    shape: Shape
    host: str | None = None
    mind: str = "unknown"
    model: str | None = None
    unit: Slug = Slug("unknown")
    intervention: Slug = Slug("none-recorded")
    system: str = ""
    started: Moment | None = None
    ended: Moment | None = None
    assumed_zone: str | None = None
    source: str
    place: str | None = None
    source_sha256: Digest
    repairs: tuple[str, ...] = ()
    remarks: tuple[Slug, ...] = ()
    extra: dict[str, JsonValue]


class LegacyWords(Record):
    """One question and what came of it. `reply` of one that is not `ok` is never a word of the mind.

    asker: who asked, as the file says. thought: what stood in a thinking block before the answer. verbatim: the text
    that the file holds as the answer, where `reply` is not all of it. expected: the phrases that an exercise listed.
    stored: every other key that the file holds beside question and answer, verbatim, an `evaluation` for one.
    """

    kind: StepKind = "prompt"
    asker: str | None = None
    prompt: str
    reply: str
    outcome: Outcome = "ok"
    error: str | None = None
    thought: str | None = None
    verbatim: str | None = None
    exercise: Slug | None = None
    expected: tuple[str, ...] = ()
    stored: dict[str, JsonValue] | None = None


class LegacyTurn(LegacyWords):
    """The words, chained to what stands before them."""

    previous: Digest


class LegacyClosing(Record):
    """What became of the items that the file holds as turns: found = kept + doubled + len(refused).

    kept: they stand in this paper, an utterance being one item. doubled: the file holds the same exchange a second time
    in another list. refused: a sentence each. turns: how many turns the kept ones make.
    """

    turns: int = Field(ge=0)
    found: int = Field(ge=0)
    kept: int = Field(ge=0)
    doubled: int = Field(default=0, ge=0)
    refused: tuple[str, ...] = ()
    previous: Digest


class LegacyTranscript(Record):
    """A whole session of the older system."""

    head: LegacyHead
    turns: tuple[LegacyTurn, ...]
    closing: LegacyClosing
    seal: Digest


def sealed(
    head: LegacyHead, words: Sequence[LegacyWords], *, kept: int, doubled: int = 0, refused: Sequence[str] = ()
) -> LegacyTranscript:
    """Return the paper: every part linked to the one before it."""
    link, turns = head.fingerprint(), []
    for utterance in words:
        turns.append(LegacyTurn.model_validate({**dict(utterance), "previous": link}))
        link = turns[-1].fingerprint()
    items = kept + doubled + len(refused)
    closing = LegacyClosing(
        turns=len(turns), found=items, kept=kept, doubled=doubled, refused=tuple(refused), previous=link
    )
    return LegacyTranscript(head=head, turns=tuple(turns), closing=closing, seal=closing.fingerprint())


def chain_faults(paper: LegacyTranscript) -> tuple[str, ...]:
    """Return what is wrong with the links of a paper, in order; empty means that it is whole."""
    closing = paper.closing
    links = [paper.head.fingerprint(), *(turn.fingerprint() for turn in paper.turns)]
    broken = (number for number, turn in enumerate(paper.turns) if turn.previous != links[number])
    faults = [f"turn {number + 1} does not follow what stands before it" for number in broken]
    if closing.previous != links[-1]:
        faults.append("the closing does not follow the last turn")
    if closing.turns != len(paper.turns):
        faults.append(f"the closing counts {closing.turns} turns, there are {len(paper.turns)}")
    if closing.found != (accounted := closing.kept + closing.doubled + len(closing.refused)):
        faults.append(f"the closing speaks of {closing.found} items and accounts for {accounted}")
    if paper.seal != closing.fingerprint():
        faults.append("the seal is not that of the closing")
    return tuple(faults)


def place(paper: LegacyTranscript) -> str:
    """`sessions/training/000/T024-0f3a5b9c1d2e.json`, below an import's folder."""
    head = paper.head
    shelf = "unnumbered" if head.number is None else f"{head.number // 100:03d}"
    return f"sessions/{head.track or 'other'}/{shelf}/{head.label}-{paper.seal.short}.json"


def individual(head: LegacyHead) -> str:
    """Return which of its host's minds a paper is of: its instance's folder and its model, or one, else `unknown`.

    The host's name is taken off the folder's, and a model that the folder names stands there once, so that
    `instances/legion-phi4-14b` and the model `phi4:14b` are one.
    """
    *folders, _ = head.source.split("/")
    own = folders[folders.index(_INSTANCES) + 1 :] if _INSTANCES in folders else []
    model = _plain((head.model or "").rstrip("/").rpartition("/")[2])
    instance = _plain(own[0].removeprefix(f"{head.host}-")) if own and own[0] != head.host else ""
    parts = [instance] if model in instance else [instance, model]
    return "-".join(filter(None, parts)) or UNKNOWN_MIND


def _plain(words: str) -> str:
    return _BETWEEN.sub("-", words.lower()).strip("-")


def dialogue(paper: LegacyTranscript) -> Dialogue:
    """Return a paper of the older system as a dialogue."""
    head = paper.head
    exchanges = tuple(
        Exchange(
            turn=number,
            kind=turn.kind,
            prompt=turn.prompt,
            reply=turn.reply,
            outcome=turn.outcome,
            exercise=turn.exercise,
            expected=turn.expected,
            stored=turn.stored,
            verbatim=turn.verbatim,
        )
        for number, turn in enumerate(paper.turns, start=1)
    )
    return Dialogue(
        seal=paper.seal,
        provenance="legacy",
        track=head.track,
        number=head.number,
        label=head.label,
        host=head.host,
        mind=head.mind,
        individual=individual(head),
        system=head.system,
        unit=head.unit,
        intervention=head.intervention,
        exchanges=exchanges,
        model=head.model,
        started=head.started,
        ended=head.ended,
        standing=head.standing,
        remarks=head.remarks,
    )
