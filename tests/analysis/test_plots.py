"""Pictures: one element each, the same bytes each time, and nothing of a text is markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from sage_edge.analysis import plots
from tests.analysis.report.contents import HOSTILE

EVIL = " ".join(HOSTILE)


def drawn(key: str, text: str) -> list[str]:
    """Every kind of picture, with a text of others wherever one may stand."""
    curve = plots.Curve(text, [1, 2, 4], [0.1, 0.5, 1.0], [0.0, None, 0.9], [0.3, None, 1.0])
    cloud = plots.Cloud(text, [0.1, 0.1, 0.7], [0.2, 0.2, 0.3], text)
    row = plots.DotRow(text, [(0.5, 0.2, 0.8), None])
    spans = [plots.Span(1, 2, text), plots.Span(3, 4, "b")]
    return [
        plots.trajectory(key, text, [curve, curve], spans, [2, 4], "primary"),
        plots.scatter(key, text, [cloud, cloud], text, text),
        plots.histogram(key, text, [0.1, 0.7, 0.7], text, [0.3]),
        plots.dots(key, text, [text, "b"], [row, plots.DotRow("b", [None, None])]),
        plots.bars(key, text, [f"{text}; n = 1", "b"], [(0.5, 0.1, 0.9), None], text),
        plots.gaps(key, text, ["primary", text], [[(1, 6.0), (2, 600.0)], []], 6.0),
    ]


@pytest.fixture(scope="module")
def evil() -> list[str]:
    return drawn("evil", EVIL)


def test_each_is_one_element_and_whole(evil: list[str]) -> None:
    for svg in evil:
        root = ElementTree.fromstring(svg.replace("xlink:href", "href"))  # noqa: S314 - we drew it
        assert root.tag == "svg"
        assert root.get("viewBox")
        assert root.get("aria-label") == plots.plain(EVIL, 200)


def test_nothing_in_it_can_run_or_reach_out(evil: list[str]) -> None:
    for svg in evil:
        without_label = re.sub(r' aria-label="[^"]*"', "", svg)
        tags = set(re.findall(r"<([a-zA-Z]+)", without_label))
        assert tags <= {"svg", "g", "path", "use", "text", "tspan", "defs", "clipPath", "rect"}
        assert not re.search(r"\son\w+=", without_label)
        assert all(link.startswith("#evil-") for link in re.findall(r'href="([^"]*)"', without_label))
        assert "http" not in re.sub(r">[^<]*<", "><", without_label)
        assert "<style" not in svg


def test_the_same_input_gives_the_same_bytes_and_keys_keep_ids_apart() -> None:
    one, again, other = drawn("a", "x"), drawn("a", "x"), drawn("b", "x")
    assert one == again
    for left, right in zip(one, other, strict=True):
        ids = set(re.findall(r' id="([^"]*)"', left))
        assert ids
        assert all(name.startswith("a-") for name in ids)
        assert ids.isdisjoint(re.findall(r' id="([^"]*)"', right))
        used = set(re.findall(r'(?:url\(|href=")#([^")]*)', left))
        assert used == ids


def test_colours_are_the_pages(evil: list[str]) -> None:
    for svg in evil:
        for colour in re.findall(r"#[0-9a-f]{6}\b", svg):
            assert f", {colour})" in svg, f"{colour} cannot be redefined"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.trajectory("e", "e", [plots.Curve("c", [], [])]),
        lambda: plots.trajectory("e", "e", [plots.Curve("c", [7], [0.5], [None], [None])]),
        lambda: plots.scatter("e", "e", [plots.Cloud("c", [], [])], "x", "y"),
        lambda: plots.scatter("e", "e", [plots.Cloud("c", [0.5], [0.5])], "x", "y"),
        lambda: plots.histogram("e", "e", [], "x"),
        lambda: plots.dots("e", "e", ["a"], []),
        lambda: plots.bars("e", "e", [], [], "y"),
        lambda: plots.gaps("e", "e", ["a"], [[]], 6.0),
    ],
)
def test_little_or_nothing_can_be_drawn(draw: Callable[[], str]) -> None:
    svg = draw()
    assert svg.startswith("<svg ")
    assert "nan" not in svg.lower()


def test_values_that_are_equal_but_for_rounding_fall_into_one_bin() -> None:
    nearly = [0.7, 0.1 + 0.6, 2.1 / 3, 0.7 - 1e-16]
    bars = re.findall(r"<path[^>]*clip-path", plots.histogram("h", "h", nearly, "x"))
    alone = re.findall(r"<path[^>]*clip-path", plots.histogram("h", "h", [0.7] * 4, "x"))
    assert plots.histogram("h", "h", nearly, "x") == plots.histogram("h", "h", [0.7] * 4, "x")
    assert len(bars) == len(alone)


def test_text_is_made_plain() -> None:
    assert plots.plain("漢 $x$ \x1b[0m\n") == "? $x$ ?[0m?"
    assert plots.plain("a" * 50, 10) == "a" * 9 + "…"


def test_what_is_written_in_a_picture_stays_as_it_was_written() -> None:
    words = 'id="x" url(#y) 0.123456 #0b62a8'
    assert f">{words}<" in plots.histogram("h", "h", [0.5], words)


def lines_of(svg: str) -> int:
    """How many lines of two points or more are drawn: gaps begin a new one."""
    return len(re.findall(r"M [-\d.]+ [-\d.]+\s+L", svg))


def test_no_line_is_drawn_across_missing_sessions() -> None:
    def drawn(at: list[float], step: float = 1) -> int:
        return lines_of(plots.trajectory("k", "alt", [plots.Curve("c", at, [0.5] * len(at), step=step)]))

    whole = drawn([1, 2, 3, 4])
    assert drawn([1, 2, 5, 6]) == whole + 1
    assert drawn([1, 2, 9, 10, 20, 21]) == whole + 2
    assert drawn([1, 4, 7, 10], step=3) == whole


def test_every_change_is_marked_few_by_numbers_many_by_ticks() -> None:
    def drawn(changes: int) -> str:
        curve = plots.Curve("c", [1, 100], [0.5, 0.5])
        return plots.trajectory("k", "alt", [curve], marks=[2.0 * place for place in range(1, changes + 1)])

    few, many = drawn(plots.LINES), drawn(plots.LINES + 1)
    assert f">{plots.LINES}<" in few
    assert f">{plots.LINES + 1}<" not in many
    assert many.count("<use ") == drawn(0).count("<use ") + plots.LINES + 1
