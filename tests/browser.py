"""A real browser without a screen, for pages that must be harmless and readable: Debian's package chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
NARROWEST = 500
"""Pixels below which a window cannot be; a phone is a frame in a larger one."""


def program() -> str:
    """Return the browser's path, or skip the test where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip("no browser here: apt-get install chromium")


@dataclass
class Seen:
    """What a page was turned into: its title at the end, and its elements."""

    title: str
    dom: str


def opened(page: Path, *, width: int = 1280, local_files: bool = False) -> Seen:
    """Open a page in a fresh profile, let its scripts run for a second of its own time, and return what it became.

    local_files: a page may look into a frame that holds another file.
    """
    profile = page.parent / f"profile-{page.stem}"
    words = [program(), *QUIET, f"--user-data-dir={profile}", f"--window-size={max(width, NARROWEST)},900"]
    words += ["--allow-file-access-from-files"] if local_files else []
    words += ["--virtual-time-budget=1000", "--dump-dom", page.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    return Seen(unescape(found[1]) if found else "", done.stdout)


@dataclass
class Listener:
    """A server that counts who asks it for something."""

    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """Serve nothing on loopback, and note every request."""

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    listener = Listener(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sheets(page: Path) -> int:
    """Print a page to a PDF and return how many sheets of paper it takes."""
    profile, made = page.parent / f"profile-{page.stem}", page.with_suffix(".pdf")
    words = [program(), *QUIET, f"--user-data-dir={profile}", "--no-pdf-header-footer", f"--print-to-pdf={made}"]
    subprocess.run([*words, page.as_uri()], capture_output=True, check=True, timeout=120)
    return len(re.findall(rb"/Type\s*/Page\b", made.read_bytes()))
