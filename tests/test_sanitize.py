"""Foreign text stays text, in a line of its own and in Markdown."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sage_edge.sanitize import LONGEST, markdown, one_line, page, terminal
from tests.analysis.report.contents import HOSTILE

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TRICKY = st.text(st.sampled_from("ab1 \t\n\\`*_[]<>|&~$#+-=.!()@:\"'/\x1b\u202e\u200b\u00a0é漢"), max_size=30)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_one_printable_line(text: str) -> None:
    line = page(text)
    assert line.isprintable()
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_what_cannot_be_seen_is_shown_as_its_code() -> None:
    assert page("\x1b[31mred\u202e\u200b\n") == "\\x1b[31mred\\u202e\\u200b\\n"
    assert page("n\u00a0=\u00a03, 漢字 é") == "n\u00a0=\u00a03, 漢字 é"


@given(st.text(max_size=40))
def test_nothing_reaches_a_terminal_that_it_may_obey(text: str) -> None:
    shown = terminal(text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") for sign in shown)
    assert one_line(text).isprintable()


def test_a_terminal_shows_words_and_no_commands() -> None:
    assert terminal("\x1b[31mred\u202e\u200b\nnext") == "[31mred next"


def test_a_long_text_is_cut() -> None:
    assert page("x" * 10_000) == "x" * (LONGEST - 1) + "…"


@given(st.one_of(TRICKY, st.text(max_size=40)))
def test_nothing_is_markup_to_a_reader_of_markdown(text: str) -> None:
    shown = html.escape(page(text), quote=True).replace("&#x27;", "'").replace("@", "@\u200b")
    rendered = READER.render(f"x {markdown(text)} x").replace("@\u200b", "@").replace("@", "@\u200b")
    assert rendered == f"<p>x {shown} x</p>\n"


@given(st.one_of(TRICKY, st.text(max_size=40)))
def test_nothing_opens_a_block(text: str) -> None:
    assert READER.render(markdown(text)).count("<") in (0, 2)


@given(TRICKY)
def test_nothing_leaves_a_cell_of_a_table(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| x{markdown(text)} | y |\n"
    assert READER.render(table).count("<td>") == 2


def test_addresses_and_mentions_are_no_links() -> None:
    text = markdown("http://x.example www.x.example a@x.example @somebody mailto:a")
    assert "http:" not in text
    assert "www." not in text
    assert "@" not in text


def test_ordinary_words_stay_readable_in_the_file() -> None:
    assert markdown("0.53 (0.41 to 0.66), n = 10; raising/1 d5-disjoint") == (
        "0.53 (0.41 to 0.66), n = 10; raising/1 d5-disjoint"
    )
