"""Under TLS the gateway answers whoever trusts its certificate's signer, and nobody else, and nothing in the clear."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from sage_edge.serve.listener import TlsFiles
from tests.engines.certificates import Signer
from tests.serve.behind import WHOLE_STREAM, Gate, standing, yes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def gate(folder: Path) -> Iterator[Gate]:
    signer = Signer(folder)
    signer.server()
    files = TlsFiles(folder / "server.pem", folder / "server.pem")
    with standing(yes, tls=files, trust=ssl.create_default_context(cafile=str(signer.file))) as gate:
        yield gate


def test_whole_answers_and_streams_come_over_tls(gate: Gate) -> None:
    assert gate.url.startswith("https:")
    assert gate.ask().json()["choices"][0]["message"]["content"] == "yes"
    assert gate.ask(stream=True).content == WHOLE_STREAM
    assert gate.client.get("/health").text == "ok\n"


def test_whoever_trusts_another_signer_says_nothing_to_it(gate: Gate, folder: Path) -> None:
    other = ssl.create_default_context(cafile=str(Signer(folder, "another").file))
    with httpx2.Client(base_url=gate.url, verify=other, trust_env=False) as client, pytest.raises(httpx2.ConnectError):
        client.get("/health")


def test_in_the_clear_nothing_is_answered(gate: Gate) -> None:
    url = gate.url.replace("https:", "http:")
    with httpx2.Client(base_url=url, trust_env=False) as client, pytest.raises(httpx2.HTTPError):
        client.get("/health")
    assert gate.client.get("/health").text == "ok\n"


def test_an_old_version_of_tls_is_refused(gate: Gate, folder: Path) -> None:
    old = ssl.create_default_context(cafile=str(folder / "signer of the test.pem"))
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with httpx2.Client(base_url=gate.url, verify=old, trust_env=False) as client, pytest.raises(httpx2.ConnectError):
        client.get("/health")
