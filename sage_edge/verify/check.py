"""The one framework of checks: what is asked, what is wanted, how an answer is judged, and what to do where it fails.

    Fact           a question about a subject, and where its answer lies
    Wants          what is wanted of an answer: judges one, and is read by people
    HostCheck      a fact, what is wanted of it, and the remedy: one value in a table
    CheckCase      a check of one thing on one subject, ready to be answered by whoever can
    CheckResult    what came of it

Two tables are made of these: `board_checks` (a board, seen from a workstation: `invoke verify`, by one probe or by
testinfra) and `machine_checks` (this machine, seen from within: `sage-edge doctor`). Adding a check is adding a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from sage_edge import hints
from sage_edge.errors import SageError
from sage_edge.hints import Hint

CheckVerdict = Literal["ok", "warn", "fail", "skipped"]
S_contra = TypeVar("S_contra", contravariant=True)
V = TypeVar("V")
V_contra = TypeVar("V_contra", contravariant=True)


@dataclass(frozen=True)
class CheckJudgement:
    """A verdict on one answer. answer: in words; remedy: a better one than that of the check, where it knows one."""

    verdict: CheckVerdict
    answer: str
    remedy: Hint = ""


class Wants(Protocol[V_contra]):
    """What is wanted of one answer; `str` of it is what people read."""

    def judge(self, value: V_contra, /) -> CheckJudgement: ...


@dataclass(frozen=True)
class By(Generic[V]):
    """Judged by a pure function. wanted: what it asks for, in words."""

    judge: Callable[[V], CheckJudgement]
    wanted: str = ""

    def __str__(self) -> str:
        return self.wanted


@dataclass(frozen=True)
class Fact(Generic[S_contra, V]):
    """A question about a subject. kind: its name; `test_<kind>` in tests/fleet asks a board the same in its own way.

    answer: subject and thing → the answer; None: only tests/fleet can ask, because it reaches other machines.
    """

    kind: str
    answer: Callable[[S_contra, str], V] | None = None


@dataclass(frozen=True)
class CheckedThing(Generic[V]):
    """What is wanted of one thing. of: what the fact is asked about; name: as people read it, else `of`."""

    wants: Wants[V]
    of: str = ""
    name: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What came of one check. remedy: what to do, empty where it holds."""

    check: str
    verdict: CheckVerdict
    wanted: str
    answer: str
    remedy: Hint = ""

    @property
    def holds(self) -> bool:
        return self.verdict != "fail"


@dataclass(frozen=True)
class CheckCase(Generic[S_contra, V]):
    """A check of one thing on one subject. name: unique for a subject; of: what the fact is asked about."""

    name: str
    fact: Fact[S_contra, V]
    of: str
    wants: Wants[V]
    remedy: Hint

    def judge(self, value: V) -> CheckResult:
        """Hold an answer against what is wanted."""
        judgement = self.wants.judge(value)
        remedy = judgement.remedy or (self.remedy if judgement.verdict in ("warn", "fail") else "")
        return CheckResult(self.name, judgement.verdict, str(self.wants), judgement.answer, remedy)

    def unasked(self, why: str, remedy: Hint = "") -> CheckResult:
        """Return the result where nobody could find out: not knowing is not holding. remedy: a better one."""
        return CheckResult(self.name, "fail", str(self.wants), f"nothing: {why}", remedy or self.remedy)


@dataclass(frozen=True)
class HostCheck(Generic[S_contra, V]):
    """Something that must be true of a subject: a value in a table.

    name: as people read it; {} stands for the thing's name, where there are several things.
    wanted: subject → what is wanted of each thing, nothing where the check is not for this subject (see `once`).
    remedy: what to do where it does not hold; in its commands, HOST stands for the host, REF for the thing.
    """

    name: str
    fact: Fact[S_contra, V]
    wanted: Callable[[S_contra], Iterable[CheckedThing[V]]]
    remedy: Hint = ""

    def cases(self, subject: S_contra, host: str = "") -> Iterator[CheckCase[S_contra, V]]:
        """Yield what to ask of a subject, thing by thing. host: its name."""
        for thing in self.wanted(subject):
            remedy = hints.filled(hints.filled(self.remedy, "HOST", host or "HOST"), "REF", thing.of or "REF")
            yield CheckCase(self.name.format(thing.name or thing.of), self.fact, thing.of, thing.wants, remedy)


def always(wants: Wants[V]) -> Callable[[object], tuple[CheckedThing[V], ...]]:
    """Return the `wanted` of a check of one thing, of which every subject is asked the same."""
    return lambda _: (CheckedThing(wants),)


def once(wanted: Callable[[S_contra], Wants[V] | None]) -> Callable[[S_contra], Iterator[CheckedThing[V]]]:
    """Return the `wanted` of a check of one thing; None: the check is not for this subject."""

    def things(subject: S_contra) -> Iterator[CheckedThing[V]]:
        if (wants := wanted(subject)) is not None:
            yield CheckedThing(wants)

    return things


def examine(
    checks: Sequence[HostCheck[S_contra, Any]],
    subject: S_contra,
    host: str = "",
    unanswered: Callable[[CheckCase[S_contra, Any]], CheckResult | None] = lambda _: None,
) -> Iterator[CheckResult]:
    """Yield what comes of each check that the subject itself answers; one that breaks is a result, and stops no other.

    host: its name, for remedies.
    unanswered: what to say instead where the answer is None and does not hold; None: what the check itself says.
    """
    for check in checks:
        try:
            for case in check.cases(subject, host):
                if case.fact.answer is not None:
                    value = case.fact.answer(subject, case.of)
                    result = case.judge(value)
                    yield (unanswered(case) or result) if value is None and not result.holds else result
        except SageError as refusal:
            yield CheckResult(check.name, "fail", "", "; ".join(refusal.message.splitlines()), refusal.hint)
        except Exception as broken:  # a check that breaks must not hide what the others say
            words = f"the check broke: {type(broken).__name__}: {broken}"[:300]
            yield CheckResult(check.name, "fail", "", words, "report it")


def as_document(result: CheckResult) -> dict[str, object]:
    """Return a result as JSON keeps it between two processes of ours; `from_document` reads it."""
    return {**vars(result), "remedy": hints.plain(result.remedy)}


def from_document(document: Mapping[str, Any]) -> CheckResult:
    """Return the result that `as_document` wrote."""
    return CheckResult(**{**document, "remedy": hints.from_plain(document["remedy"])})
