"""`sage-edge report` as a person calls it: files written, one line said, and refusals with their next step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from sage_edge.engines import Settings
from sage_edge.engines.errors import EngineError
from sage_edge.engines.scripted import Scripted
from tests import corpora

FLEET = Path(__file__).parents[2] / "fleet"


@pytest.fixture(autouse=True)
def fleet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAGE_FLEET", str(FLEET))
    monkeypatch.setenv("SAGE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def ask(*words: object) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, words)])


def few(folder: Path) -> Path:
    """A corpus with one primary session."""
    corpora.write(folder, corpora.session("primary", 1))
    return folder


@pytest.mark.parametrize("other", ["made/../report", "link"])
def test_two_pages_in_one_file_are_refused(tmp_path: Path, other: str) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "link").symlink_to("report")
    answer = ask("--corpus", tmp_path, "--out", tmp_path / "report", "--markdown", tmp_path / other)
    assert answer.exit_code == 2
    assert answer.stderr.splitlines() == [
        f"error: {tmp_path / 'report'} and {tmp_path / other} are one file: one page would be lost",
        " next: sage-edge report --corpus DIR --out report.html --markdown report.md",
    ]
    assert not (tmp_path / "report").exists()


@pytest.mark.slow
def test_it_writes_a_page_and_the_same_markdown_each_time_and_says_what_holds(tmp_path: Path) -> None:
    corpora.write_all(tmp_path / "corpus", 9)
    out, notes = tmp_path / "made" / "report.html", tmp_path / "report.md"
    answer = ask("--corpus", tmp_path / "corpus", "--out", out, "--markdown", notes)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith("Sage on sprout, 2026-11-20 to 2026-11-21: 6 primary and 3 training sessions kept")
    assert answer.stdout.count("\n") == 1
    assert f"{out} is written" in answer.stderr
    page, text = out.read_text("utf-8"), notes.read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<h1>Sage on sprout</h1>" in page
    assert str(tmp_path) not in page + text
    again = tmp_path / "again.md"
    assert ask("--corpus", tmp_path / "corpus", "--markdown", again).exit_code == 0
    assert again.read_bytes() == notes.read_bytes()
    for words in (
        "6 primary and 3 training sessions",
        "read from the folder corpus",
        "The claims, re-tested",
        "Worklist",
    ):
        assert words in page
        assert words in text
    assert "NaN" not in page
    assert ">nan" not in page


def test_an_empty_corpus_and_one_session_make_a_report(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for corpus in (tmp_path / "empty", few(tmp_path / "one")):
        out = tmp_path / f"{corpus.name}.md"
        answer = ask("--corpus", corpus, "--markdown", out)
        assert answer.exit_code == 0, answer.output
        text = out.read_text("utf-8")
        assert ("cannot tell" in text) == (corpus.name == "one"), "no papers, no verdict"
        assert ("The claims, re-tested" in text) == (corpus.name == "one")


def test_what_was_claimed_about_another_mind_is_not_judged_on_this_one(tmp_path: Path) -> None:
    out = tmp_path / "out.md"
    assert ask("--corpus", few(tmp_path / "some"), "--markdown", out).exit_code == 0
    table, _, elsewhere = out.read_text("utf-8").partition("not about these papers, so not tested")
    assert "Identity collapsed in sessions 18 and 19" in elsewhere
    assert "Identity collapsed in sessions 18 and 19" not in table
    assert "Trust (D5) and identity (D9) move together" in table


def test_an_exchange_is_read_from_its_branches(tmp_path: Path) -> None:
    tree = tmp_path / "hub"
    corpora.write_all(tree, 2)
    for words in (["init", "-q", "-b", "host/sprout"], ["add", "."], ["commit", "-q", "-m", "papers"]):
        subprocess.run(
            ["git", "-C", tree, "-c", "user.name=t", "-c", "user.email=t@t", *words], check=True, capture_output=True
        )
    answer = ask("--exchange", tree, "--markdown", tmp_path / "out.md")
    assert answer.exit_code == 0, answer.output
    text = (tmp_path / "out.md").read_text("utf-8")
    assert text.splitlines()[1] == "# Sage on sprout"
    assert "was read from the exchange hub." in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--corpus", "."], "nowhere to write to"),
        (["--out", "x.html"], "neither a folder nor an exchange is named"),
        (["--corpus", ".", "--exchange", ".", "--out", "x.html"], "both a folder and an exchange are named"),
        (["--corpus", "nowhere", "--out", "x.html"], "nowhere does not exist"),
        (["--exchange", "fleet", "--out", "x.html"], "fleet is no git repository"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_next_step(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FLEET.parent)
    answer = ask(*words)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"error: {message}")
    assert "\n next: " in answer.stderr
    assert not Path("x.html").exists()


def test_a_host_without_sessions_is_refused(tmp_path: Path) -> None:
    answer = ask("--corpus", few(tmp_path / "corpus"), "--host", "thor", "--out", tmp_path / "x.html")
    assert answer.exit_code == 2
    assert "thor has no session here" in answer.stderr


def test_a_machine_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    absent = (
        "import sys; sys.modules['matplotlib'] = None; from sage_edge.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = [sys.executable, "-c", absent, "report", "--corpus", str(tmp_path), "--out", str(tmp_path / "x.html")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: a report needs matplotlib, which is not installed")
    assert "pip install 'sage-edge[analysis]'" in done.stderr


def test_a_model_that_fails_leaves_a_report_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(kind: str, settings: Settings) -> Scripted:
        assert (kind, settings.context_tokens > 0) == ("llamacpp", True)
        return Scripted(EngineError("it broke", hint=""))

    monkeypatch.setattr("sage_edge.engines.open_engine", broken)
    out = tmp_path / "out.md"
    answer = ask("--corpus", few(tmp_path / "corpus"), "--markdown", out, "--narrative", "sage/seedling:q8_0")
    assert answer.exit_code == 0, answer.output
    text = out.read_text("utf-8")
    assert "Written by the model sage/seedling:q8\\_0 (sha256:" in text
    assert "the model failed: it broke" in text


def test_the_help_fits_a_terminal() -> None:
    answer = CliRunner(env={"COLUMNS": "80"}).invoke(main, ["report", "--help"])
    assert answer.exit_code == 0
    assert max(map(len, answer.stdout.splitlines())) <= 80
    assert "--markdown FILE" in answer.stdout


@pytest.mark.slow
def test_a_folder_of_pages_is_written_and_named(tmp_path: Path) -> None:
    corpora.write_all(tmp_path / "corpus", 2)
    answer = ask("--corpus", tmp_path / "corpus", "--site", tmp_path / "site")
    assert answer.exit_code == 0, answer.output
    assert f"{tmp_path / 'site'} is written, 4 pages: open" in answer.stderr
    assert (tmp_path / "site" / "index.html").is_file()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine").touch()
    refused = ask("--corpus", tmp_path / "corpus", "--site", tmp_path / "other")
    assert refused.exit_code == 2
    assert "holds something that is no report" in refused.stderr
