"""A workstation that is gone is noticed; one that looks on, and a file, are not taken for gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sage_edge.host import client_alive
from sage_edge.host.errors import Refusal


def test_a_pipe_tells_when_its_reader_is_gone() -> None:
    there, here = os.pipe()
    try:
        client_alive.require_client(here)
        os.close(there)
        with pytest.raises(Refusal, match="whoever asked for it is gone"):
            client_alive.require_client(here)
    finally:
        os.close(here)


def test_a_file_is_never_gone(tmp_path: Path) -> None:
    with (tmp_path / "answer").open("wb") as stream:
        client_alive.require_client(stream.fileno())
