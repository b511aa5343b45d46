"""What came of verifying hosts: a table for people, a document, or a JUnit report for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

import click

from sage_edge import files, hints
from sage_edge.cli import render
from sage_edge.cli.environment import tell
from sage_edge.deploy.fleet_runner import Result
from sage_edge.names import HostName
from sage_edge.verify.rulings import Ruling


@dataclass(frozen=True)
class Report:
    """What came of one host, check by check."""

    host: HostName
    rulings: tuple[Ruling, ...]

    @property
    def failed(self) -> tuple[Ruling, ...]:
        return tuple(one for one in self.rulings if not one.holds)


def show(results: Sequence[Result[Report]]) -> None:
    """Print a table for each host, then what to do. Raises the error of a host that was the only one."""
    for one in results:
        if one.value is not None:
            _table(one.value)
        elif one.error is not None:
            if len(results) == 1:
                raise one.error
            click.echo(f"{one.host}  {click.style('failed', fg='red')}: {render.inert(one.error.message)}")
            click.echo(f"  next: {render.inert(hints.text(one.error.hint))}")


def _table(report: Report) -> None:
    rows = [("ok" if one.holds else "FAIL", one.check, one.expected, one.found) for one in report.rulings]
    render.table((report.host, "check", "expected", "found"), rows)
    by_remedy: dict[str, list[str]] = {}
    for one in report.failed:
        by_remedy.setdefault(one.remedy, []).append(one.check)
    for remedy, checks in by_remedy.items():
        click.echo(f"  next: {render.inert(remedy)}  ({render.inert(', '.join(checks))})")
    tell(f"{report.host}: {len(rows) - len(report.failed)} of {len(rows)} checks hold")


def document(results: Sequence[Result[Report]]) -> list[dict[str, object]]:
    """Return what one JSON document says of every host."""
    return [_entry(one) for one in results]


def _entry(one: Result[Report]) -> dict[str, object]:
    if one.value is not None:
        checks = [asdict(ruling) for ruling in one.value.rulings]
        return {"host": one.host, "ok": not one.value.failed, "checks": checks}
    error = one.error
    told = {"error": error.message, "hint": hints.text(error.hint), "code": error.code} if error else {}
    return {"host": one.host, "ok": False, **told}


def write_junit(path: Path, results: Sequence[Result[Report]]) -> None:
    """Write a JUnit report: a suite for each host, a case for each check; an unreached host is one error."""
    root = ElementTree.Element("testsuites", name="verify")
    for one in results:
        rulings = one.value.rulings if one.value else ()
        failed = one.value.failed if one.value else ()
        counts = {"tests": len(rulings) or 1, "failures": len(failed), "errors": int(one.error is not None)}
        told = {"name": str(one.host), **{key: str(count) for key, count in counts.items()}}
        suite = ElementTree.SubElement(root, "testsuite", told)
        for ruling in rulings:
            case = ElementTree.SubElement(suite, "testcase", classname=str(one.host), name=ruling.check)
            if not ruling.holds:
                said = f"expected {ruling.expected}, found {ruling.found}"
                ElementTree.SubElement(case, "failure", message=render.inert(said)).text = f"next: {ruling.remedy}"
        if one.error is not None:
            case = ElementTree.SubElement(suite, "testcase", classname=str(one.host), name="reach")
            ElementTree.SubElement(case, "error", message=render.inert(one.error.message)).text = hints.text(
                one.error.hint
            )
    files.write_atomic(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
