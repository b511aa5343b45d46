"""The page in a real browser: planted scripts do not run, planted pictures are not fetched, a phone shows it whole."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.analysis.claims import declarations, evaluate
from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.report import collect, page, site
from sage_edge.analysis.report.sections import compose
from tests import browser, corpora
from tests.analysis.report import pages
from tests.analysis.report.contents import FEW, gathered
from tests.builders import transcript

pytestmark = pytest.mark.slow  # a browser takes seconds to start

FLEET = Path(__file__).parents[3] / "fleet"
ATTACKS = (
    "<script>document.title='owned';fetch('{url}/script')</script>",
    "<img src='{url}/picture' onerror=\"document.title='owned'\">",
    "</text></svg><svg onload=\"document.title='owned'\"><image href='{url}/svg'/></svg>",
    "<style>body{{background:url({url}/style)}}</style><link rel=stylesheet href='{url}/link'>",
    "<iframe src='{url}/frame'></iframe><meta http-equiv=refresh content='0;url={url}/gone'>",
    '" onmouseover="document.title=\'owned\'" x="',
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = "<script>document.title = document.documentElement.scrollWidth + ' of ' + window.innerWidth</script>"


def planted(url: str) -> str:
    return " ".join(attack.format(url=url) for attack in ATTACKS)


def test_the_attacks_work_where_nobody_guards(tmp_path: Path) -> None:
    with browser.listening() as server:
        bare = tmp_path / "bare.html"
        bare.write_text(f"<!doctype html><title>calm</title>{planted(f'http://127.0.0.1:{server.port}')}")
        seen = browser.opened(bare)
    assert seen.title == "owned" or "/gone" in server.asked
    assert {"/script", "/picture", "/style"} <= set(server.asked)


@pytest.mark.parametrize("guarded", [True, False], ids=["with its policy", "by escaping alone"])
def test_nothing_planted_runs_or_is_fetched(tmp_path: Path, guarded: bool) -> None:
    with browser.listening() as server:
        made = replace(pages.page(planted(f"http://127.0.0.1:{server.port}")), title="calm")
        text = page.html(made)
        assert POLICY.search(text)
        path = tmp_path / "report.html"
        path.write_text(text if guarded else POLICY.sub("", text))
        seen = browser.opened(path)
    assert seen.title == "calm"
    assert server.asked == []
    assert "&lt;script&gt;document.title='owned'" in seen.dom


def test_the_policy_holds_even_where_escaping_would_fail(tmp_path: Path) -> None:
    with browser.listening() as server:
        text = page.html(replace(pages.page("x"), title="calm"))
        attacks = " ".join(ATTACKS[:4]).format(url=f"http://127.0.0.1:{server.port}")
        path = tmp_path / "report.html"
        path.write_text(text.replace("</main>", f"{attacks}</main>"))
        seen = browser.opened(path)
    assert seen.title == "calm"
    assert server.asked == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(tmp_path: Path, width: int) -> None:
    content = gathered(tmp_path / "corpus", *corpora.sessions(12))
    text = POLICY.sub("", page.html(compose(content))).replace("</body>", f"{MEASURE}</body>")
    assert seen_in_a_frame(tmp_path, text, width) == f"{width} of {width}"


def seen_in_a_frame(folder: Path, text: str, width: int) -> str:
    """Open a page in a frame of this width, as narrow as no window can be, and return its title at the end."""
    (folder / "framed.html").write_text(text)
    frame = folder / "phone.html"
    tell = "document.title = document.querySelector('iframe').contentDocument.title"
    frame.write_text(
        f'<!doctype html><title>-</title><body style="margin:0"><iframe src="framed.html" width="{width}" height="900" '
        f'style="border:0"></iframe><script>window.onload = () => {{ {tell} }}</script>'
    )
    return browser.opened(frame, width=width, local_files=True).title


def test_sixty_sessions_are_printed_on_twelve_sheets_at_most(tmp_path: Path) -> None:
    for paper in corpora.sessions(60):
        corpora.write(tmp_path / "corpus", paper)
    with Corpus.open(Folder.at(tmp_path / "corpus")) as corpus:
        chosen = collect.subject(corpus)
        assert chosen is not None
        declared, _ = evaluate.about(declarations.load(FLEET), chosen.dialogues)
        composed = compose(collect.gather(corpus, chosen, evaluate.test(declared, chosen, chosen.dialogues)))
    path = tmp_path / "report.html"
    path.write_text(page.html(composed))
    assert 5 < browser.sheets(path) <= 12


@pytest.mark.parametrize("width", [390, 1280])
def test_every_kind_of_page_of_a_folder_fits_the_screen(tmp_path: Path, width: int) -> None:
    out = tmp_path / "out"
    corpora.write(tmp_path / "corpus", transcript(replies=["word " * 300, "x" * 900], unit="u" * 80))
    with Corpus.open(Folder.at(tmp_path / "corpus"), scorers=FEW) as corpus:
        content = collect.gather(corpus, collect.subject(corpus))
        site.write(out, compose(content), content, corpus)
    for path in (out / "sessions.html", *(out / "sessions").iterdir()):
        measured = POLICY.sub("", path.read_text()).replace("</body>", f"{MEASURE}</body>")
        assert seen_in_a_frame(tmp_path, measured, width) == f"{width} of {width}", path.name
