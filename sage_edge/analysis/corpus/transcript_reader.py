"""Papers → dialogues: every link of the hash chain is checked, and what is not believed is refused with its reason.

A paper is a transcript of ours (records.transcript) or one of an older system (records.legacy); which one, it says.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from sage_edge.analysis.corpus.folder import Folder
from sage_edge.analysis.corpus.sources import Refused, in_order, refused
from sage_edge.names import Slug
from sage_edge.records import dialogue, legacy, transcript
from sage_edge.records.base import parse
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.legacy import LegacyTranscript
from sage_edge.records.transcript import Transcript

BACKWARDS = Slug("times-run-backwards")
"""The remark on a session that ended before it began, or asked a question before the one before it."""

_LEGACY = b'"provenance": "legacy"'
_HEAD_BYTES = 200
_BOM = b"\xef\xbb\xbf"
_IMPORT = "of an older system? sage-edge import-legacy DIR --into OUT"

_Parsed = tuple[Dialogue | None, tuple[str, ...]]


def read(place: str, data: bytes, *, chained: bool = True) -> Dialogue | Refused:
    """Return the dialogue that a paper holds, or why it is not believed.

    chained: False spares the look at every link, for bytes whose links were looked at before.
    """
    is_legacy = _LEGACY in data[:_HEAD_BYTES]
    likely_first = (_legacy, _ours) if is_legacy else (_ours, _legacy)
    for reader in likely_first:
        try:
            session, faults = reader(data, chained)
        except ValueError:  # not this kind of paper; what it is, is found out when it is none of them
            continue
        return session if session is not None else refused(place, "; ".join(faults))
    return refused(place, _why_not(data))


def dialogues(folder: Path) -> Iterator[Dialogue | Refused]:
    """Yield what lies below a folder, by name: an import's folder, a host's papers, or transcripts alone.

    Raises UsageError where there is no such folder.
    """
    source = Folder.at(folder)
    for entry, data in source.read(in_order(source.entries(list(source.groups({}, 0))))):
        yield data if isinstance(data, Refused) else read(entry.place, data)


def _ours(data: bytes, chained: bool) -> _Parsed:
    paper = parse(Transcript, data)
    if chained and (faults := transcript.chain_faults(paper)):
        return None, faults
    asked = (turn.asked for turn in paper.turns)
    forward = all(earlier <= later for earlier, later in pairwise((paper.head.started, *asked, paper.closing.ended)))
    return _remarked(dialogue.of(paper), forward), ()


def _legacy(data: bytes, chained: bool) -> _Parsed:
    paper = parse(LegacyTranscript, data)
    if chained and (faults := legacy.chain_faults(paper)):
        return None, faults
    started, ended = paper.head.started, paper.head.ended
    return _remarked(legacy.dialogue(paper), started is None or ended is None or started <= ended), ()


def _remarked(session: Dialogue, forward: bool) -> Dialogue:
    return session if forward else dataclasses.replace(session, remarks=(*session.remarks, BACKWARDS))


def _why_not(data: bytes) -> str:
    if data.startswith(_BOM):
        return "it begins with a byte order mark, which no paper has"
    try:
        content = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as wrong:
        return f"it is not UTF-8: byte {wrong.start} is {data[wrong.start]:#04x}"
    except (ValueError, RecursionError) as wrong:
        return f"it is not JSON: {wrong}"
    head = content.get("head") if isinstance(content, dict) else None
    if not isinstance(head, dict):
        return f"it is neither a transcript nor an imported paper ({_IMPORT})"
    try:
        (_legacy if head.get("provenance") == "legacy" else _ours)(data, True)
    except ValueError as wrong:
        return str(wrong)
    return "it cannot be read"
