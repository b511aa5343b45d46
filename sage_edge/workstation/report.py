"""What came of verifying hosts: a table for people, a document, or a JUnit report for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import click

from sage_edge import files, hints, sanitize
from sage_edge.cli import render
from sage_edge.cli.environment import log
from sage_edge.deploy.fleet_runner import HostResult
from sage_edge.hints import Surroundings
from sage_edge.names import HostName
from sage_edge.sizes import counted
from sage_edge.verify.check import CheckResult, CheckVerdict
from sage_edge.workstation.context import failure


@dataclass(frozen=True)
class Report:
    """What came of one host, check by check."""

    host: HostName
    results: tuple[CheckResult, ...]

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if not result.holds)


def show(outcomes: Sequence[HostResult[Report]], where: Surroundings) -> None:
    """Print a table for each host, then what to do. Raises the error of a host that was the only one."""
    for outcome in outcomes:
        if outcome.value is not None:
            _table(outcome.value, where)
        elif outcome.error is not None:
            if len(outcomes) == 1:
                raise outcome.error
            render.failed(outcome.host, outcome.error, where)


_MARKS: Mapping[CheckVerdict, str] = {"ok": "ok", "skipped": "ok", "warn": "note", "fail": "FAIL"}


def _table(report: Report, where: Surroundings) -> None:
    rows = [(_MARKS[result.verdict], result.check, result.wanted, result.answer) for result in report.results]
    render.table((report.host, "check", "expected", "found"), rows)
    by_remedy: dict[str, list[str]] = {}
    for result in filter(lambda result: result.remedy, report.results):
        by_remedy.setdefault(hints.text(result.remedy, where), []).append(result.check)
    for remedy, checks in by_remedy.items():
        click.echo(f" next: {sanitize.terminal(remedy)}  ({sanitize.terminal(', '.join(checks))})")
    log(f"{report.host}: {len(rows) - len(report.failed)} of {counted(len(rows), 'check')} hold")


def document(outcomes: Sequence[HostResult[Report]], where: Surroundings) -> list[dict[str, object]]:
    """Return what one JSON document says of every host."""
    return [_entry(outcome, where) for outcome in outcomes]


def _entry(outcome: HostResult[Report], where: Surroundings) -> dict[str, object]:
    if (report := outcome.value) is not None:
        checks = [_check(result, where) for result in report.results]
        return {"host": outcome.host, "ok": not report.failed, "checks": checks}
    return failure(outcome, where)


def _check(result: CheckResult, where: Surroundings) -> dict[str, object]:
    return {
        "check": result.check,
        "expected": result.wanted,
        "found": result.answer,
        "holds": result.holds,
        "remedy": hints.text(result.remedy, where),
    }


def write_junit(path: Path, outcomes: Sequence[HostResult[Report]], where: Surroundings) -> None:
    """Write a JUnit report: a suite for each host, a case for each check; an unreached host is one error."""
    root = ElementTree.Element("testsuites", name="verify")
    for outcome in outcomes:
        _suite(root, outcome, where)
    files.write_atomic(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _suite(root: ElementTree.Element, outcome: HostResult[Report], where: Surroundings) -> None:
    host, error = str(outcome.host), outcome.error
    results = outcome.value.results if outcome.value else ()
    failures = sum(not result.holds for result in results)
    counts = {"tests": len(results) or 1, "failures": failures, "errors": int(error is not None)}
    suite = ElementTree.SubElement(
        root, "testsuite", {"name": host, **{key: str(count) for key, count in counts.items()}}
    )
    for result in results:
        case = ElementTree.SubElement(suite, "testcase", classname=host, name=result.check)
        if not result.holds:
            message = sanitize.terminal(f"expected {result.wanted}, found {result.answer}")
            ElementTree.SubElement(case, "failure", message=message).text = f"next: {hints.text(result.remedy, where)}"
    if error is not None:
        case = ElementTree.SubElement(suite, "testcase", classname=host, name="reach")
        ElementTree.SubElement(case, "error", message=sanitize.terminal(error.message)).text = hints.text(
            error.hint, where
        )
