from __future__ import annotations

import re
from pathlib import Path

import pytest

from sage_edge.errors import UsageError
from tests.tools.findings.studies import study
from tests.tools.findings.test_results import PLAIN, TOLD, claim, hits
from tools.findings import data, page
from tools.findings.results import results
from tools.findings.study import NUMBERS, PAGE, PageStale, check, page_of


def rendered(reply: str) -> str:
    numbers = study({PLAIN: {"naming": hits(*[1, 2] * 6)}, TOLD: {"naming": hits(*[6, 7] * 6)}}, reply)
    return page.render(numbers, results(numbers, claim()), claim())


def test_numbers_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    numbers = study({PLAIN: {"naming": hits(*[1, 2] * 6)}}, 'I am "Säge"\n\\ …')
    data.write(numbers, tmp_path / NUMBERS)
    assert data.read(tmp_path / NUMBERS) == numbers
    lines = (tmp_path / NUMBERS).read_text("utf-8").splitlines()
    assert sum('"session": "P0' in line and '"marks"' in line for line in lines) == 4 * 12, "a line for each session"
    assert data.text(data.read(tmp_path / NUMBERS)) == data.text(numbers)


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"format": 2}', b"\xff"])
def test_what_is_no_study_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / NUMBERS).write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        data.read(tmp_path / NUMBERS)


@pytest.mark.slow
def test_the_page_says_what_was_seen() -> None:
    text = rendered("I do not know.")
    assert "naming rises: +0.71 (all the same)" in text
    assert "| plain: observe → identity-anchored | naming | +0.71 (all the same) |" in text
    assert "| plain, observe | 1 2 1 2 1 2 1 2 1 2 1 2 | 0% |" in text, "how often each session names the mind"
    assert "48 sessions" in text


@pytest.mark.slow
def test_words_of_a_mind_are_no_markup() -> None:
    text = rendered("# I win\n| a | b |\n<script>x</script> [me](http://x.test) `code` \x1b[31m @you ```")
    (line,) = {row for row in text.splitlines() if "I win" in row and row.startswith("* *plain, observe*")}
    assert "\x1b" not in text
    for live in (r"(?<!\\)<script", r"(?<!\\)\[me", r"http://", r"(?<!\\)\| a", r"(?<!\\)`code"):
        assert not re.search(live, line)


@pytest.mark.slow
def test_nothing_of_this_machine_stands_in_it() -> None:
    text = rendered("I do not know.")
    assert not re.search(r"(^|\s)/(work|home|tmp|root|srv)\b", text)
    assert not re.search(r"\d\d:\d\d:\d\d|\dT\d\d:", text), "no time of day"


@pytest.mark.slow
def test_a_page_that_says_something_else_is_stale(tmp_path: Path) -> None:
    numbers = study({PLAIN: {"naming": hits(*[1, 2] * 6)}})
    data.write(numbers, tmp_path / NUMBERS)
    with pytest.raises(PageStale, match=NUMBERS):
        check(tmp_path)
    (tmp_path / PAGE).write_text(page_of(numbers), "utf-8")
    check(tmp_path)
    (tmp_path / PAGE).write_text(page_of(numbers).replace("cannot tell", "no effect", 1), "utf-8")
    with pytest.raises(PageStale):
        check(tmp_path)
