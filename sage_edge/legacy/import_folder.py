"""A folder of an older system → papers and a report → a folder of ours.

    OUT/import.json                                          Report, written last
    OUT/sessions/<track>/<hundreds>/<label>-<seal>.json      LegacyTranscript

The same input makes the same bytes. OUT may hold nothing, or an import of the same input, whole or cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from sage_edge import files, locks
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.legacy import folder_walk, histories, kinds, paper_status, session_file, states
from sage_edge.legacy.errors import ImportChanged
from sage_edge.legacy.report import Defect, FileRow, ImportOutcome, ImportReport, PaperRow, totals
from sage_edge.legacy.session_file import Draft, ParsedFile
from sage_edge.names import Digest
from sage_edge.records import legacy
from sage_edge.records.legacy import LegacyHead, LegacyTranscript

REPORT = "import.json"
OUTCOMES = get_args(ImportOutcome)


@dataclass(frozen=True)
class LegacyImport:
    """What a folder comes to: path below OUT → paper, and the report."""

    papers: Mapping[str, LegacyTranscript]
    report: ImportReport


def plan(folder: Path) -> LegacyImport:
    """Read a folder and write nothing. Raises UsageError where it is none, ZoneMissing."""
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        around = str(folder.parent) if folder.is_file() else "DIR"
        raise UsageError(f"{folder} {what}", hint=sage("import-legacy", around, into="OUT"))
    read = sorted(map(session_file.read, folder_walk.walk(folder)), key=lambda file: file.source)
    first = _firsts(read)
    drafts = [draft for file in read if first.get(file.source) == file.source for draft in file.drafts]
    heads = dict(zip(map(id, drafts), paper_status.settle(drafts), strict=True))
    papers: dict[str, LegacyTranscript] = {}
    rows = []
    for file in read:
        original = first.get(file.source)
        if original is not None and original != file.source:
            rows.append(_row(file, "same-content", f"the content of {original}"))
            continue
        own_papers = [paper(draft, heads[id(draft)]) for draft in file.drafts]
        papers.update((legacy.place(paper), paper) for paper in own_papers)
        rows.append(_file(file, own_papers))
    report = ImportReport(
        source=_source(read),
        files=tuple(rows),
        totals=totals(rows),
        numbering=paper_status.numbering(list(heads.values())),
        histories=histories.of(read),
        defects=tuple(Defect(source=file.source, what=what) for file in read for what in _defects(file)),
    )
    return LegacyImport(dict(sorted(papers.items())), report)


def write(planned: LegacyImport, out: Path) -> int:
    """Write an import and return how many files that were not there before; 0 where OUT holds it already.

    Raises UsageError where OUT holds anything else, ImportChanged where a paper was changed, Locked, StorageError.
    """
    wanted = {place: paper.pretty() for place, paper in planned.papers.items()}
    wanted[REPORT] = planned.report.pretty()  # last, so that a report says that everything is there
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder", hint="name a new folder after --into")
    files.make_folder(out)
    with locks.hold(out, str(out)):
        files.sweep(out)
        missing = _missing(out, wanted)
        for place in missing:
            files.write_atomic(out / place, wanted[place])
    return len(missing)


def apart(folder: Path, out: Path) -> None:
    """Refuse a target within the source, or around it. Raises UsageError."""
    source, target = folder.resolve(), out.resolve()
    if source.is_relative_to(target) or target.is_relative_to(source):
        raise UsageError(f"{out} and {folder} lie within each other", hint="name a folder elsewhere after --into")


def _missing(out: Path, wanted: Mapping[str, bytes]) -> list[str]:
    there = {
        path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    strange = sorted(set(there) - set(wanted))
    is_other = REPORT in there and not there[REPORT].is_symlink() and there[REPORT].read_bytes() != wanted[REPORT]
    if strange or is_other:
        what = strange[0] if strange else "the report of another import"
        raise UsageError(
            f"{out} holds {what}, which does not belong to this import",
            hint="name an empty or a new folder after --into; imports are not mixed",
        )
    for place, path in sorted(there.items()):
        if path.is_symlink() or path.read_bytes() != wanted[place]:
            raise ImportChanged(str(path))
    return [place for place in wanted if place not in there]


def _firsts(read: list[ParsedFile]) -> dict[str, str]:
    """Return file → the file whose content it has; a current file comes before an older one, then the first path."""
    best: dict[Digest, str] = {}
    for file in sorted(read, key=lambda file: (paper_status.is_older(file.source), file.source)):
        if file.drafts and file.content:
            best.setdefault(file.content, file.source)
    return {file.source: best[file.content] for file in read if file.drafts and file.content}


def _defects(file: ParsedFile) -> tuple[str, ...]:
    return states.defects(file.state, file.source) if file.what == kinds.IDENTITY else ()


def paper(draft: Draft, head: LegacyHead) -> LegacyTranscript:
    """Return the sealed paper of a draft under its settled head."""
    return legacy.sealed(head, draft.words, kept=draft.kept, doubled=draft.doubled, refused=draft.refused)


def _file(file: ParsedFile, own_papers: list[LegacyTranscript]) -> FileRow:
    if not own_papers:
        return _row(file, "refused" if file.why else "not-a-transcript", file.why or file.what)
    base = _row(file, "imported", None)
    return FileRow.model_validate({**dict(base), "papers": tuple(map(_paper_row, file.drafts, own_papers))})


def _row(file: ParsedFile, outcome: str, reason: str | None) -> FileRow:
    kept, doubled = (sum(getattr(draft, name) for draft in file.drafts) for name in ("kept", "doubled"))
    refused = (*(why for draft in file.drafts for why in draft.refused), *file.lost)
    return FileRow.model_validate(
        {
            "source": file.source,
            "outcome": outcome,
            "reason": reason,
            "bytes": file.size,
            "sha256": file.digest,
            "found": kept + doubled + len(refused),
            "kept": kept,
            "doubled": doubled,
            "refused": refused,
            "repairs": file.repairs,
            "ends_open": file.ends_open,
        }
    )


def _paper_row(draft: Draft, paper: LegacyTranscript) -> PaperRow:
    head = paper.head
    return PaperRow(
        paper=legacy.place(paper),
        label=head.label,
        track=head.track,
        standing=head.standing,
        why=head.why,
        shape=head.shape,
        utterances=draft.utterances,
        answers=draft.answers,
        exercises=draft.exercises,
        turns=len(paper.turns),
        failed=sum(turn.outcome != "ok" for turn in paper.turns),
        repairs=head.repairs,
        remarks=head.remarks,
    )


def _source(read: list[ParsedFile]) -> Digest:
    lines = sorted(f"{file.source}\t{file.size}\t{file.digest or file.why or file.what}" for file in read)
    return files.digest("\n".join(lines).encode("utf-8", "replace"))
