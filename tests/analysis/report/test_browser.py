"""The page in a real browser: planted scripts do not run, planted pictures are not fetched, a phone shows it whole."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.analysis.report import page
from sage_edge.analysis.report.sections import compose
from tests import browser, corpora
from tests.analysis.report import pages
from tests.analysis.report.contents import gathered

pytestmark = pytest.mark.slow  # a browser takes seconds to start

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
    (tmp_path / "report.html").write_text(text)
    frame = tmp_path / "phone.html"
    tell = "document.title = document.querySelector('iframe').contentDocument.title"
    frame.write_text(
        f'<!doctype html><title>-</title><body style="margin:0"><iframe src="report.html" width="{width}" height="900" '
        f'style="border:0"></iframe><script>window.onload = () => {{ {tell} }}</script>'
    )
    seen = browser.opened(frame, width=width, local_files=True)
    assert seen.title == f"{width} of {width}"
