"""`invoke verify` as a person types it: which words go together, what is printed, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sage_edge import hints, shell
from sage_edge.deploy.fleet_runner import HostResult
from sage_edge.errors import Unreachable, UsageError
from sage_edge.hints import Surroundings
from sage_edge.inventory import load
from sage_edge.names import HostName
from sage_edge.verify import check
from sage_edge.verify.check import CheckResult
from sage_edge.workstation import report, verify_service
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.errors import NotDeclared, NotExamined, NotReached, NotTrusted
from sage_edge.workstation.report import Report
from sage_edge.workstation.verify_service import VerifyAsked

ROOT = Path(__file__).parents[2]
SPROUT, THOR = HostName("sprout"), HostName("thor")
DEPLOY = hints.invoke("deploy", host="sprout")
GOOD = CheckResult("agent", "ok", "running", "running")
BAD = CheckResult("image", "fail", "111111111111", "2\x1b[31m2", DEPLOY)
WORSE = CheckResult("model", "fail", "333333333333", "nothing", DEPLOY)
SILENT = Unreachable("thor does not answer", hint="is it on?")


@pytest.fixture
def desk() -> FleetContext:
    return FleetContext(ROOT, load.load(ROOT / "fleet"))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say what comes of a host, in place of asking it: results, or an error."""

    def say(**hosts: tuple[CheckResult, ...] | Exception) -> None:
        def examine(here: FleetContext, name: HostName, *words: str) -> Report:
            told = hosts[name]
            if isinstance(told, Exception):
                raise told
            return Report(name, told)

        monkeypatch.setattr(verify_service, "quick", examine)
        monkeypatch.setattr(verify_service, "full", examine)

    return say


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(("rulings", "code"), [((GOOD,), 0), ((GOOD, BAD), 8)])
def test_it_ends_with_8_where_something_is_not_so(
    desk: FleetContext, answers: Callable[..., None], rulings: tuple[CheckResult, ...], code: int, quick: bool
) -> None:
    answers(sprout=rulings)
    assert verify_service.verified(desk, [SPROUT], VerifyAsked(quick)) == code


def test_the_table_says_what_was_expected_and_what_to_do(
    desk: FleetContext, answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(sprout=(GOOD, BAD, WORSE))
    verify_service.verified(desk, [SPROUT], VerifyAsked())
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "sprout  check  expected      found",
        "ok      agent  running       running",
        "FAIL    image  111111111111  2[31m2",
        "FAIL    model  333333333333  nothing",
        " next: invoke deploy --host sprout  (image, model)",
    ]
    assert told.err.splitlines()[-1] == "sprout: 1 of 3 checks hold"


def test_a_host_that_does_not_answer_stops_no_other(
    desk: FleetContext, answers: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    answers(sprout=(GOOD, BAD), thor=SILENT)
    assert verify_service.verified(desk, [THOR, SPROUT], VerifyAsked(junit=tmp_path / "j.xml")) == 8, (
        "worse than silence"
    )
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["thor         failed: thor does not answer", "               next: is it on?"]
    assert "ok      agent  running       running" in out
    thor, sprout = ElementTree.parse(tmp_path / "j.xml").getroot()  # noqa: S314 - we wrote it
    assert (thor.get("errors"), thor.get("failures"), sprout.get("failures"), sprout.get("tests")) == (
        "1",
        "0",
        "1",
        "2",
    )
    failure = sprout.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "expected 111111111111, found 2[31m2"
    assert failure.text == "next: invoke deploy --host sprout"


def test_a_host_that_is_alone_and_silent_is_the_error(desk: FleetContext, answers: Callable[..., None]) -> None:
    answers(thor=SILENT)
    with pytest.raises(Unreachable):
        verify_service.verified(desk, [THOR], VerifyAsked())


def test_json_is_one_document(
    desk: FleetContext, answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(sprout=(GOOD, BAD), thor=SILENT)
    verify_service.verified(desk, [SPROUT, THOR], VerifyAsked(as_json=True))
    told = json.loads(capsys.readouterr().out)
    good = {"check": "agent", "expected": "running", "found": "running", "holds": True, "remedy": ""}
    bad = {
        "check": "image",
        "expected": "111111111111",
        "found": "2\x1b[31m2",
        "holds": False,
        "remedy": "invoke deploy --host sprout",
    }
    assert told["schema"] == "sage-edge/verify/1"
    assert told["content"] == [
        {"host": "sprout", "ok": False, "checks": [good, bad]},
        {"host": "thor", "ok": False, "error": "thor does not answer", "hint": "is it on?", "code": 4},
    ]


@pytest.mark.parametrize(
    "asked",
    [VerifyAsked(True, "local://"), VerifyAsked(via="paramiko://x"), VerifyAsked(via="sprout")],
    ids=["quick", "other", "bare"],
)
def test_a_way_that_does_not_fit_is_refused(desk: FleetContext, asked: VerifyAsked) -> None:
    with pytest.raises(UsageError, match="--via wants one host"):
        verify_service.verified(desk, [SPROUT], asked)


def test_one_way_leads_to_one_host(desk: FleetContext) -> None:
    with pytest.raises(UsageError, match="--via wants one host"):
        verify_service.verified(desk, [SPROUT, THOR], VerifyAsked(via="local://"))


@pytest.fixture
def pytest_leaves(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], list[shell.Command]]:
    """Say what the pytest that asks a host leaves behind; returns the commands that would have started it."""

    def leaves(document: object) -> list[shell.Command]:
        started: list[shell.Command] = []

        def attempt(command: shell.Command) -> shell.Result:
            started.append(command)
            if document is not None:
                place = command.words[command.words.index("--results") + 1]
                Path(place).write_text(json.dumps(document), "utf-8")
            return shell.Result(4, b"usage: pytest", b"no such option")

        monkeypatch.setattr(shell, "attempt", attempt)
        return started

    return leaves


def test_the_full_one_is_a_pytest_of_its_own(
    desk: FleetContext, pytest_leaves: Callable[[object], list[shell.Command]]
) -> None:
    started = pytest_leaves({"results": [check.as_document(GOOD), check.as_document(BAD)]})
    assert verify_service.full(desk, SPROUT, "docker://sage@box") == Report(SPROUT, (GOOD, BAD))
    (command,) = started
    assert command.words[-8:-2] == ("--board", "sprout", "--overlay", "", "--results", command.words[-3])
    assert command.words[-2:] == ("--via", "docker://sage@box")
    assert command.env["SAGE_FLEET"] == str(ROOT / "fleet")
    assert command.cwd == ROOT


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (2, NotDeclared),
        (3, NotTrusted),
        (4, NotReached),
        (1, NotExamined),
    ],
)
def test_what_kept_it_from_asking_keeps_its_code(
    desk: FleetContext,
    pytest_leaves: Callable[[object], list[shell.Command]],
    code: int,
    kind: type[NotExamined],
) -> None:
    pytest_leaves({"error": {"message": "no", "hint": ["yes"], "code": code}})
    with pytest.raises(NotExamined) as told:
        verify_service.full(desk, SPROUT)
    assert (type(told.value), told.value.code, told.value.message, told.value.hint) == (kind, code, "no", "yes")


def test_a_pytest_that_breaks_is_told_with_its_last_lines(
    desk: FleetContext, pytest_leaves: Callable[[object], list[shell.Command]]
) -> None:
    pytest_leaves(None)
    with pytest.raises(NotExamined, match="no such option") as told:
        verify_service.full(desk, SPROUT)
    assert told.value.hint == (hints.invoke("verify", host="sprout", quick=True), " needs no pytest")


def test_without_a_checkout_there_is_the_quick_one(desk: FleetContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_service, "MODULES", Path("tests/nowhere"))
    with pytest.raises(UsageError, match="part of a checkout"):
        verify_service.full(desk, SPROUT)


def test_nothing_at_all_is_no_report(tmp_path: Path) -> None:
    report.write_junit(tmp_path / "j.xml", [HostResult(SPROUT, Report(SPROUT, (GOOD,)), None)], Surroundings())
    (suite,) = ElementTree.parse(tmp_path / "j.xml").getroot()  # noqa: S314 - we wrote it
    assert [suite.get(key) for key in ("name", "tests", "failures", "errors")] == ["sprout", "1", "0", "0"]
