"""One file → drafts of papers, or what it is instead, or why it is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from sage_edge import files
from sage_edge.legacy import (
    branches,
    containers,
    counters,
    decode,
    encodings,
    exercises,
    folder_walk,
    heads,
    ids,
    interleaved,
    item_order,
    kinds,
    repeats,
    shapes,
    trees,
    turn_pairs,
)
from sage_edge.legacy.containers import Container
from sage_edge.legacy.decode import Document
from sage_edge.legacy.errors import UnreadableFile
from sage_edge.legacy.folder_walk import FolderFile
from sage_edge.legacy.ids import Id
from sage_edge.legacy.parts import Json
from sage_edge.legacy.turn_pairs import Talk
from sage_edge.names import Digest, Slug
from sage_edge.records.legacy import LegacyHead, LegacyWords, Shape

AROUND = "(around)"
"""The key of `extra` under which the first paper of a file keeps what stands around all of them."""
_LISTS = (*containers.KNOWN, containers.EXERCISES)


@dataclass(frozen=True)
class Draft:
    """A paper before it is settled what it counts as. found = kept + doubled + len(refused), in items.

    chain: what the file says around the turns, nearest first.
    utterances, answers: of the conversation, as legacy §4 counts them; exercises: of the list beside it.
    is_beside: it is a further list of a battery, or a side chain.
    """

    head: LegacyHead
    id: Id
    chain: tuple[Json, ...]
    words: tuple[LegacyWords, ...]
    kept: int
    doubled: int
    refused: tuple[str, ...]
    utterances: int
    answers: int
    exercises: int
    is_beside: bool = False


@dataclass(frozen=True)
class ParsedFile:
    """What one file came to: drafts, or what it is instead (`what`), or why it is refused (`why`).

    content: digest of its JSON, whatever its spelling. lost: a sentence for each item of a list that makes no paper.
    state: the document, where `states` looks at it. counters, changed: of an object that is no session, for
    `histories`. ends_open: it has no line end at its end.
    """

    source: str
    size: int
    digest: Digest | None = None
    content: Digest | None = None
    drafts: tuple[Draft, ...] = ()
    what: str | None = None
    why: str | None = None
    lost: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    state: JsonValue = None
    counters: Mapping[str, int] = field(default_factory=dict)
    changed: datetime | None = None
    ends_open: bool = False


def read(file: FolderFile) -> ParsedFile:
    """Return what one name of the folder comes to. Raises ZoneMissing, nothing else."""
    if file.kind == "folder" and file.why == folder_walk.GIT:
        return ParsedFile(file.name, 0, what=file.why)
    if file.kind != "file":
        return ParsedFile(file.name, 0, why=file.why)
    if files.is_apple_double(file.path):
        return ParsedFile(file.name, file.size, what=kinds.APPLE_DOUBLE)
    if not kinds.is_json(file.name):
        return ParsedFile(file.name, file.size, what=kinds.by_name(file.name))
    if file.size > decode.LIMIT_BYTES:
        return ParsedFile(file.name, file.size, why=folder_walk.too_large(file.size))
    try:
        data = folder_walk.read(file.path)
    except UnreadableFile as why:
        return ParsedFile(file.name, file.size, why=str(why))
    return of_bytes(data, file.name)


def of_bytes(data: bytes, source: str) -> ParsedFile:
    """Return what some bytes come to that were found under a name. Raises ZoneMissing, nothing else."""
    digest = files.digest(data)
    base = ParsedFile(source, len(data), digest, ends_open=not data.endswith(b"\n"))
    try:
        text, repairs = encodings.text(data, by_line=(by_line := kinds.is_by_line(source)))
        document = decode.parse(text, by_line=by_line)
    except UnreadableFile as why:
        return dataclasses.replace(base, why=str(why))
    value, remarks = document.value, (*repairs, *document.repairs)
    content = files.digest(decode.canonical(value))
    base = dataclasses.replace(base, content=content, repairs=remarks, lost=document.lost)
    known = kinds.by_content(value)
    if known is not None:
        return dataclasses.replace(_counted(base, value), what=known, state=value if known == kinds.IDENTITY else None)
    held = containers.find(value)
    if not held.containers:
        return dataclasses.replace(_counted(base, value), what=kinds.unknown(value), why=_broken(value, source))
    sessions = [session for container in held.containers for session in interleaved.apart(container)]
    pieces = [_ordered(piece) for session in sessions for piece in trees.apart(session)]
    all_drafts = [_draft(piece, source, digest, Document(value, remarks)) for piece in pieces]
    wordless = (reason for draft in all_drafts if not draft.words for reason in _all_lost(draft))
    lost = (*wordless, *document.lost)
    drafts = [draft for draft in all_drafts if draft.words]
    if not drafts:
        return dataclasses.replace(base, why=f"of {len(lost)} turns none can be read; {lost[0]}", lost=lost)
    return dataclasses.replace(base, drafts=_with_rest(drafts, held.around), lost=lost)


def _ordered(piece: Container) -> Container:
    """Return the items of the one path that was followed, oldest first."""
    return item_order.backwards_told(branches.follow(repeats.once(item_order.oldest_first(piece))))


def _counted(file: ParsedFile, value: JsonValue) -> ParsedFile:
    numbers = counters.counters(value)
    return dataclasses.replace(file, counters=numbers, changed=counters.held_time(value)) if numbers else file


def _broken(value: JsonValue, source: str) -> str | None:
    """Why a file is refused that is called a session and holds a list for turns, but no turn."""
    is_meant = isinstance(value, dict) and any(isinstance(value.get(key), list) for key in _LISTS)
    if is_meant and isinstance(value, dict) and ids.claims(value, source):
        return "it is called a session and holds no turn"
    return None


def _all_lost(draft: Draft) -> tuple[str, ...]:
    """Why nothing of a container makes a paper: what was kept of it are the system's words."""
    return (*draft.refused, *("it is the system's, and nobody says anything after it" for _ in range(draft.kept)))


def _with_rest(drafts: list[Draft], around: JsonValue) -> tuple[Draft, ...]:
    """Let the first paper of a file keep what stands around all of them."""
    if around is None or not drafts:
        return tuple(drafts)
    first = drafts[0].head
    head = LegacyHead.model_validate({**dict(first), "extra": {**first.extra, AROUND: around}})
    return (dataclasses.replace(drafts[0], head=head), *drafts[1:])


def _draft(held: Container, source: str, digest: Digest, document: Document) -> Draft:
    talk = turn_pairs.pair(held.items, selves=heads.selves(held.chain), numbers=held.numbers)
    drills = turn_pairs.pair(held.exercises, "exercise")
    merged = exercises.merge(talk, drills) if held.exercises else exercises.Merged(tuple(talk.words), 0)
    spare = [] if held.is_beside else containers.spare(held)
    beside = [f"`{key}` was not read, beside `{held.key}`; it stands in extra" for key in spare]
    beside += [
        f"turns within items, under `{key}`, were not read; they stand in stored" for key in containers.within(held)
    ]
    named = ids.identify(held.chain, source, place=held.place, shape=_shape(held))
    head = _head(
        held,
        source,
        digest,
        named,
        talk,
        [*document.repairs, *held.repairs, *talk.repairs, *drills.repairs, *merged.repairs, *beside],
        merged.words,
    )
    return Draft(
        head=head,
        id=named,
        chain=held.chain,
        words=merged.words,
        kept=talk.kept + drills.kept - merged.doubled,
        doubled=merged.doubled,
        refused=(*talk.refused, *held.off, *drills.refused),
        utterances=talk.utterances,
        answers=talk.answers,
        exercises=len(drills.words),
        is_beside=held.is_beside,
    )


def _head(
    held: Container,
    source: str,
    digest: Digest,
    named: Id,
    talk: Talk,
    repairs: list[str],
    words: tuple[LegacyWords, ...],
) -> LegacyHead:
    chain = held.chain
    when = heads.when(chain, words)
    host, model = heads.text(chain, "machine", "host", "hostname"), heads.model(chain)
    notes = [*heads.remarks(chain, host, model), *when.remarks]
    if named.disagrees:
        notes.append(Slug("name-disagrees"))
    system = [heads.text(chain, "system_prompt") or "", *talk.system]
    return LegacyHead(
        label=named.label,
        track=named.track,
        number=named.number,
        shape=_shape(held),
        host=host,
        mind=talk.minds[0] if talk.minds else "unknown",
        model=model,
        unit=heads.unit(chain) or Slug("unknown"),
        intervention=heads.intervention(chain) or Slug("none-recorded"),
        system="\n\n".join(filter(None, system)),
        started=when.started,
        ended=when.ended,
        assumed_zone=when.assumed_zone,
        source=source,
        place=held.place,
        source_sha256=digest,
        repairs=tuple(dict.fromkeys([*repairs, *filter(None, [named.repair]), *when.repairs])),
        remarks=tuple(dict.fromkeys(notes)),
        extra=dict(held.owner),
    )


def _shape(held: Container) -> Shape:
    if held.exercises:
        return "exercises"
    first = next((item for item in held.items if shapes.is_turn(item)), None)
    turn = None if first is None else shapes.read(first)
    if not isinstance(turn, shapes.QuestionItem) or turn.mind or turn.asker:
        return "conversation"
    return "probe-set" if isinstance(first, dict) and "probe" in first else "test-battery"
