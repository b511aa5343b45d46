"""How long answers are, and how many were cut off: a limit on tokens looks like a mind that loses its thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.corpus import MeasuredAnswer
from sage_edge.analysis.report.blocks import Block, Cell, Figure, NumberCell, Section, Table
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.statistics import means
from sage_edge.analysis.statistics.estimate import Estimate
from sage_edge.sizes import counted

BINS = ((0, 59), (60, 79), (80, 99), (100, 119), (120, 10**9))
"""Words of an answer, both ends in it (legacy §6.7)."""

CUT = ("length", "deadline")


def section(content: ReportContent) -> Section | None:
    """Return lengths and endings of the primary track's answers, or None where there are none."""
    answers = [answer for session in content.on("primary") for answer in session.answers if answer.outcome == "ok"]
    if not answers:
        return None
    known = [answer for answer in answers if answer.finish_reason is not None]
    looks = [answer for answer in answers if answer.finish_reason is None]
    blocks: list[Block] = []
    rows: list[tuple[Cell, ...]] = []
    if known:
        blocks.append(_figure("known", known, _is_cut, "an end cut off (finish reason)"))
        rows += _rows("finish reason", known, _is_cut)
    if looks:
        blocks.append(_figure("looks", looks, _is_open, "an open end (last sign)"))
        rows += _rows("last sign", looks, _is_open)
    words = sorted(answer.words for answer in answers)
    lead = (
        f"{counted(len(answers), 'answer')} of the primary track, {words[len(words) // 2]} words in the middle, "
        f"{words[-1]} at most. Of {len(known) or 'none'} the finish reason is known."
    )
    return Section("lengths", "Answer length against truncation", lead, (*blocks, Table(_HEADS, tuple(rows), _NOTE)))


_HEADS = ("by", "words", "share cut or open (95 % interval)")
_NOTE = (
    "By finish reason: the engine said that it stopped at the limit or at the deadline. By last sign: the paper does "
    "not say how the answer ended, and it does not end with . ! ? or a quotation mark; that is a description, not a "
    "proof. Wilson's interval, n in answers."
)


def _is_cut(answer: MeasuredAnswer) -> bool:
    return answer.finish_reason in CUT


def _is_open(answer: MeasuredAnswer) -> bool:
    return not answer.stopped


def _inside(answers: Sequence[MeasuredAnswer], first: int, last: int) -> list[MeasuredAnswer]:
    return [answer for answer in answers if first <= answer.words <= last]


def _share(answers: Sequence[MeasuredAnswer], is_cut: Callable[[MeasuredAnswer], bool]) -> Estimate:
    return means.rate(sum(map(is_cut, answers)), len(answers))


def _name(first: int, last: int) -> str:
    if first == 0:
        return f"under {last + 1}"
    return f"{first} to {last}" if last < BINS[-1][1] else f"{first} or more"


def _figure(key: str, answers: Sequence[MeasuredAnswer], is_cut: Callable[[MeasuredAnswer], bool], up: str) -> Figure:
    shares = [_share(_inside(answers, *ends), is_cut) for ends in BINS]
    parts = [
        None if share.value is None or share.low is None or share.high is None else (share.value, share.low, share.high)
        for share in shares
    ]
    names = [f"{_name(*ends)}; n = {share.n}" for ends, share in zip(BINS, shares, strict=True)]
    picture = partial(plots.bars, f"lengths-{key}", f"{up}, by words", names, parts, up)
    return Figure(picture, f"Share of answers with {up}, by words in the answer.")


def _rows(
    by: str, answers: Sequence[MeasuredAnswer], is_cut: Callable[[MeasuredAnswer], bool]
) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = [
        (by, _name(*ends), NumberCell(_share(_inside(answers, *ends), is_cut), by)) for ends in BINS
    ]
    return [*rows, (by, "all", NumberCell(_share(answers, is_cut), by))]
