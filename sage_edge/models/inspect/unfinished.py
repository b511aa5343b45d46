"""Downloads that have not ended, and files that were cut into pieces: told by their names, as programs give them.

    NAME.part .crdownload .incomplete …       what browsers and other programs call a file until it is whole
    NAME.aria2                                what aria2 keeps beside a file that it has not finished
    NAME.part1of2 · NAME-split-a · NAME.001   pieces, because some hubs take no file above a size; `cat` joins them

llama.cpp's own splits (NAME-00001-of-00002.gguf) are none of these: each of them is a GGUF.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge.hints import Hint, quoted, sage
from sage_edge.models.inspect.folder import PICKLES, FolderListing
from sage_edge.models.inspect.report import THIS, InspectReport, ModelKind
from sage_edge.sizes import counted

_SURE = (".crdownload", ".incomplete", ".opdownload", ".aria2", ".!qb")
"""Endings that mean nothing else, whatever stands before them."""
_USUAL = (".part", ".partial", ".tmp", ".temp", ".download", ".downloading", ".filepart")
_FILES = (".gguf", ".safetensors", ".json", ".jinja", ".txt", ".model", *PICKLES)
_CONTROL = ".aria2"
_PIECE = re.compile(
    r"(?P<whole>.+\.(?:gguf|safetensors))"
    r"(?:[.-](?:part|split)[.-]?(?P<mark>\d{1,3}|[a-z]{1,2})(?:-?of-?(?P<total>\d{1,3}))?|\.(?P<bare>\d{2,3}|a[a-z]))",
    re.I,
)
_HUB = Path(".cache") / "huggingface" / "download"
_MOST_PIECES = 99
_LET_END: Hint = ("let its download end, or get it again, then: ", sage("model inspect", THIS))


@dataclass(frozen=True)
class CutFile:
    """A file that is here in pieces. pieces: in their order. lacking: those that are not here, as far as known."""

    whole: str
    pieces: tuple[str, ...]
    lacking: tuple[str, ...]


def becoming(name: str) -> str | None:
    """Return which file an unfinished download is to become, empty where its name does not say; None for any other."""
    stem, dot, ending = name.rpartition(".")
    is_known = stem.lower().endswith(_FILES)
    if f"{dot}{ending}".lower() in _SURE:
        return stem if is_known else ""
    return stem if f"{dot}{ending}".lower() in _USUAL and is_known else None


def cut(names: Iterable[str]) -> dict[str, CutFile]:
    """Return the files that lie among these names in pieces, by the name of the whole."""
    held: dict[str, list[re.Match[str]]] = {}
    for name in names:
        if match := _PIECE.fullmatch(name):
            held.setdefault(match["whole"], []).append(match)
    return {
        whole: CutFile(whole, tuple(match[0] for match in sorted(pieces, key=_order)), tuple(_lacking(pieces)))
        for whole, pieces in held.items()
    }


def _mark(piece: re.Match[str]) -> str:
    return str(piece["mark"] or piece["bare"]).lower()


def _order(piece: re.Match[str]) -> tuple[int, str]:
    mark = _mark(piece)
    return (int(mark), "") if mark.isdigit() else (len(mark), mark)


def _lacking(pieces: Sequence[re.Match[str]]) -> Iterator[str]:
    """The names of pieces that are not here, where the others say how many there are."""
    first = pieces[0]
    here = {int(_mark(piece)) for piece in pieces if piece["total"] and _mark(piece).isdigit()}
    for number in range(1, min(int(first["total"] or 0), _MOST_PIECES) + 1):
        if number not in here:
            begin, end = first.span("mark")
            digits = str(number).zfill(end - begin if first["mark"].startswith("0") else 1)
            yield first[0][:begin] + digits + first[0][end:]


def of_file(path: Path) -> InspectReport | None:
    """Say that a file is an unfinished download, or a piece of one; None for any other. Raises OSError."""
    if (whole := becoming(path.name)) is not None:
        return InspectReport(path, ModelKind.PARTIAL, missing=(_rest(path.name, whole),), mend=_LET_END)
    if match := _PIECE.fullmatch(path.name):
        return _joined(path, path.parent, cut(entry.name for entry in path.parent.iterdir())[match["whole"]])
    if os.path.isfile(f"{path}{_CONTROL}"):  # noqa: PTH113 - pathlib raises where the longer name is too long
        return InspectReport(path, ModelKind.PARTIAL, missing=(_controlled(path.name),), mend=_LET_END)
    return None


def _joined(path: Path, folder: Path, cut_file: CutFile) -> InspectReport:
    """Say how the pieces of a file become one."""
    whole = folder / cut_file.whole
    words = " ".join(quoted(str(folder / name)) for name in cut_file.pieces)
    look = sage("model inspect", str(whole if whole.suffix == ".gguf" else folder))
    if cut_file.lacking:
        return InspectReport(path, ModelKind.PARTIAL, missing=cut_file.lacking, mend=_LET_END)
    count = f"{len(cut_file.pieces)} pieces, {cut_file.pieces[0]} to {cut_file.pieces[-1]}"
    missing = f"{cut_file.whole} as one file (it is cut into {count})"
    mend = (f"join them: cat {words} > {quoted(str(whole))}, then: ", look)
    return InspectReport(path, ModelKind.PARTIAL, missing=(missing,), mend=mend)


def _controlled(name: str) -> str:
    return f"the rest of {name} ({name}{_CONTROL} lies beside it: aria2 has not finished it)"


def in_folder(listing: FolderListing, report: InspectReport) -> InspectReport:
    """Return a folder's report with what its unfinished and cut files explain."""
    downloads = {name: whole for name in sorted(listing.sizes) if (whole := becoming(name)) is not None}
    cuts = {whole: it for whole, it in cut(listing.sizes).items() if whole not in listing.sizes}
    is_weightless = not report.faults and not report.weights and not report.is_model
    if is_weightless and cuts:
        joined = _joined(listing.folder, listing.folder, cuts[min(cuts)])
        return dataclasses.replace(joined, family=report.family, notes=report.notes)
    explained = {name for name, whole in downloads.items() if _is_control(name, listing) or whole in report.missing}
    if is_weightless and report.kind is ModelKind.UNKNOWN and downloads:
        rests = tuple(_rest(name, whole) for name, whole in downloads.items())
        return dataclasses.replace(report, kind=ModelKind.PARTIAL, missing=rests, mend=_LET_END)
    strays = [*(name for name in downloads if name not in explained), *(it.pieces[0] for it in cuts.values())]
    note = f"{', '.join(strays[:5])[:200]} is an unfinished or cut download, and no part of the model"
    notes = (*report.notes, *([note] if strays else ()), *_of_hub(listing.folder))
    by_whole = {whole: name for name, whole in downloads.items() if name in explained}
    missing = [
        f"{it} ({by_whole[it]} is an unfinished download of it)" if it in by_whole else it for it in report.missing
    ]
    missing += [_controlled(downloads[name]) for name in sorted(explained) if _is_control(name, listing)]
    kind = ModelKind.PARTIAL if report.is_model and missing else report.kind
    mend = report.mend or (_LET_END if explained else "")
    return dataclasses.replace(report, kind=kind, missing=tuple(missing), notes=notes, mend=mend)


def _is_control(name: str, listing: FolderListing) -> bool:
    """Whether aria2 keeps it beside a file that is here."""
    return name.endswith(_CONTROL) and name.removesuffix(_CONTROL) in listing.sizes


def _rest(name: str, whole: str) -> str:
    return f"the rest of {whole or 'it'} ({name} is an unfinished download)"


def _of_hub(folder: Path) -> tuple[str, ...]:
    """What the hub's own program has begun: it keeps that in a folder below, under names that say nothing."""
    begun = sum(1 for _ in (folder / _HUB).rglob("*.incomplete"))
    what = counted(begun, "unfinished download")
    return (f"{_HUB} holds {what} of the hub's own program",) if begun else ()
