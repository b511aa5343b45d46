"""The first screen: whose sessions these are, since when, its own words, what is due, and what no number holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sage_edge.analysis.corpus import UNKNOWN
from sage_edge.analysis.report.blocks import Block, Paragraphs, Quotation, Section, joined
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.report.slots import Lane, lanes
from sage_edge.sizes import counted


def name(content: ReportContent) -> str:
    """Return the mind and where it lives: `SAGE on sprout`, or what is known of that."""
    counting = [session for session in content.sessions if session.counts]
    if not counting and content.host == UNKNOWN:
        return "Nobody yet"
    minds = joined(sorted({session.header.mind for session in counting})) or "no mind"
    where = "a host that no paper names" if content.host == UNKNOWN else content.host
    return f"{minds} on {where}" + (f" ({content.mind})" if content.mind else "")


def headline(content: ReportContent) -> str:
    """Return in one sentence who it is, since when, and how many sessions were kept and missed."""
    counting = [session for session in content.sessions if session.counts]
    if not counting:
        return f"There is no session in {content.source} yet."
    tracks = Counter(session.header.track or "other" for session in counting)
    kept = joined([f"{n} {track}" for track, n in sorted(tracks.items())])
    missed = sum(lane.missed for lane in lanes(content))
    since = _since(content)
    sessions = "session" if sum(tracks.values()) == 1 else "sessions"
    return f"{name(content)}{since}: {kept} {sessions} kept, {counted(missed, 'slot')} missed."


def section(content: ReportContent) -> Section | None:
    """Return the first screen, or None where nobody spoke yet."""
    if content.newest is None:
        return None
    newest = content.newest
    when = f" of {newest.started:%Y-%m-%d %H:%M} UTC" if newest.started else ""
    arm = f", in the arm “{newest.trial.arm}” of a trial" if newest.trial else ""
    what = f"{newest.label}{when}, under {newest.intervention}{arm}"
    words = f"In its own words: the first, the middle and the last answer of its newest session ({what})."
    blocks: list[Block] = [Paragraphs((words,))] if content.quotes else []
    for quote in content.quotes:
        blocks.append(Quotation(quote.question, quote.answer, f"{newest.label}, turn {quote.turn}", newest.seal))
    blocks.append(Paragraphs(tuple(_rest(content))))
    return Section("mind", "Who speaks here", headline(content), tuple(blocks))


def _rest(content: ReportContent) -> Iterator[str]:
    due = [_due(lane) for lane in lanes(content)]
    if due := [line for line in due if line]:
        yield f"Due next, if the slots go on as they did: {joined(due)}."
    yield left_out(content)
    yield f"All of this was read from {content.source}."
    if content.others:
        others = joined(content.others)
        yield f"Further minds have sessions there: {others}. Each has a report of its own (--host, --mind)."


def _since(content: ReportContent) -> str:
    begun = sorted(session.header.started for session in content.sessions if session.counts and session.header.started)
    return f", {begun[0]:%Y-%m-%d} to {begun[-1]:%Y-%m-%d}" if begun else ", at times that no paper tells"


def _due(lane: Lane) -> str:
    """When a kind is due again; nothing for what an older system or a person began, which has no slots to come."""
    slots = [held.slot for held in lane.held if held.slot is not None and held.header.due is not None]
    return f"{lane.name} {max(slots) + lane.every:%Y-%m-%d %H:%M} UTC" if slots else ""


def left_out(content: ReportContent) -> str:
    """Return in one sentence what no number of the report holds, and why."""
    reasons = Counter(_why(session) for session in content.sessions if not session.counts)
    parts = [f"{counted(n, 'paper')} ({why})" for why, n in sorted(reasons.items())]
    if content.refused:
        parts.append(f"{counted(len(content.refused), 'file')} that could not be believed")
    failed = sum(answer.outcome != "ok" for session in content.sessions if session.counts for answer in session.answers)
    if failed:
        parts.append(f"{counted(failed, 'question')} without an answer")
    return f"Left out of every number: {joined(parts)}." if parts else "No session is left out of the numbers."


def _why(session: Session) -> str:
    header = session.header
    if header.standing != "session":
        return header.standing
    return "no number" if header.number is None else "a number that another paper claims, too"
