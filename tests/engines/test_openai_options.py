"""What a host may declare of an endpoint, and which files a token is taken from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from sage_edge.engines import openai_options
from sage_edge.engines.errors import TokenUnusable
from sage_edge.engines.openai_options import OpenaiOptions
from tests.engines.served import TOKEN, write_token


@pytest.mark.parametrize(
    "url",
    ["https://thor:8443", "https://thor.example/models/", "http://127.0.0.1:8000", "http://[::1]", "http://localhost"],
)
def test_an_address_is_private(url: str) -> None:
    assert OpenaiOptions(url=url).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://thor:8000", "http is for this machine alone"),
        ("http://127.0.0.1.example", "http is for this machine alone"),
        ("http://localhost.example", "http is for this machine alone"),
        ("https://me:sesame@thor", "no login"),
        ("http://127.0.0.1@thor/", "no login"),
        ("https://thor/?key=1", "no login, no [?]"),
        ("https://thor:99999", "expected a host"),
        ("https://", "expected a host"),
        ("https://thor/v1", "without /v1"),
        ("https://thor/v1/", "without /v1"),
        ("ftp://thor", "expected https"),
        ("https://tho\x1br", "expected https"),
        ("https://th or", "expected https"),
        ("", "expected https"),
    ],
)
def test_an_address_that_would_show_a_token_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        OpenaiOptions(url=url)


def test_a_token_is_one_word_of_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = write_token(tmp_path / "token")
    assert openai_options.token(path) == TOKEN
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(TokenUnusable, match="others than its owner"):
            openai_options.token(path)


@pytest.mark.parametrize("text", ["", " \n", "two words", "a\nb", "sésame", "a\x07b", "s" * 5_000])
def test_what_is_no_token_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(TokenUnusable) as refused:
        openai_options.token(write_token(tmp_path / "token", text))
    assert refused.value.message.endswith("it holds something else than one word of ASCII")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, why in (
        (tmp_path / "none", "No such file"),
        (tmp_path / "pipe", "no plain file"),
        (tmp_path, "no plain file"),
    ):
        with pytest.raises(TokenUnusable, match=why):
            openai_options.token(path)
